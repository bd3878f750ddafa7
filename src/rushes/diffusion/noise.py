"""Starting noise. Each member of a batch has a generator of its own, so a batch equals its members."""

import math
from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor


def member_noise(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Standard normal float32 (len(seeds), *shape), drawn on the CPU: equal for a seed on every device."""
    return torch.stack(
        [torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


def share_over_time(noise: Tensor, share: float, path: Tensor | None = None) -> Tensor:
    """Standard normal (B, C, T, H, W) -> the same with ``share`` (0 to 1) of its variance common to all T.

    The mixed noise of "Preserve Your Own Correlation" (arXiv 2305.10474): what stays in a clip starts from
    the same noise in every frame. What the frames have in common is their mean, stretched, so no more numbers
    are drawn; a single frame stays as it is. ``path`` (B or 1, T, 3), of a camera: the common part goes
    over the picture as a camera would make it go ("Go-with-the-Flow", arXiv 2501.08331), cell by cell, and
    comes in again on the other side.
    """
    length = noise.shape[2]
    if not share or length == 1:
        return noise
    mean = noise.mean(2, keepdim=True)
    common = mean if path is None else _moved(mean, path)
    return math.sqrt(1 - share) * (noise - mean) + math.sqrt(1 - share + share * length) * common


def _moved(picture: Tensor, path: Tensor) -> Tensor:
    """(B, C, 1, H, W) under a camera's path, frame after frame: (B, C, T, H, W)."""
    height, width = picture.shape[-2:]
    right, down, zoom = path.unsqueeze(-1).unbind(2)
    scale = torch.exp(-zoom)
    columns, rows = _cells(width, scale, right * width), _cells(height, scale, down * height)
    index = (rows[..., None] * width + columns[..., None, :]).flatten(2).unsqueeze(1)
    flat = picture.flatten(3)
    index = index.expand(len(flat), flat.shape[1], -1, -1)
    moved = flat.expand(-1, -1, path.shape[1], -1).gather(3, index)
    return rearrange(moved, "b c t (h w) -> b c t h w", w=width)


def _cells(size: int, scale: Tensor, shift: Tensor) -> Tensor:
    """Which cell of a row of ``size`` is seen at each of its places, (B, T, size)."""
    places = torch.arange(size, device=shift.device) + 0.5 - size / 2
    return (size / 2 + places * scale + shift).floor().long() % size
