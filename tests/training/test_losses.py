import pytest
import torch

from rushes.training.losses import draw_sigmas, effort, psnr, reconstruction_loss, velocity_loss


def test_psnr_of_a_known_error():
    frames = torch.zeros(1, 3, 1, 8, 8)
    assert psnr(frames + 0.2, frames) == pytest.approx(20.0, abs=1e-4)  # 10 log10(2^2 / 0.2^2)


def test_velocity_loss_is_zero_only_for_noise_minus_clean():
    clean, noise = torch.randn(2, 4, 1, 2, 2), torch.randn(2, 4, 1, 2, 2)
    even = torch.ones(1)
    assert velocity_loss(noise - clean, clean, noise, even) == 0
    assert velocity_loss(clean - noise, clean, noise, even) > 1


def test_effort_has_mean_one_and_goes_to_the_subject_and_to_visible_channels():
    presence = torch.rand(2, 1, 3, 4, 5)
    weight = effort(presence, torch.tensor([4.0, 1.0]))
    assert weight.shape == (2, 2, 3, 4, 5)
    assert weight.mean() == pytest.approx(1.0, abs=1e-5)
    assert torch.allclose(weight[:, 0], 2 * weight[:, 1])
    full, empty = effort(torch.tensor([1.0, 0.0]).view(2, 1, 1, 1, 1), torch.ones(1)).flatten()
    assert full / empty == pytest.approx(3.0)


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
