"""Shares and differences with their uncertainty. A scene asked in four languages is one scene, not four."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


@dataclass(frozen=True)
class Share:
    """A share 0..1 of ``count`` independent scenes, with its 95 % Wilson interval."""

    value: float
    count: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound (Wilson, JASA 1927)."""
        z, n, p = 1.96, self.count, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Estimate:
    """Any figure over ``count`` scenes, with a 95 % bootstrap interval."""

    value: float
    count: int
    interval: tuple[float, float]


def share(rows: Sequence[Sequence[bool]]) -> Share | None:
    """Of all answers right, a row a scene; the rows are what is independent. None without any answer."""
    answered = [row for row in rows if row]
    if not answered:
        return None
    return Share(float(np.mean([np.mean(row) for row in answered])), len(answered))


def spread(table: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Best column's mean less the worst's, of (scenes, columns); whole rows are drawn anew, so it is paired.

    The spread of equal columns is above 0 by chance alone, which the interval shows.
    """
    random = np.random.default_rng(seed)
    draws = random.integers(len(table), size=(RESAMPLES, len(table)))
    means = table[draws].mean(axis=1)
    own = table.mean(axis=0)
    return _estimate(float(own.max() - own.min()), means.max(axis=1) - means.min(axis=1), len(table))


def paired_difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of ``second - first``, scene by scene."""
    gains = np.asarray(second, float) - np.asarray(first, float)
    draws = np.random.default_rng(seed).integers(len(gains), size=(RESAMPLES, len(gains)))
    return _estimate(float(gains.mean()), gains[draws].mean(axis=1), len(gains))


def difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of ``second`` less that of ``first``, which are of other scenes."""
    random = np.random.default_rng(seed)
    a, b = np.asarray(first, float), np.asarray(second, float)
    means = [each[random.integers(len(each), size=(RESAMPLES, len(each)))].mean(axis=1) for each in (a, b)]
    return _estimate(float(b.mean() - a.mean()), means[1] - means[0], min(len(a), len(b)))


def ratio(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of ``second`` over that of ``first``, paired scene by scene."""
    a, b = np.asarray(first, float), np.asarray(second, float)
    draws = np.random.default_rng(seed).integers(len(a), size=(RESAMPLES, len(a)))
    return _estimate(float(b.mean() / a.mean()), b[draws].mean(axis=1) / a[draws].mean(axis=1), len(a))


def _estimate(value: float, resampled: NDArray[np.float64], count: int) -> Estimate:
    low, high = np.quantile(resampled, (0.025, 0.975)).tolist()
    return Estimate(value, count, (low, high))
