import pytest
import torch

from rushes.training.flows import Motion, follow, motion_channels
from rushes.training.losses import (
    channel_effort,
    draw_sigmas,
    effort,
    flow_consistency_loss,
    kinematic_loss,
    psnr,
    reconstruction_loss,
    sigma_at,
    velocity_loss,
)


def test_psnr_of_a_known_error():
    frames = torch.zeros(1, 3, 1, 8, 8)
    assert psnr(frames + 0.2, frames) == pytest.approx(20.0, abs=1e-4)  # 10 log10(2^2 / 0.2^2)


def test_velocity_loss_is_a_weighted_mean_square():
    error = torch.tensor([1.0, 3.0])
    assert velocity_loss(error, torch.tensor([0.5, 1.5])) == pytest.approx((0.5 + 13.5) / 2)


def test_effort_has_mean_one_and_goes_to_the_subject_and_to_visible_channels():
    presence, known = torch.rand(2, 1, 3, 4, 5), torch.zeros(2, 1, 3, 4, 5, dtype=torch.bool)
    weight = effort(presence, known)
    assert weight.shape == (2, 1, 3, 4, 5)
    assert weight.mean() == pytest.approx(1.0, abs=1e-5)
    full, empty = effort(torch.tensor([1.0, 0.0]).view(2, 1, 1, 1, 1), known[:, :, :1, :1, :1]).flatten()
    assert full / empty == pytest.approx(3.0)
    assert channel_effort(torch.tensor([4.0, 1.0])).tolist() == pytest.approx([4 / 3, 2 / 3])


def test_what_is_known_costs_nothing_and_the_rest_as_much_as_before():
    known = torch.zeros(2, 1, 3, 4, 5, dtype=torch.bool)
    known[0, :, 0] = True
    weight = effort(torch.zeros(2, 1, 3, 4, 5), known)
    assert not weight[known].any()
    assert weight.mean() == pytest.approx(1.0, abs=1e-5)


def test_kinematic_loss_sees_jerks_and_neither_drifts_nor_noisy_predictions():
    drift = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(1, 4, 6, 2, 2)
    level = torch.tensor([0.2])
    assert kinematic_loss(drift, level) == 0
    jerk = drift.clone()
    jerk[:, :, 3] += 1
    assert kinematic_loss(jerk, level) > 0.1
    assert kinematic_loss(jerk, torch.tensor([1.0])) == 0
    assert kinematic_loss(jerk[:, :, :2], level) == 0


def test_kinematic_loss_weighs_even_errors_like_the_plain_loss():
    error = torch.randn(4, 8, 40, 4, 4, generator=torch.Generator().manual_seed(0))
    assert kinematic_loss(error, torch.zeros(4)) == pytest.approx(1.0, abs=0.05)


def test_the_best_prediction_under_the_kinematic_loss_is_still_the_mean():
    """Two clips are as likely: their mean beats whatever moves less smoothly or more."""
    clips = torch.randn(2, 1, 6, 1, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    guess = torch.zeros(1, 1, 6, 1, 1, dtype=torch.float64, requires_grad=True)
    levels = torch.tensor([0.3, 0.3], dtype=torch.float64)
    optimiser = torch.optim.LBFGS([guess], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        error = guess - clips
        value = error.square().mean() + 5 * kinematic_loss(error, levels)
        value.backward()
        return value

    optimiser.step(loss)
    torch.testing.assert_close(guess.detach(), clips.mean(0, keepdim=True), rtol=0, atol=1e-4)


def shifted(frames):
    """A picture that goes one cell right and a half down with every latent frame after the first."""
    return torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)


def test_flow_consistency_is_zero_for_errors_that_ride_along():
    first = torch.randn(1, 3, 4, 8, generator=torch.Generator().manual_seed(2))
    flow = torch.zeros(1, 2, 3, 4, 8)
    flow[:, 0, 0] = 16 / 2.5  # the first latent frame is one frame, its neighbour the mean of four
    flow[:, 0, 1:] = 16 / 4
    error = torch.stack([first, shifted(first), shifted(shifted(first))], dim=2)
    visible = torch.ones(1, 1, 3, 4, 8)
    visible[..., -1] = 0  # it leaves the picture
    still = torch.zeros_like(flow)
    level = torch.tensor([0.5])
    assert flow_consistency_loss(error, Motion(flow, visible), level) < 1e-10
    assert flow_consistency_loss(error, Motion(still, visible), level) > 0.05
    assert flow_consistency_loss(error, Motion(still, 0 * visible), level) == 0
    assert flow_consistency_loss(error[:, :, :1], Motion(flow, visible), level) == 0
    assert follow(error, flow).shape == (1, 3, 2, 4, 8)


def test_motion_channels_keep_the_sign_and_raise_slow_moves():
    assert motion_channels(torch.tensor([-4.0, 0.0, 0.25])).tolist() == [-2.0, 0.0, 0.5]


@pytest.mark.parametrize("interval", [(0.825, 1.0), (0.0, 0.925)])
def test_an_expert_meets_only_its_own_noise_levels_in_the_trunks_proportions(interval):
    low, high = interval
    trunk = draw_sigmas(40_000, 3.2, torch.Generator().manual_seed(0))
    own = draw_sigmas(40_000, 3.2, torch.Generator().manual_seed(1), interval)
    assert own.min() >= low - 1e-6
    assert own.max() <= high + 1e-6
    inside = trunk[(trunk >= low) & (trunk <= high)]
    for share in (0.1, 0.5, 0.9):
        level = own.quantile(share).item()
        assert level == pytest.approx(inside.quantile(share).item(), abs=0.01)
        assert sigma_at(torch.tensor(share), 3.2, interval).item() == pytest.approx(level, abs=0.01)


def test_sigmas_lie_in_the_open_interval_and_shift_moves_them_up():
    low = draw_sigmas(4000, 1.0, torch.Generator().manual_seed(1))
    high = draw_sigmas(4000, 3.0, torch.Generator().manual_seed(1))
    assert low.min() > 0
    assert high.max() < 1
    assert low.median() == pytest.approx(0.5, abs=0.02)
    assert high.median() == pytest.approx(0.75, abs=0.02)  # 3u / (1 + 2u) at u = 1/2


def test_reconstruction_counts_edges_and_motion_beside_level():
    frames = torch.zeros(1, 3, 5, 8, 8)
    level = reconstruction_loss(frames + 0.1, frames)
    flicker = frames.clone()
    flicker[:, :, ::2] = 0.1
    assert level == pytest.approx(0.1)
    assert reconstruction_loss(flicker, frames) > level
    still = reconstruction_loss(frames[:, :, :1] + 0.1, frames[:, :, :1])
    assert still == pytest.approx(0.1)
