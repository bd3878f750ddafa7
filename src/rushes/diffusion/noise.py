"""Starting noise. Each member of a batch has a generator of its own, so a batch equals its members."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def member_noise(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Standard normal float32 (len(seeds), *shape), drawn on the CPU: equal for a seed on every device."""
    return torch.stack(
        [torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


def share_over_time(noise: Tensor, share: float) -> Tensor:
    """Standard normal (B, C, T, H, W) -> the same with ``share`` (0 to 1) of its variance common to all T.

    The mixed noise of "Preserve Your Own Correlation" (arXiv 2305.10474): what stays in a clip starts from
    the same noise in every frame. The covariance over time, share + (1 - share) I, stretches one direction,
    the mean over the frames, so no more numbers are drawn; a single frame stays as it is.
    """
    if not share:
        return noise
    mean = noise.mean(2, keepdim=True)
    stretch = math.sqrt(1 - share + share * noise.shape[2])
    return math.sqrt(1 - share) * (noise - mean) + stretch * mean
