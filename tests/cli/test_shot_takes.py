"""Takes of a shot are made as ``rushes shoot`` makes clips: candidates, own upscaler, LoRAs, retakes."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from tests.tiny_model import tiny_bundle

from rushes.core.vocabulary import SLOTS
from rushes.evaluation import picking
from rushes.models.bundle import save_bundle
from rushes.models.judge import ReadOut, ReadOutConfig, save_judge
from rushes.models.upscaler import Upscaler, UpscalerConfig

FAST = ("--seconds", "0.4", "--steps", "1", "--size", "320x180", "--quiet")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model with an upscaler of its own, and a small judge."""
    torch.manual_seed(0)
    upscaler = Upscaler(UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1))
    upscaler.init_weights()
    folder = tmp_path_factory.mktemp("model")
    save_bundle(replace(tiny_bundle(), upscaler=upscaler), folder / "own")
    judge = ReadOut(ReadOutConfig(SLOTS, (72, 128), 4, widths=(16, 24, 32), hidden_size=32)).eval()
    save_judge(judge, folder / "chooser.safetensors")
    return folder


@pytest.fixture
def done(monkeypatch, rushes, model):
    """Runs a command that must go well: what it printed, as a document with --json."""
    monkeypatch.setattr(picking, "judge_file", lambda role: model / f"{role}.safetensors")

    def call(*arguments):
        code, out, err = rushes(*arguments)
        assert code == 0, err
        return json.loads(out) if "--json" in arguments else out

    call("project", "new", "FOX")
    call("shots", "SH0030", "--text", "a red fox runs through rain in a forest at dusk", "--project", "FOX")
    return call


def stage(take, name):
    [found] = [each for each in take["recipe"]["stages"] if each["name"] == name]
    return found


def test_the_best_candidate_is_enlarged_by_the_models_own_network_and_its_seed_held(done, model, tmp_path):
    made = done(
        "shoot", "--shot", "SH0030", "--project", "FOX", "--model", model / "own", "--candidates", 2,
        "--takes", 2, "--seed", 5, "--json", *FAST,
    )  # fmt: skip
    first, second = made["takes"]
    assert [take["request"]["seed"] for take in (first, second)] == [5, 7]
    names = [each["name"] for each in first["recipe"]["stages"]]
    assert names == ["enhance", "encode_text", "pick", "denoise", "decode", "upscale", "finish"]
    choice = first["recipe"]["recorded"]["candidates"]
    assert set(choice["scores"]) == {"5", "6"}

    alone = done(
        "shoot", first["request"]["prompt"], "--model", model / "own", "--candidates", 2, "--seed", 5,
        "--output", tmp_path / "a.mp4", "--json", *FAST,
    )["takes"][0]  # fmt: skip
    assert [each["key"] for each in alone["recipe"]["stages"]] == [
        each["key"] for each in first["recipe"]["stages"]
    ]
    assert (tmp_path / "a.png").read_bytes() == (
        tmp_path.__class__(first["video"]).with_suffix(".png").read_bytes()
    )

    done("review", first["code"], "--note", "snow, not rain")
    answer = done("retake", first["code"], "--yes", "--json")
    assert answer["takes"][0]["request"]["seed"] == choice["chosen_seed"]
    assert set(answer["changed"]) == {"enhance.prompt", "enhance.context_text", "encode_text.context_text"}


def test_a_lora_is_kept_with_the_take_and_found_without_the_file(done, model, tmp_path):
    generator = torch.Generator().manual_seed(0)
    factors = {"lora_A": (4, 24), "lora_B": (32, 4)}
    name = "diffusion_model.blocks.1.ffn.0.{}.weight"
    file = tmp_path / "style.safetensors"
    save_file(
        {name.format(each): torch.randn(size, generator=generator) for each, size in factors.items()}, file
    )
    made = done(
        "shoot", "--shot", "SH0030", "--project", "FOX", "--model", model / "own", "--lora", f"{file}:0.5",
        "--upscale", "lanczos", "--seed", 5, "--json", *FAST,
    )["takes"][0]  # fmt: skip
    assert [each["role"] for each in made["inputs"]] == ["lora 1"]
    assert made["request"]["settings"]["loras"] == [
        {"name": "style.safetensors", "strength": 0.5, "noise": None}
    ]
    assert stage(made, "denoise")["settings"]["weights"]["lora 1 x 0.5 on all"] == made["inputs"][0]["sha256"]
    file.unlink()
    assert "the same master" in done("reproduce", made["code"])
