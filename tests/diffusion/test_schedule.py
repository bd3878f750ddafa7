"""The grids of noise levels: closed forms, the published timesteps, diffusers' own grid, traps 3 and 6."""

import numpy as np
import pytest
import torch

from rushes.core.request import SCHEDULES as NAMES
from rushes.diffusion.denoiser import whole_timestep
from rushes.diffusion.schedule import (
    SCHEDULES,
    diffusers_sigmas,
    explicit_sigmas,
    flow_sigmas,
    official_sigmas,
)

# Wan2.2-T2V-A14B, 40 steps at shift 12: what the official code feeds its two experts, switched at 875.
A14B_TIMESTEPS = [
    999, 997, 995, 993, 990, 988, 985, 982, 979, 976, 972, 969, 965, 961, 956, 952, 947, 941, 936, 929, 922,
    915, 907, 898, 888, 877, 865, 852, 837, 819, 799, 776, 749, 717, 678, 631, 571, 492, 386, 235,
]  # fmt: skip


def timesteps(sigmas):
    return [whole_timestep(sigma) for sigma in sigmas[:-1].tolist()]


def test_the_names_a_request_may_use_are_the_schedules_there_are():
    assert tuple(SCHEDULES) == NAMES


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("shift", [1.0, 3.0, 12.0])
def test_every_grid_falls_to_clean(name, shift):
    sigmas = SCHEDULES[name](20, shift)
    assert sigmas.shape == (21,)
    assert sigmas.dtype == torch.float64
    assert 0.99 < sigmas[0] <= 1
    assert sigmas[-1] == 0
    assert (sigmas.diff() < 0).all()


def test_shift_follows_the_closed_form():
    expected = explicit_sigmas([1.0, 5 * 0.75 / (1 + 4 * 0.75), 5 * 0.5 / (1 + 4 * 0.5), 0.625, 0.0])
    torch.testing.assert_close(flow_sigmas(4, 5.0), expected, rtol=1e-15, atol=0)


def test_without_shift_the_levels_are_even():
    assert flow_sigmas(4, 1.0).tolist() == [1, 0.75, 0.5, 0.25, 0]


def test_the_official_40_steps_are_the_published_ones():
    sigmas = official_sigmas(40, 12.0)
    assert timesteps(sigmas) == A14B_TIMESTEPS
    assert sigmas[0] == pytest.approx(0.999917, abs=1e-6)
    assert sigmas[-3:-1].tolist() == pytest.approx([0.386847, 0.235110], abs=1e-6)


@pytest.mark.parametrize(
    ("steps", "shift", "boundary", "high"),
    [(40, 12.0, 875, 26), (20, 12.0, 875, 13), (10, 12.0, 875, 7), (40, 3.0, 875, 12), (40, 5.0, 900, 15)],
)
def test_steps_split_between_the_experts_as_published(steps, shift, boundary, high):
    belongs_to_high = [t >= boundary for t in timesteps(official_sigmas(steps, shift))]
    assert belongs_to_high == [True] * high + [False] * (steps - high)


def test_another_shift_or_grid_is_another_model_input():
    """Trap 3: diffusers' A14B folder says shift 3, and its grid differs even at shift 12."""
    assert timesteps(diffusers_sigmas(40, 12.0)) != A14B_TIMESTEPS
    assert timesteps(diffusers_sigmas(40, 3.0))[:13] != timesteps(diffusers_sigmas(40, 12.0))[:13]
    assert diffusers_sigmas(40, 12.0)[-2] == pytest.approx(0.2424, abs=1e-4)


@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0, 8.0, 12.0])
def test_the_diffusers_grid_is_that_of_its_scheduler(shift):
    from diffusers import UniPCMultistepScheduler  # noqa: PLC0415 - slow to import

    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
    )
    for steps in (1, 2, 3, 4, 9, 12, 20, 27, 40, 50):
        scheduler.set_timesteps(steps)
        sigmas = diffusers_sigmas(steps, shift)
        assert torch.equal(scheduler.sigmas, sigmas.float())
        assert scheduler.timesteps.tolist() == timesteps(sigmas)


@pytest.mark.parametrize(("name", "top"), [("official", np.float32(0.999)), ("flow", 1.0)])
def test_levels_on_an_integer_are_cut_where_the_official_code_cuts_them(name, top):
    """749.9999999999 and 750 are different timesteps: levels rounded to float32 would get some wrong."""
    rounded = 0
    for steps in range(1, 60):
        for shift in (1.0, 3.0, 5.0, 6.0, 12.0):
            even = np.linspace(float(top), 0, steps + 1)[:-1]
            published = (shift * even / (1 + (shift - 1) * even) * 1000).astype(np.int64).tolist()
            sigmas = SCHEDULES[name](steps, shift)
            assert timesteps(sigmas) == published
            rounded += timesteps(sigmas.float()) != published
    assert rounded > 0


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("steps", "shift"), [(0, 1.0), (-1, 1.0), (4, 0.0)])
def test_refuses_impossible_schedules(name, steps, shift):
    with pytest.raises(ValueError, match="need"):
        SCHEDULES[name](steps, shift)
