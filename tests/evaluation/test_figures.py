"""The arithmetic of a report, on made-up measures whose figures are known."""

from dataclasses import replace

import numpy as np
import pytest

from rushes.core.vocabulary import SLOTS
from rushes.evaluation.figures import EVERYTHING, TOGETHER, Evidence, answers, figures
from rushes.evaluation.gates import gates
from rushes.evaluation.measures import Measures
from rushes.evaluation.motion import CameraMotion
from rushes.evaluation.protocol import load_cases

STILL = CameraMotion(0, 0, 0, 0, 0, 0)
MOVING = {
    "static": STILL,
    "pan_left": replace(STILL, right=40.0),
    "pan_right": replace(STILL, right=-40.0),
    "tilt_up": replace(STILL, down=40.0),
    "tilt_down": replace(STILL, down=-40.0),
    "push_in": replace(STILL, zoom=0.2),
    "pull_out": replace(STILL, zoom=-0.2),
    "track": replace(STILL, ground_right=-40.0),
    "orbit": replace(STILL, right=40.0),
    "handheld": replace(STILL, unevenness=0.5),
}
RANDOM = np.random.default_rng(0)


def measures(shown, agreement=0.0, shift=0.0, **changes):
    features = tuple(RANDOM.normal(shift, 1, 8).tolist())
    return replace(Measures(shown, agreement, features, MOVING[shown["camera"]], 1.0), **changes)


def evidence(case, wrong=()):
    """Perfect clips but for the ``wrong`` languages, which show another action; the best is perfect."""
    other = next(value for value in SLOTS["action"] if value != case.attributes["action"])
    spoilt = {**case.attributes, "action": other}
    single = {
        language: measures(spoilt if language in wrong else case.attributes, shift=0.4)
        for language in case.prompts
    }
    candidates = (measures(spoilt, -5.0), measures(case.attributes, -1.0), measures(spoilt, -3.0))
    rendered = measures(case.attributes, jerkiness=2.0)
    shuffled = measures(spoilt, shift=2.0, jerkiness=9.0)
    return Evidence(case, single, candidates, rendered, replace(rendered, psnr=30.0), shuffled, None)


@pytest.fixture(scope="module")
def made():
    return figures([evidence(case, wrong=("ko",)) for case in load_cases()[:40]], SLOTS)


def test_only_what_both_know_and_what_is_to_be_seen_is_counted():
    asked = load_cases()[0].attributes
    assert all(answers(measures(asked), asked, SLOTS).values())
    assert {TOGETHER, EVERYTHING} <= set(answers(measures(asked), asked, SLOTS))
    older = {**SLOTS, "subject": ("dragon",)}
    assert not {"subject", TOGETHER, EVERYTHING} & set(answers(measures(asked), asked, older))
    wrong = answers(measures({**asked, "color": "none"}), asked, SLOTS)
    assert (wrong["color"], wrong[TOGETHER], wrong[EVERYTHING]) == (False, True, False)
    spinning = {**asked, "action": "spin"}
    assert "direction" not in answers(measures(spinning), spinning, SLOTS)


def test_shares_of_known_mistakes(made):
    shares = made.shares
    assert shares["single"]["action"].value == shares["single"][TOGETHER].value == 0.75
    assert shares["single"]["action"].count == 32  # scenes, not clips; every fifth is held out
    assert shares["single"]["subject"].value == 1
    assert shares["best"][TOGETHER].value == 1
    assert shares["rendered"][TOGETHER].value == 1
    assert shares["random"]["subject"] is None
    assert shares["shuffled"][TOGETHER].value < 0.1
    assert shares["commonest"]["style"].value < 0.6


def test_differences_of_known_size(made):
    assert made.composition_gap.value == pytest.approx(0)
    assert made.language_spread.value == pytest.approx(1 / 7)
    assert made.gain_of_best.value == pytest.approx(1 / 7)
    assert made.jerk_ratio["generated"].value == pytest.approx(0.5)
    assert made.jerk_ratio["shuffled frames"].value == pytest.approx(4.5)
    assert made.codec_psnr == 30


def test_renders_are_nearest_and_shuffled_frames_farthest(made):
    distances = made.distances
    assert distances["rendered"] < distances["generated"] < distances["shuffled frames"]


def test_the_camera_is_told_by_flow_whatever_the_network_reads():
    asked = {**load_cases()[0].attributes, "camera": "pan_right"}
    still = measures(asked, camera=STILL)
    assert not answers(still, asked, SLOTS)["camera"]
    panned = measures({**asked, "camera": "static"}, camera=MOVING["pan_right"])
    assert answers(panned, asked, SLOTS)["camera"]
    assert "camera" not in answers(panned, asked, {**SLOTS, "camera": ("static",)})


def test_pans_are_held_against_the_other_way():
    pans = [evidence(case) for case in load_cases() if case.attributes["camera"].startswith("pan")]
    assert figures(pans, SLOTS).wrong_pan.value == 0
    other = {"pan_left": "pan_right", "pan_right": "pan_left"}
    turned = [
        replace(each, rendered=replace(each.rendered, camera=MOVING[other[each.case.attributes["camera"]]]))
        for each in pans
    ]
    assert figures(turned, SLOTS).wrong_pan.value == 1


def test_gates_tell_pass_from_fail(made):
    by_name = {gate.name: gate for gate in gates(made)}
    assert by_name["single subject"].passed
    assert by_name["best together"].passed
    assert not by_name["jerk ratio"].passed
    assert not by_name["language spread"].passed
    assert by_name["codec dB"].passed
    assert by_name["kernel distance below shuffled"].passed
    assert by_name["single together"].bounds == ">= 0.35 (GPU: 0.55)"
    assert by_name["jerk ratio"].bounds == "0.6 to 1.5"
