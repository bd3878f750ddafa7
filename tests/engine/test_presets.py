"""Presets: the sampling of a distilled model, its pair of LoRAs, and who may use it."""

from dataclasses import replace
from pathlib import Path

import pytest

from rushes.core.errors import UsageError
from rushes.core.lora_use import LoraUse, Noise
from rushes.core.model_facts import ModelFacts
from rushes.core.shapes import Compression
from rushes.diffusion.denoiser import whole_timestep
from rushes.diffusion.schedule import flow_sigmas
from rushes.engine.presets import PRESETS, find_preset
from rushes.hub.published import PULLABLE
from rushes.models.published import PUBLISHED

LIGHTNING = find_preset("lightning")


def facts(name):
    model = PUBLISHED[name]
    return ModelFacts(name, model.defaults, model.conventions, Compression(4, 8, 8))


@pytest.mark.parametrize("name", LIGHTNING.loras)
def test_lightning_walks_the_levels_it_was_distilled_for(name):
    sampling = LIGHTNING.drive(facts(name), None).defaults.sampling
    assert (sampling.steps, sampling.step_rule) == (4, "euler")
    assert (sampling.guidance_high, sampling.guidance_low) == (1, 1)
    # four steps at shift 5; the published list has four digits
    assert sampling.sigmas == pytest.approx(flow_sigmas(4, 5.0).tolist(), abs=1e-15)
    assert sampling.sigmas == pytest.approx((1, 0.9375, 0.8333, 0.625, 0), abs=1e-4)
    boundary = PUBLISHED[name].expert_bounds[0]
    steps = [whole_timestep(sigma) >= 1000 * boundary for sigma in sampling.sigmas[:-1]]
    assert steps == [True, True, False, False]


def test_every_pair_can_be_pulled_under_its_name():
    for preset in PRESETS.values():
        assert set(preset.loras) <= set(PUBLISHED)
        assert {PULLABLE[name].kind for name in preset.loras.values()} == {"lora"}


def test_other_models_and_steps_are_refused():
    other = replace(facts("wan2.1-t2v-14b"), name="mini")
    with pytest.raises(UsageError, match=r"was made for .* and wan2.2-i2v-a14b, not for 'mini'"):
        LIGHTNING.drive(other, None)
    with pytest.raises(UsageError, match="takes 4 steps, not 8: leave out --steps"):
        LIGHTNING.drive(facts("wan2.2-t2v-a14b"), 8)
    with pytest.raises(UsageError, match="'fast' is unknown: choose lightning"):
        find_preset("fast")


def test_the_pair_is_the_pulled_one_or_the_one_given(tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    model, style = facts("wan2.2-t2v-a14b"), LoraUse(Path("style.safetensors"), 0.5)
    high = LoraUse(Path("h.safetensors"), noise=Noise.HIGH)
    low = LoraUse(Path("l.safetensors"), noise=Noise.LOW)
    for given in ((), (style,), (high,)):
        with pytest.raises(
            UsageError, match=r"rushes models pull wan2\.2-t2v-a14b-lightning fetches it, or give"
        ):
            LIGHTNING.add_pair(model, given)
    assert LIGHTNING.add_pair(model, (style, low, high)) == (style, low, high)
    folder = tmp_path / "models" / "wan2.2-t2v-a14b-lightning"
    folder.mkdir(parents=True)
    pair = (
        LoraUse(folder / "high_noise_model.safetensors", noise=Noise.HIGH),
        LoraUse(folder / "low_noise_model.safetensors", noise=Noise.LOW),
    )
    assert LIGHTNING.add_pair(model, (style,)) == (*pair, style)
