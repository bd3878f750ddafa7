"""Training of the codec: where its errors count."""

import pytest
import torch

from rushes.training.codec import SUBJECT_WEIGHT, subject_weight
from rushes.training.losses import reconstruction_loss


def test_the_subjects_pixels_count_four_times():
    presence = torch.zeros(1, 2, 2, 3)
    presence[:, :, 0, 1] = 1
    weight = subject_weight(presence)
    assert weight.shape == (1, 1, 2, 32, 48)
    assert weight.mean() == pytest.approx(1)
    assert weight[0, 0, 0, 5, 20] / weight[0, 0, 0, 5, 5] == SUBJECT_WEIGHT


def test_the_same_error_costs_more_in_the_subject():
    presence = torch.zeros(1, 2, 2, 3)
    presence[:, :, 0, 1] = 1
    frames = torch.zeros(1, 3, 2, 32, 48)
    inside, outside = frames.clone(), frames.clone()
    inside[..., 4:8, 20:24] = outside[..., 4:8, 4:8] = 1
    weight = subject_weight(presence)
    costs = [reconstruction_loss(each, frames, weight) for each in (inside, outside)]
    assert costs[0] / costs[1] == pytest.approx(SUBJECT_WEIGHT)
    assert reconstruction_loss(inside, frames) == pytest.approx(reconstruction_loss(outside, frames).item())
