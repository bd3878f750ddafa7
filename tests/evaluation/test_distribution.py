"""Distances between sets of clips, and to the nearest clip of training."""

import cv2
import numpy as np
import pytest
import torch

from rushes.evaluation.distribution import kernel_distance, nearest, picture_noise, shuffled_frames
from rushes.evaluation.reading import features
from rushes.models.judge import ReadOut, ReadOutConfig
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene


def cloud(count, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1.0, (count, 24))


def test_equal_sources_are_near_and_the_distance_grows_with_the_shift():
    near, far, farther = (kernel_distance(cloud(80, shift, 1), cloud(80, seed=2)) for shift in (0, 0.5, 1.0))
    assert abs(near) < 0.1 * far
    assert far < 0.6 * farther


def test_a_distance_without_bias_is_zero_on_average():
    distances = [kernel_distance(cloud(30, seed=2 * n), cloud(30, seed=2 * n + 1)) for n in range(60)]
    assert abs(np.mean(distances)) < 3 * np.std(distances) / np.sqrt(60)


def test_clips_rank_renders_then_soft_clips_then_shuffled_frames():
    torch.manual_seed(0)
    network = ReadOut(ReadOutConfig({"subject": ("fox", "dog")}, (40, 64), 4, (16, 24, 32), 24)).eval()
    clips = [render_frames(sample_scene(1_700_000_000 + number), 17) for number in range(14)]
    mirrored = [clip[:, :, ::-1] for clip in clips]  # of the same kind, and none the same
    soft = [np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in clip]) for clip in mirrored]
    shuffled = [shuffled_frames(clip, number) for number, clip in enumerate(mirrored)]
    reference = features(network, clips)
    near, middle, far = (
        kernel_distance(features(network, kind), reference) for kind in (mirrored, soft, shuffled)
    )
    assert near < middle < far


def test_a_copy_is_nearest_to_itself():
    random = np.random.default_rng(0)
    training = random.normal(size=(40, 3, 2, 4, 4)).astype(np.float16)
    copied = training[7:8] + random.normal(0, 0.05, training[7:8].shape)
    fresh = random.normal(size=copied.shape)
    assert nearest(copied, training)[0] == pytest.approx(0.05, abs=0.02)
    assert nearest(fresh, training)[0] > 1


def test_shuffling_keeps_the_frames_and_changes_their_order():
    clip = np.arange(9 * 12, dtype=np.uint8).reshape(9, 2, 2, 3)
    other = shuffled_frames(clip, 3)
    assert not np.array_equal(other, clip)
    assert np.array_equal(np.sort(other.reshape(9, -1), axis=0), clip.reshape(9, -1))


def test_noise_in_decibels():
    clip = np.full((2, 4, 4, 3), 100, np.uint8)
    assert picture_noise(clip, clip + 10) == pytest.approx(20 * np.log10(25.5), abs=1e-3)
