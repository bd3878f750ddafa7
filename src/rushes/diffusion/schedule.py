"""Noise levels of a run: functions that return ``steps + 1`` sigmas, decreasing, the last one 0."""

import torch
from torch import Tensor


def flow_sigmas(steps: int, shift: float) -> Tensor:
    """Evenly spaced levels from 1 to 0, moved towards noise by ``shift``; float32, shape (steps + 1,).

    sigma' = shift * sigma / (1 + (shift - 1) * sigma): Esser et al. 2024, arXiv 2403.03206, eq. 23.
    """
    if steps < 1 or shift <= 0:
        raise ValueError(f"need steps >= 1 and shift > 0, got steps={steps}, shift={shift}")
    even = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    return (shift * even / (1 + (shift - 1) * even)).to(torch.float32)
