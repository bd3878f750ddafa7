"""From an order with gaps to a request, knowing only the model's record."""

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from rushes.core.errors import UsageError, WeightsError
from rushes.core.model_facts import FirstFrame
from rushes.core.shapes import CODEC_COMPRESSION
from rushes.core.vocabulary import MOMENT
from rushes.engine.facts import read_facts
from rushes.engine.plan import Order, plan
from rushes.engine.provenance import engine_stages
from rushes.models.bundle import load_bundle
from rushes.models.codecs import build_codec
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

ORDER = Order("a fox", "a red fox", seed=7)


@pytest.fixture(scope="module")
def facts(tiny_model):
    return read_facts(tiny_model)


def test_facts_without_weights_are_those_of_the_loaded_model(facts, tiny_model):
    assert facts == load_bundle(tiny_model, torch.float32, "cpu").facts


@pytest.mark.parametrize(
    "config", [MiniCodecConfig(4, (8, 8, 8), (8, 8, 8)), WanVAE21Config(), WanVAE22Config()]
)
def test_the_table_of_codecs_says_what_the_codecs_say(config):
    with torch.device("meta"):
        assert build_codec(config).compression == CODEC_COMPRESSION[config.kind]


def test_facts_need_no_torch(tiny_model):
    code = (
        "import sys\nfrom pathlib import Path\nfrom rushes.engine.facts import read_facts\n"
        "read_facts(Path(sys.argv[1]))\nprint('torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tiny_model)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("defaults"),
        lambda record: record["defaults"].update(width="wide"),
        lambda record: record["codec"].update(kind="jpeg"),
        lambda record: record.update(conventions={"first_frame": "sometimes"}),
    ],
)
def test_a_record_that_says_nonsense_is_named(tiny_model, tmp_path, change):
    record = json.loads((tiny_model / "model.json").read_text())
    change(record)
    (tmp_path / "model.json").write_text(json.dumps(record))
    with pytest.raises(WeightsError, match=r"model\.json does not describe a model"):
        read_facts(tmp_path)


def test_a_record_that_is_no_json_is_named(tmp_path):
    (tmp_path / "model.json").write_text("[")
    with pytest.raises(WeightsError, match=r"model\.json does not describe a model"):
        read_facts(tmp_path)


def test_gaps_are_filled_and_wishes_kept(facts):
    negative = replace(facts, defaults=replace(facts.defaults, negative_prompt="blur"))
    assert plan(negative, ORDER)[0].negative_prompt == "blur"
    assert plan(negative, replace(ORDER, negative_prompt="rain"))[0].negative_prompt == "rain"
    assert plan(negative, replace(ORDER, negative_prompt=""))[0].negative_prompt == ""
    request, _ = plan(facts, replace(ORDER, size=(64, 32)))
    assert (request.width, request.height) == (64, 32)


@pytest.mark.parametrize(("asked", "made"), [(1, 1), (2, 5), (5, 5), (6, 9), (8, 9), (34, 37), (37, 37)])
def test_any_number_of_frames_is_made_and_the_rest_cut_off(facts, asked, made):
    """Trap 11: only 4n+1 frames can be made."""
    request, duration = plan(facts, replace(ORDER, num_frames=asked))
    assert (request.num_frames, request.trim) == (made, made - asked)
    assert duration.seconds == Fraction(asked, 12)
    if asked != made:
        assert f"{asked} frames asked -> {made} made, the last {made - asked} cut off" in duration.describe()


@pytest.mark.parametrize("asked", [0, -3, 38, 1000])
def test_impossible_numbers_of_frames_are_named(facts, asked):
    with pytest.raises(UsageError, match=f"{asked} frames cannot be made: ask for 1 to 37"):
        plan(facts, replace(ORDER, num_frames=asked))


def test_a_length_is_asked_once(facts):
    with pytest.raises(UsageError, match="leave one of them out"):
        plan(facts, replace(ORDER, num_frames=9, seconds=Fraction(1)))


def driven(facts, first_frame):
    return replace(facts, conventions=replace(facts.conventions, first_frame=first_frame))


def test_a_first_frame_goes_to_models_that_can(facts):
    pictured = replace(ORDER, first_frame="a" * 64)
    with pytest.raises(UsageError, match="'tiny' cannot start from a picture"):
        plan(facts, pictured)
    with pytest.raises(UsageError, match="'tiny' starts from a picture: give a first frame"):
        plan(driven(facts, FirstFrame.CHANNELS), ORDER)
    assert plan(driven(facts, FirstFrame.TOKENS), ORDER)[0].first_frame == ""
    for way in (FirstFrame.CHANNELS, FirstFrame.TOKENS):
        assert plan(driven(facts, way), pictured)[0].first_frame == "a" * 64


def denoise_settings(bundle, request):
    return next(stage.settings for stage in engine_stages(bundle, request) if stage.name == "denoise")


def test_all_that_decides_the_latents_stands_in_the_recipe(tiny_model, facts):
    bundle = load_bundle(tiny_model, torch.float32, "cpu")
    request, _ = plan(facts, ORDER)
    settings = denoise_settings(bundle, request)
    assert (settings["schedule"], settings["step_rule"], settings["whole_timesteps"]) == (
        "flow",
        "euler",
        False,
    )
    changes = [
        {"schedule": "official"},
        {"step_rule": "unipc"},
        {"shift": 4.0},
        {"steps": 5},
        {"guidance_high": 2.0},
        {"guidance_low": 2.0},
        {"sigmas": (1.0, 0.9, 0.5, 0.2, 0.0)},
    ]
    seen = [settings]
    for change in changes:
        other = replace(request, sampling=replace(request.sampling, **change))
        assert denoise_settings(bundle, other) not in seen
        seen.append(denoise_settings(bundle, other))
    explicit = replace(request.sampling, sigmas=(1.0, 0.9, 0.5, 0.2, 0.0))
    one, two = (replace(request, sampling=replace(explicit, shift=shift)) for shift in (1.0, 9.0))
    assert denoise_settings(bundle, one) == denoise_settings(bundle, two)
    assert denoise_settings(bundle, replace(request, first_frame="a"))["first_frame"] == "a"


@pytest.fixture(scope="module")
def steered_facts(facts):
    """A model with numbers, that makes a still first."""
    sampling = replace(facts.defaults.sampling, still_shift=3.0)
    conventions = replace(facts.conventions, sliders=("pan_x", "track", "strength", MOMENT))
    return replace(facts, defaults=replace(facts.defaults, sampling=sampling), conventions=conventions)


@pytest.mark.parametrize(
    ("told", "asked", "still_shift"),
    [
        ({}, (), 0.0),
        ({"strength": 0.6, "pan_x": 0.0}, (), 0.0),
        ({"pan_x": -1.0}, (), 3.0),
        ({}, (("track", 0.2),), 3.0),
        ({"pan_x": -1.0}, (("pan_x", 0.0),), 0.0),
    ],
)
def test_a_still_comes_first_where_the_camera_moves(steered_facts, told, asked, still_shift):
    request, _ = plan(steered_facts, replace(ORDER, told=told, sliders=asked))
    assert request.sampling.still_shift == still_shift


def test_a_clip_has_no_moment(steered_facts):
    with pytest.raises(UsageError, match=r"moment.*leave it out"):
        plan(steered_facts, replace(ORDER, sliders=((MOMENT, 0.5),)))
