"""Starting noise. Each member of a batch has a generator of its own, so a batch equals its members."""

from collections.abc import Sequence

import torch
from torch import Tensor


def member_noise(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Standard normal float32 (len(seeds), *shape), drawn on the CPU: equal for a seed on every device."""
    return torch.stack(
        [torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )
