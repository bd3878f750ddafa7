import weakref

import pytest
import torch

from rushes.diffusion.denoiser import ExpertSwitch, TextDenoiser, whole_timestep
from rushes.diffusion.guidance import Guided


class Constant:
    """A denoiser whose velocity is one number everywhere; counts its forwards."""

    def __init__(self, value):
        self.value = value
        self.calls = 0

    def __call__(self, latents, _sigma):
        self.calls += 1
        return torch.full_like(latents, self.value)


LATENTS = torch.zeros(2, 4, 3, 2, 2)


def test_guidance_extrapolates_from_uncond_towards_cond():
    assert (Guided(Constant(3.0), Constant(1.0), 4.0)(LATENTS, 0.5) == 9.0).all()
    assert (Guided(Constant(3.0), Constant(1.0), 0.0)(LATENTS, 0.5) == 1.0).all()


def test_guidance_of_one_is_a_single_forward():
    cond, uncond = Constant(3.0), Constant(1.0)
    assert (Guided(cond, uncond, 1.0)(LATENTS, 0.5) == 3.0).all()
    assert (cond.calls, uncond.calls) == (1, 0)


def test_experts_switch_at_the_boundary_and_the_boundary_is_high_noise():
    switch = ExpertSwitch((0.875, 0.0), lambda index: Constant(1.0 + index))
    assert [switch.index(sigma) for sigma in (1.0, 0.876, 0.875, 0.874, 0.01)] == [0, 0, 0, 1, 1]
    assert (switch(LATENTS, 0.9) == 1.0).all()
    assert (switch(LATENTS, 0.5) == 2.0).all()


@pytest.mark.parametrize("bounds", [(), (0.875,), (0.0, 0.875), (0.5, 0.5, 0.0)])
def test_experts_must_cover_all_noise_in_order(bounds):
    with pytest.raises(ValueError, match="decreasing"):
        ExpertSwitch(bounds, lambda _index: Constant(0.0))


def test_an_expert_is_made_once_when_its_range_begins_and_let_go_after():
    made = []

    def make(index):
        made.append(weakref.ref(expert := Constant(float(index))))
        return expert

    switch = ExpertSwitch((0.875, 0.0), make)
    for sigma in (1.0, 0.9, 0.875, 0.8, 0.1):
        switch(LATENTS, sigma)
    assert len(made) == 2
    assert made[0]() is None


def test_published_models_read_timesteps_cut_to_integers():
    """A rounded or exact timestep is another input; the integer also decides the expert (wan22 trap 6)."""
    seen = []

    def network(latents, timestep, _context):
        seen.extend(timestep.tolist())
        return latents

    TextDenoiser(network, torch.zeros(1, 1, 1), whole_timestep)(LATENTS, 0.98765)
    assert seen == [987.0, 987.0]
    switch = ExpertSwitch((0.875, 0.0), lambda _index: Constant(0.0))
    for thousandths in range(1, 1000):
        for sigma in (thousandths / 1000, thousandths / 1000 + 4e-4):
            assert (switch.index(sigma) == 0) == (whole_timestep(sigma) >= 875)


def test_text_denoiser_feeds_unrounded_timesteps_and_shares_the_context():
    seen = {}

    def network(latents, timestep, context):
        seen.update(timestep=timestep, context=context)
        return latents.double()

    context = torch.randn(1, 5, 7)
    velocity = TextDenoiser(network, context)(LATENTS, 0.98765)
    assert velocity.dtype == LATENTS.dtype
    torch.testing.assert_close(seen["timestep"], torch.full((2,), 987.65), rtol=0, atol=0)
    assert seen["context"].shape == (2, 5, 7)
    assert (seen["context"] == context).all()
