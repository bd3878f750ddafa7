"""Noise that all frames of a clip share in part, and that moves as the camera does."""

import pytest
import torch

from rushes.diffusion.camera_path import PAN_MOST, TILT, TRACK_A_FRAME, camera_path
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
    paths = camera_path(torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0], [0.9, 0.0, 0.0, 0.0, 0.0]]), 5)
    both = share_over_time(member_noise([1, 2], (3, 5, 4, 4)), 0.5, paths)
    alone = share_over_time(member_noise([2], (3, 5, 4, 4)), 0.5, paths[1:])
    assert torch.equal(both[1:], alone)


def test_a_camera_at_rest_moves_no_noise():
    noise = member_noise([1], (3, 5, 8, 8))
    assert torch.equal(share_over_time(noise, 0.5, torch.zeros(1, 5, 3)), share_over_time(noise, 0.5))


@pytest.mark.parametrize(
    ("move", "cells"),
    [
        ((1.0, 0.0, 0.0, 0.0, 0.0), (0, -round(PAN_MOST * 100))),
        ((-1.0, 0.0, 0.0, 0.0, 0.0), (0, round(PAN_MOST * 100))),
        ((0.0, 1.0, 0.0, 0.0, 0.0), (-round(TILT * 50), 0)),
        ((0.0, 0.0, 0.0, 1.0, 0.0), (0, round(PAN_MOST * 100))),
        ((0.0, 0.0, 0.0, 0.0, 0.1), (0, -round(TRACK_A_FRAME * 15 * 10))),
    ],
)
def test_what_is_common_goes_against_the_camera(move, cells):
    path = camera_path(torch.tensor([move]), 16)
    noise = share_over_time(member_noise([1], (8, 16, 50, 100)), 1.0, path)[0]
    first, last = noise[:, 0], noise[:, -1]
    assert torch.allclose(first.roll(cells, dims=(1, 2)), last, atol=1e-5)


def test_moved_noise_stays_standard_normal_and_is_shared_where_it_came_from():
    path = camera_path(torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0]]), 16)
    noise = share_over_time(member_noise([3], (40, 16, 64, 64)), 0.5, path)[0]
    assert abs(noise.var().item() - 1) < 0.01
    first, last = noise[:, 0], noise[:, -1]
    # what is apart from the common part sums to zero over the clip, cell by cell; elsewhere it is not seen
    alike = (first.roll(-round(PAN_MOST * 64), dims=2) * last).mean().item()
    assert abs(alike - (0.5 + 0.5 / 16)) < 0.02
    assert abs((first * last).mean().item()) < 0.05


def test_a_push_in_spreads_the_middle_over_the_picture():
    path = camera_path(torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0]]), 16)
    noise = share_over_time(member_noise([1], (4, 16, 40, 40)), 1.0, path)[0]
    first, last = noise[:, 0], noise[:, -1]
    inner = first[:, 4:36, 4:36].flatten(1)
    # every cell of the end is one of the start's middle
    assert all(torch.isin(each, known).all() for each, known in zip(last.flatten(1), inner, strict=True))
