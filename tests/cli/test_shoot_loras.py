"""``rushes shoot`` with LoRAs and presets: what is recorded, said, repeated and refused."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from tests.tiny_model import tiny_bundle

from rushes.models.bundle import save_bundle

FAST = ("--seconds", "0.4", "--steps", "2", "--size", "256x144", "--seed", "5")


@pytest.fixture
def shoot(rushes):
    """Runs ``rushes shoot`` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: rushes("shoot", "a red fox at night", *arguments)


@pytest.fixture(scope="module")
def loras(tmp_path_factory):
    """Files of three LoRAs for the tiny model, and one for another model."""
    folder, generator = tmp_path_factory.mktemp("loras"), torch.Generator().manual_seed(0)
    for name, inside in (("style", 24), ("high_noise_model", 24), ("low_noise_model", 24), ("other", 48)):
        factors = {"lora_A": (4, inside), "lora_B": (32, 4)}
        save_file(
            {
                f"diffusion_model.blocks.1.ffn.0.{factor}.weight": torch.randn(size, generator=generator)
                for factor, size in factors.items()
            },
            folder / f"{name}.safetensors",
        )
    return folder


@pytest.fixture(scope="module")
def a14b(tmp_path_factory):
    """The tiny model under the name of the published one."""
    folder = tmp_path_factory.mktemp("models") / "a14b"
    save_bundle(replace(tiny_bundle(), name="wan2.2-t2v-a14b"), folder)
    return folder


def denoise_stage(path):
    [stage] = [each for each in json.loads(path.read_text("utf-8"))["stages"] if each["name"] == "denoise"]
    return stage


def test_a_lora_changes_the_take_and_its_key_and_repeats(shoot, tiny_model, loras, tmp_path):
    order = ("--model", tiny_model, *FAST)
    style = loras / "style.safetensors"
    assert shoot(*order, "--output", "plain.mp4")[0] == 0
    code, out, _ = shoot(*order, "--output", "a.mp4", "--lora", f"{style}:0.5")
    assert code == 0
    assert "lora      style.safetensors x 0.5, all" in out
    for name, added in (
        ("b", ("--lora", f"{style}:0.5")),
        ("c", ("--lora", style)),
        ("d", ("--lora-low", style)),
    ):
        assert shoot(*order, "--output", f"{name}.mp4", *added)[0] == 0
    clips = {name: (tmp_path / f"{name}.mp4").read_bytes() for name in ("plain", "a", "b", "c", "d")}
    assert clips["a"] == clips["b"]
    assert len(set(clips.values())) == 4
    stages = {name: denoise_stage(tmp_path / f"{name}.json") for name in clips}
    assert stages["a"] == stages["b"]
    assert len({stage["key"] for stage in stages.values()}) == 4
    weights = stages["a"]["settings"]["weights"]
    assert len(weights["lora 1 x 0.5 on all"]) == 64


def test_a_file_named_after_an_expert_is_said_to_go_there(shoot, tiny_model, loras):
    code, out, _ = shoot("--model", tiny_model, *FAST, "--lora", loras / "high_noise_model.safetensors")
    assert code == 0
    assert (
        "note      high_noise_model.safetensors goes to the high-noise expert alone, as its name says" in out
    )


def test_lightning_films_in_four_steps_with_its_pair(shoot, a14b, loras, tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    high, low = (loras / f"{side}_noise_model.safetensors" for side in ("high", "low"))
    order = ("--model", a14b, "--preset", "lightning", "--seconds", "0.4", "--size", "256x144", "--seed", "5")
    code, _, err = shoot(*order, "--output", "a.mp4")
    assert code == 2
    assert "needs its pair of LoRAs: rushes models pull wan2.2-t2v-a14b-lightning fetches it" in err
    assert shoot(*order, "--output", "a.mp4", "--lora-high", high, "--lora-low", low)[0] == 0
    home = tmp_path / "home" / "models" / "wan2.2-t2v-a14b-lightning"
    home.mkdir(parents=True)
    for path in loras.glob("*_noise_model.safetensors"):
        (home / path.name).write_bytes(path.read_bytes())
    assert shoot(*order, "--output", "b.mp4")[0] == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    settings = denoise_stage(tmp_path / "b.json")["settings"]
    assert settings["sigmas"] == [1.0, 0.9375, 5 / 6, 0.625, 0.0]
    told = ("step_rule", "guidance_high", "guidance_low")
    assert [settings[name] for name in told] == ["euler", 1.0, 1.0]
    assert [name for name in settings["weights"] if "lora" in name] == [
        "lora 1 x 1.0 on high", "lora 2 x 1.0 on low",
    ]  # fmt: skip
    assert settings == denoise_stage(tmp_path / "a.json")["settings"]


MISTAKES = {
    "no file": (("--lora", "none.safetensors"), 2, "LoRA 'none.safetensors' is no file: give FILE or"),
    "strength": (("--lora-low", "style.safetensors:80"), 2, "strength 80 of style.safetensors cannot work"),
    "preset": (("--preset", "fast"), 2, "preset 'fast' is unknown: choose lightning"),
    "another model's preset": (("--preset", "lightning"), 2, "was made for wan2.2-t2v-a14b and"),
    "another model's LoRA": (("--lora", "other.safetensors"), 1, "it was made for another model"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence_and_writes_nothing(shoot, tiny_model, loras, tmp_path, case):
    arguments, expected, sentence = MISTAKES[case]
    placed = [loras / each if (loras / each).exists() else each for each in arguments]
    code, _, err = shoot("--model", tiny_model, *placed)
    assert (code, err.count("\n")) == (expected, 1)
    assert sentence in err
    assert not list(tmp_path.iterdir())


def test_devices_share_an_adapted_model(shoot, tiny_model, loras, tmp_path):
    order = ("--model", tiny_model, *FAST, "--lora", loras / "style.safetensors")
    assert shoot(*order, "--output", "one.mp4")[0] == 0
    assert shoot(*order, "--output", "two.mp4", "--devices", "2")[0] == 0
    one, two = (denoise_stage(tmp_path / f"{name}.json") for name in ("one", "two"))
    assert one["settings"] == two["settings"]
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
