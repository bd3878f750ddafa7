"""Intervals against known numbers and against chance."""

import numpy as np
import pytest

from rushes.evaluation.statistics import Share, difference, paired_difference, ratio, share, spread


def test_wilson_interval_of_known_numbers():
    low, high = Share(0.8, 10).interval
    assert (low, high) == (pytest.approx(0.490, abs=2e-3), pytest.approx(0.943, abs=2e-3))
    assert Share(0.0, 5).interval[0] == 0
    assert Share(1.0, 5).interval[1] == 1


def test_a_scene_asked_four_times_is_one_scene():
    found = share([[True, True, False, True], [False], []])
    assert (found.value, found.count) == (0.375, 2)
    assert share([[], []]) is None


def test_paired_differences_are_surer_than_unpaired_ones():
    random = np.random.default_rng(0)
    first = random.normal(size=100)
    second = first + 0.2 + random.normal(0, 0.05, 100)
    paired, apart = paired_difference(first, second), difference(first, second)
    assert paired.interval[0] > 0.15
    assert apart.interval[0] < 0
    assert paired.value == pytest.approx(apart.value)


def test_spread_of_columns():
    random = np.random.default_rng(0)
    table = (random.random((200, 4)) < np.array([0.9, 0.9, 0.9, 0.6])).astype(float)
    found = spread(table)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.interval[0] > 0.15


def test_ratio_is_paired():
    values = np.random.default_rng(0).uniform(1, 9, 50)
    found = ratio(values, 2 * values)
    assert (found.value, *found.interval) == pytest.approx((2, 2, 2))
