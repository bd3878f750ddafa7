"""``rushes shoot --upscale``: the model's own network by default, recorded as a stage; Lanczos when asked."""

import json
from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.media.video import probe, read_frames
from rushes.models.bundle import UPSCALER, save_bundle
from rushes.models.upscaler import Upscaler, UpscalerConfig


def network():
    """Adds a light of its own to every picture, so that its work can be seen in the file."""
    torch.manual_seed(0)
    upscaler = Upscaler(UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1))
    upscaler.init_weights()
    torch.nn.init.constant_(upscaler.head.bias, 0.3)
    return upscaler


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    save_bundle(tiny_bundle(), folder / "plain")
    save_bundle(replace(tiny_bundle(), upscaler=network()), folder / "own")
    return folder


@pytest.fixture
def shoot(rushes, tmp_path, models):
    """Films with a model of ``models``: (exit code, stderr, recipe or None, mean level of the clip)."""

    def call(model, *arguments):
        order = ("shoot", "a red fox at night", "--model", models / model, "--seconds", "0.4", "--steps", 2)
        code, _, error = rushes(*order, "--seed", 5, "--output", "a.mp4", *arguments)
        if code:
            return code, error, None, None
        recipe = json.loads((tmp_path / "a.json").read_text("utf-8"))
        level = sum(picture.mean() for picture in read_frames(tmp_path / "a.mp4"))
        return 0, error, recipe, level / probe(tmp_path / "a.mp4").num_frames

    return call


def names(recipe):
    return [stage["name"] for stage in recipe["stages"]]


def test_the_models_own_network_is_the_default_and_a_stage_of_the_recipe(shoot, models):
    _, _, own, light = shoot("own", "--size", "640x360")
    _, _, plain, dark = shoot("own", "--size", "640x360", "--upscale", "lanczos")
    assert names(own) == [*names(plain)[:-1], "upscale", "finish"]
    [stage] = [each for each in own["stages"] if each["name"] == "upscale"]
    record = json.loads((models / "own" / "model.json").read_text("utf-8"))
    assert stage["settings"] == {"factor": 5, "weights": record["sha256"][UPSCALER]}
    assert own["stages"][2]["key"] == plain["stages"][2]["key"]  # nothing before it depends on it
    assert "upscale" in own["recorded"]["seconds"]
    assert "upscale" not in plain["recorded"]["seconds"]
    assert light > dark + 5


def test_what_is_not_made_larger_needs_no_network(shoot):
    _, _, recipe, _ = shoot("own", "--size", "256x144")
    assert "upscale" not in names(recipe)


def test_a_model_without_one_says_so_before_any_work(shoot):
    code, error, _, _ = shoot("plain", "--upscale", "own")
    assert code == 2
    assert "'tiny' has no upscaler of its own: use --upscale lanczos" in error
    assert names(shoot("plain", "--size", "256x144")[2])[-1] == "finish"
