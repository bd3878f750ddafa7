"""FlowEdit against its own formula written out, and the mask of where two readings differ."""

import pytest
import torch

from rushes.diffusion.flow_edit import EditVelocity, difference_mask
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import flow_sigmas
from rushes.diffusion.step_rule import EulerStep

CLEAN = torch.randn(1, 4, 3, 4, 6, generator=torch.Generator().manual_seed(0))
NOISES = torch.randn(2, 4, 3, 4, 6, generator=torch.Generator().manual_seed(1))
EVERYWHERE = torch.ones(1, 1, 3, 4, 6)


def source(latents, sigma):
    return latents.tanh() * (1 - sigma)


def target(latents, sigma):
    return (latents + 0.5).tanh() * (1 - sigma) - 0.2


def test_the_loop_walks_the_published_algorithm():
    sigmas, start = flow_sigmas(8, 3.0), 3
    edit = EditVelocity(source, target, CLEAN, NOISES, EVERYWHERE)
    *_, last = sample(edit, CLEAN, sigmas, EulerStep(), start)
    edited = CLEAN.clone()
    levels = sigmas.tolist()
    for level, following in zip(levels[start:], levels[start + 1 :], strict=False):
        steps = []
        for noise in NOISES:
            noised = (1 - level) * CLEAN + level * noise
            steps.append(target(edited + noised - CLEAN, level) - source(noised, level))
        edited = edited + (following - level) * torch.stack(steps).mean(0)
    torch.testing.assert_close(last.latents, edited, rtol=0, atol=1e-5)


def test_equal_readings_leave_the_clip_alone():
    edit = EditVelocity(source, source, CLEAN, NOISES, EVERYWHERE)
    *_, last = sample(edit, CLEAN, flow_sigmas(4, 3.0), EulerStep())
    torch.testing.assert_close(last.latents, CLEAN)


def test_where_the_mask_is_zero_nothing_moves():
    mask = EVERYWHERE.clone()
    mask[..., :3] = 0
    *_, last = sample(
        EditVelocity(source, target, CLEAN, NOISES, mask), CLEAN, flow_sigmas(4, 3.0), EulerStep()
    )
    assert torch.equal(last.latents[..., :3], CLEAN[..., :3])
    assert (last.latents[..., 3:] != CLEAN[..., 3:]).all()


@pytest.mark.parametrize("num_frames", [1, 2, 3, 5])
def test_the_mask_finds_the_cells_the_readings_differ_in(num_frames):
    clean, noises = torch.randn(1, 4, num_frames, 12, 12), torch.randn(3, 4, num_frames, 12, 12)

    def differing(latents, sigma):
        apart = source(latents, sigma)
        apart[..., 2:6, 2:6] += 1.0
        return apart

    mask = difference_mask(source, differing, clean, noises, 0.7)
    assert mask.shape == (1, 1, num_frames, 12, 12)
    assert (mask[..., 3:5, 3:5] == 1).all()
    assert (mask[..., 8:, 8:] == 0).all()
