import pytest
import torch

from rushes.diffusion.schedule import flow_sigmas


@pytest.mark.parametrize("shift", [1.0, 3.0, 12.0])
def test_walks_from_pure_noise_to_clean(shift):
    sigmas = flow_sigmas(20, shift)
    assert sigmas.shape == (21,)
    assert sigmas.dtype == torch.float64
    assert sigmas[0] == 1
    assert sigmas[-1] == 0
    assert (sigmas.diff() < 0).all()


def test_shift_follows_the_closed_form():
    # Four steps at shift 5 are the published levels of the four-step distilled model.
    expected = [1.0, 0.9375, 5 / 6, 0.625, 0.0]
    torch.testing.assert_close(flow_sigmas(4, 5.0), torch.tensor(expected).double(), rtol=1e-7, atol=0)


def test_without_shift_the_levels_are_even():
    assert flow_sigmas(4, 1.0).tolist() == [1, 0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize(("steps", "shift"), [(0, 1.0), (-1, 1.0), (4, 0.0)])
def test_refuses_impossible_schedules(steps, shift):
    with pytest.raises(ValueError, match="need"):
        flow_sigmas(steps, shift)
