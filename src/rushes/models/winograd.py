"""3x3x3 convolutions in float32 on a CPU with 3.4 times fewer products: Winograd's minimal filtering.

F(2x2, 3x3) of Lavin and Gray 2015, arXiv 1509.09308, along all three axes: a tile of 4x4x4 inputs makes
2x2x2 outputs through 64 products instead of 216. Equal to the direct sum but for rounding, which is no
larger, because the sums are shorter. Larger tiles would save more and round worse. An odd number of frames
is made one by one, through the three taps of time as they are: 48 products for 108.
"""

from collections.abc import Sequence
from itertools import product

import torch
from einops import rearrange
from torch import Tensor

# Tiles along each side of a block: enough rows for a fast matrix product, and all of a block stays in cache.
TILES = 16
# For fewer outputs the points of the kernel are not worth making.
FEWEST = 4096


def suits(x: Tensor, weight: Tensor) -> bool:
    """Whether :func:`convolve` can make x's (B, T, H, W) outputs with ``weight``, and pays."""
    return (
        weight.shape[2:] == (3, 3, 3)
        and weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.float64)
        and x.shape[2] % 2 == x.shape[3] % 2 == 0
        and x.shape[1:4].numel() >= FEWEST
        and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad))
    )


def convolve(frames: Sequence[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """T + 2 frames (H, W, C), weight (C', C, 3, 3, 3), bias (C',) -> (T, H, W, C'); H and W are even.

    Zeros lie around every frame.
    """
    height, width, _ = frames[0].shape
    result = frames[0].new_empty(len(frames) - 2, height, width, len(bias))
    at_once, side = 2 - len(result) % 2, 2 * TILES
    kernel = _kernel_points(weight, pairs=at_once == 2)
    for start in range(0, len(result), at_once):
        for top, left in product(range(0, height, side), range(0, width, side)):
            made = result[start : start + at_once, top : top + side, left : left + side]
            block = _block(frames[start : start + at_once + 2], top, left, made.shape)
            _outputs(torch.bmm(_tile_points(block), kernel), bias, made)
    return result


def _kernel_points(weight: Tensor, pairs: bool) -> Tensor:
    """Taps g0, g1, g2 of an axis -> g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2: (64, C, C').

    Without ``pairs`` of frames time keeps its taps: (48, C, C').
    """
    points = rearrange(weight, "o i t h w -> t h w o i").contiguous()
    for axis in range(3) if pairs else (1, 2):
        first, middle, last = points.unbind(axis)
        outer, inner = (first + last) / 2, middle / 2
        points = torch.stack([first, outer + inner, outer - inner, last], dim=axis)
    return rearrange(points, "t h w o i -> (t h w) i o")


def _block(frames: Sequence[Tensor], top: int, left: int, shape: Sequence[int]) -> Tensor:
    """One block and its border of one, in time's points (4, height + 2, width + 2, C) or taps (3, ...)."""
    (rows, columns, channels), (_, height, width, _) = frames[0].shape, shape
    block = frames[0].new_zeros(len(frames), height + 2, width + 2, channels)
    above, below = max(top - 1, 0), min(top + height + 1, rows)
    before, behind = max(left - 1, 0), min(left + width + 1, columns)
    inside = block[:, above - top + 1 : below - top + 1, before - left + 1 : behind - left + 1]
    seen = [frame[above:below, before:behind] for frame in frames]
    if len(frames) == 4:
        _input_points(seen, inside.unbind())
    else:
        inside.copy_(torch.stack(seen))
    return block


def _tile_points(block: Tensor) -> Tensor:
    """Points of height and width within those of time: (64 or 48, tiles, C)."""
    times, rows, columns, channels = block.shape
    down, across = rows // 2 - 1, columns // 2 - 1
    halfway = block.new_empty(times, 4, down, columns, channels)
    _input_points([block[:, i : i + 2 * down : 2] for i in range(4)], halfway.unbind(1))
    points = block.new_empty(times, 4, 4, down, across, channels)
    _input_points([halfway[:, :, :, i : i + 2 * across : 2] for i in range(4)], points.unbind(2))
    return points.view(-1, down * across, channels)


def _input_points(d: Sequence[Tensor], into: Sequence[Tensor]) -> None:
    """Inputs d0 to d3 of a tile along one axis -> d0 - d2, d1 + d2, d2 - d1, d1 - d3."""
    torch.sub(d[0], d[2], out=into[0])
    torch.add(d[1], d[2], out=into[1])
    torch.sub(d[2], d[1], out=into[2])
    torch.sub(d[1], d[3], out=into[3])


def _outputs(products: Tensor, bias: Tensor, into: Tensor) -> None:
    """Products (64 or 48, tiles, C') -> the block's outputs (2 or 1, height, width, C')."""
    count, height, width, channels = into.shape
    points = products.view(-1, 4, 4, height // 2, width // 2, channels)
    for t, of_time in enumerate(_two(points) if count == 2 else (points.sum(0),)):
        for y, of_height in enumerate(_two(of_time)):
            for x, value in enumerate(_two(of_height)):
                torch.add(value, bias, out=into[t, y::2, x::2])


def _two(m: Tensor) -> tuple[Tensor, Tensor]:
    """Products m0 to m3 along the first axis -> outputs m0 + m1 + m2 and m1 - m2 - m3."""
    return (m[1] + m[2]).add_(m[0]), (m[1] - m[2]).sub_(m[3])
