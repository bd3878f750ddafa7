"""Noise that all frames of a clip share in part."""

import pytest
import torch

from rushes.diffusion.noise import member_noise, share_over_time


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_frames_are_alike_as_far_as_asked(share):
    noise = share_over_time(member_noise([1], (40, 6, 64, 64)), share)[0]
    frames = noise.transpose(0, 1).flatten(1)
    covariance = frames @ frames.T / frames.shape[1]
    expected = share + (1 - share) * torch.eye(6)
    assert (covariance - expected).abs().max() < 0.02


def test_a_still_is_untouched():
    noise = member_noise([1, 2], (3, 1, 4, 4))
    assert torch.equal(share_over_time(noise, 0.5), noise)


def test_members_do_not_mix():
    both = share_over_time(member_noise([1, 2], (3, 5, 4, 4)), 0.5)
    assert torch.equal(both[1:], share_over_time(member_noise([2], (3, 5, 4, 4)), 0.5))
