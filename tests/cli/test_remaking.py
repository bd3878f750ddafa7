"""``rushes edit``, ``extend``, ``between``, first frames and sliders: what they make, record and refuse."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.tiny_model import steered_by, tiny_bundle

from rushes.cli.planned import Given, Wish, finishing, generating
from rushes.cli.remade import native_box
from rushes.cli.take_plan import plan_take, sketch_take
from rushes.core.errors import UsageError
from rushes.core.model_facts import MINI_CONVENTIONS, FirstFrame
from rushes.engine.facts import read_facts
from rushes.engine.given import Box
from rushes.media.picture import write_png
from rushes.media.video import probe, read_frames, video_writer
from rushes.models.bundle import save_bundle

SLIDERS = ("pan_x", "strength")


@pytest.fixture(scope="module")
def able(tmp_path_factory):
    """Folder of the tiny model with controls and a record that promises everything."""
    promises = replace(MINI_CONVENTIONS, any_tokens=True, first_frame=FirstFrame.TOKENS)
    folder = tmp_path_factory.mktemp("models") / "able"
    save_bundle(steered_by(replace(tiny_bundle(), conventions=promises), SLIDERS), folder)
    return folder


@pytest.fixture
def clip(tmp_path):
    """A clip of 9 frames at 12 fps, held for 24, with a recipe that says what it shows."""
    path = tmp_path / "clip.mp4"
    with video_writer(path, 256, 144, Fraction(24)) as writer:
        for index in range(9):
            picture = np.full((144, 256, 3), 60, np.uint8)
            picture[40:100, 20 + 10 * index : 80 + 10 * index] = (200, 40, 30)
            writer.write(picture, 2)
    stages = [{"name": "enhance", "settings": {"prompt": "a red fox runs over a meadow in the rain"}}]
    path.with_suffix(".json").write_text(json.dumps({"stages": stages}))
    return path


def denoise_settings(path):
    stages = {each["name"]: each["settings"] for each in json.loads(path.read_text("utf-8"))["stages"]}
    return stages["enhance"], stages["denoise"]


def test_an_edit_keeps_the_length_and_records_both_descriptions(rushes, clip, able):
    code, out, error = rushes("edit", clip, "--to", "snow", "--model", able, "--seed", 3)
    assert code == 0, error
    assert "rain" in out.splitlines()[0]
    made = clip.with_name("clip_edited.mp4")
    assert probe(made).num_frames == 18
    enhance, denoise = denoise_settings(made.with_suffix(".json"))
    assert "snow" in enhance["prompt"]
    assert "rain" not in enhance["prompt"]
    assert "rain" in denoise["edit"]["source_text"]
    assert denoise["step_rule"] == "euler"


def test_a_model_of_today_edits_without_further_training(rushes, clip, tiny_model):
    code, _, error = rushes(
        "edit", clip, "--to", "snow", "--model", tiny_model, "--no-mask", "--output", "x.mp4"
    )
    assert code == 0, error


def test_a_box_is_painted_anew_and_the_rest_stays(rushes, clip, able):
    box = ("--box", "0,0,64,48")
    code, _, error = rushes(
        "edit", clip, "--to", "snow", *box, "--model", able, "--output", "x.mp4", "--seed", 1
    )
    assert code == 0, error
    before, after = (np.stack(list(read_frames(path))) for path in (clip, clip.with_name("x.mp4")))
    inside = (after.shape[1] * 48 // 144, after.shape[2] * 64 // 256)
    small = after[:, :: after.shape[1] // 144, :: after.shape[2] // 256][:, :144, :256].astype(int)
    assert np.abs(small[:, 80:, 100:] - before[:, 80:, 100:]).mean() < 4
    assert np.abs(small[:, 4:40, 4:56] - before[:, 4:40, 4:56]).mean() > 10
    assert inside[0] > 48


def test_a_clip_goes_on_over_several_windows(rushes, clip, able):
    code, out, error = rushes(
        "extend", clip, "--seconds", "3", "--model", able, "--seed", 3, "--output", "x.mp4"
    )
    assert code == 0, error
    assert sum(line.startswith("seam") for line in out.splitlines()) == 2
    made = clip.with_name("x.mp4")
    assert probe(made).num_frames == 2 * (9 + 36)
    frames, before = list(read_frames(made)), list(read_frames(clip))
    assert frames[0].shape == (720, 1280, 3)
    assert abs(float(frames[2].mean()) - float(before[2].mean())) < 2
    assert denoise_settings(made.with_suffix(".json"))[1]["num_frames"] == 45


def test_a_clip_joins_two_pictures(rushes, tmp_path, able, clip):
    write_png(tmp_path / "first.png", np.full((90, 160, 3), 200, np.uint8))
    code, _, error = rushes(
        "between", tmp_path / "first.png", clip, "--prompt", "a red fox runs", "--seconds", "0.7",
        "--model", able, "--seed", 1, "--json",
    )  # fmt: skip
    assert code == 0, error
    assert probe(tmp_path / "first_between.mp4").num_frames == 12


@pytest.mark.parametrize("verb", ["extend", "between", "edit"])
def test_a_model_without_the_training_refuses(rushes, clip, tiny_model, verb):
    arguments = {
        "extend": (clip, "--seconds", 1),
        "between": (clip, clip, "--prompt", "a fox"),
        "edit": (clip, "--to", "snow", "--box", "0,0,64,48"),
    }[verb]
    code, _, error = rushes(verb, *arguments, "--model", tiny_model)
    assert code == 2
    assert "was not trained to go on" in error


def test_a_first_frame_fills_what_is_delivered(rushes, tmp_path, able, tiny_model):
    write_png(tmp_path / "first.png", np.full((90, 160, 3), 200, np.uint8))
    film = ("shoot", "a red fox", "--seconds", "0.4", "--first-frame", tmp_path / "first.png", "--seed", 1)
    code, _, error = rushes(*film, "--model", able)
    assert code == 0, error
    assert rushes(*film, "--model", tiny_model)[0] == 2


def test_sliders_steer_and_are_recorded(rushes, tmp_path, able, tiny_model):
    film = ("shoot", "a red fox", "--seconds", "0.4", "--size", "256x144", "--steps", "2", "--seed", 1)
    code, _, error = rushes(*film, "--model", able, "--slider", "strength=0.8", "--output", "a.mp4")
    assert code == 0, error
    at_rest = {"pan_x": 0.0}
    assert denoise_settings(tmp_path / "a.json")[1]["sliders"] == {**at_rest, "strength": 0.8}
    assert rushes(*film, "--model", able, "--output", "b.mp4")[0] == 0
    pictures = [np.stack(list(read_frames(tmp_path / name))) for name in ("a.mp4", "b.mp4")]
    assert (pictures[0] != pictures[1]).any()
    for wrong, message in [("strength=2", "out of range"), ("speed=1", "choose pan_x"), ("x", "NAME=VALUE")]:
        code, _, error = rushes(*film, "--model", able, "--slider", wrong)
        assert (code, message in error) == (2, True), error
    code, _, error = rushes(*film, "--model", tiny_model, "--slider", "strength=1")
    assert code == 2
    assert "has no sliders" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("edit", "clip.mp4", "--to", "rain"), "already"),
        (("edit", "missing.mp4", "--to", "snow"), "no file"),
        (("edit", "clip.json", "--to", "snow"), "no clip"),
        (("edit", "clip.mp4", "--to", "snow", "--box", "1,2,3"), "is not x,y,w,h"),
        (("edit", "clip.mp4", "--to", "snow", "--box", "200,0,100,10"), "does not lie inside"),
        (("edit", "clip.mp4", "--to", "snow", "--output", "clip.mp4"), "is the clip itself"),
        (("extend", "clip.mp4", "--seconds", "40"), "30 s in all"),
        (("extend", "clip.mp4", "--seconds", "0"), "more than 0"),
    ],
)
def test_what_cannot_be_made_is_said(rushes, clip, able, arguments, message):
    code, _, error = rushes(*arguments, "--model", able)
    assert code == 2
    assert message in error


def test_a_clip_without_a_recipe_needs_words(rushes, clip, able):
    clip.with_suffix(".json").unlink()
    code, _, error = rushes("edit", clip, "--to", "snow", "--model", able)
    assert code == 2
    assert "--from" in error


def test_a_box_of_the_file_is_found_in_the_models_picture(tiny_model):
    facts = read_facts(tiny_model)
    assert native_box("0,0,1280,720", (1280, 720), facts) == Box(0, 8, 256, 144)
    assert native_box("640,360,320,180", (1280, 720), facts) == Box(128, 80, 64, 36)
    # a square file sticks out above and below
    assert native_box("0,0,100,100", (100, 100), facts) == Box(0, 8, 256, 144)
    with pytest.raises(UsageError, match="smaller one"):
        native_box("0,0,0,10", (100, 100), facts)


WORDS = "a red fox runs over a meadow in the snow"
HOW = {"was": "a fox in rain", "box": None, "strength": 0.7, "mask": True}
REMADE = [
    {"edit": HOW},
    {"edit": {**HOW, "box": "0,0,64,48"}},
    {"extend": {"seconds": "2"}},
    {"between": {"first_is_clip": True, "last_is_clip": True}, "seconds": "1"},
]


def asked_of(settings, clip, model):
    given = Given(ends=(clip, clip)) if "between" in settings else Given(clip=clip)
    return Wish(WORDS, 1, str(model), settings), given


@pytest.mark.parametrize("settings", REMADE, ids=["edit", "box", "extend", "between"])
def test_an_estimate_knows_the_work_without_looking_at_the_footage(settings, clip, able):
    sketch, whole = (make(*asked_of(settings, clip, able)) for make in (sketch_take, plan_take))
    assert generating(sketch.request) == generating(whole.request) > 0
    assert finishing(sketch) == finishing(whole) > 0
    assert sketch.given is None


def test_an_estimate_refuses_a_box_outside_of_the_clip(clip, able):
    wish, given = asked_of({"edit": {**HOW, "box": "250,0,64,48"}}, clip, able)
    with pytest.raises(UsageError, match="does not lie inside"):
        sketch_take(wish, given)
