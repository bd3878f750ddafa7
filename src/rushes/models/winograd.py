"""3x3x3 convolutions in float32 on a CPU with 3.4 times fewer products: Winograd's minimal filtering.

F(2x2, 3x3) of Lavin and Gray 2015, arXiv 1509.09308, along all three axes: a tile of 4x4x4 inputs makes
2x2x2 outputs through 64 products instead of 216. Equal to the direct sum but for rounding, whose root mean
square is 1.5 times as large; tiles of six inputs along time alone would make it 2.6. An odd number of frames
is made one by one, through the taps of time as they are: 48 products for 108.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import torch
from einops import rearrange
from torch import Tensor

# Tiles of a block: rows enough for a fast matrix product, values enough to share out, all within the caches.
DOWN, ACROSS = 8, 16
# For fewer outputs the points of the kernel are not worth making.
FEWEST = 512
# What the taps of an axis count for in each of its four points; the points are always in this order.
POINTS = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5))


def suits(x: Tensor, weight: Tensor) -> bool:
    """Whether :func:`convolve` can make x's (B, T, H, W) outputs with ``weight``, and pays."""
    return (
        weight.shape[3:] == (3, 3)
        and weight.shape[2] in (1, 3)
        and weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.float64)
        and x.shape[2] % 2 == x.shape[3] % 2 == 0
        and x.shape[1:4].numel() >= FEWEST
        and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad))
    )


class Scratch:
    """Memory in which blocks and convolutions take turns: fresh memory costs as much as the sums."""

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def take(self, name: str, like: Tensor, *shape: int) -> Tensor:
        """What was last written under ``name``, or anything, in this shape; in the type of ``like``."""
        held = self._held.get(name)
        if held is None or len(held) < prod(shape) or held.dtype != like.dtype:
            # the old is let go of first
            self._held.pop(name, None)
            held = self._held[name] = like.new_empty(prod(shape))
        return held[: prod(shape)].view(shape)


def convolve(frames: Sequence[Tensor], weight: Tensor, bias: Tensor, into: Tensor, scratch: Scratch) -> None:
    """Frames (H, W, C), weight (C', C, t, 3, 3), bias (C',) -> ``into`` (T, H, W, C'), other memory.

    There are T + t - 1 frames; t is 3 or 1, H and W are even. Zeros lie around every frame.
    """
    taps = weight.shape[2]
    pairs = taps == 3 and len(into) % 2 == 0
    kernel = _kernel_points(weight, pairs, scratch)
    for start, made, top, left in _blocks(into, 2 if pairs else 1):
        seen = frames[start : start + len(made) + taps - 1]
        points = _tile_points(_block(seen, top, left, made.shape, scratch), scratch)
        _outputs(_products(points, kernel, pairs, scratch), bias, made)


def _kernel_points(weight: Tensor, pairs: bool, scratch: Scratch) -> Tensor:
    """Points of all axes (64, C, C'); without ``pairs`` of frames time keeps its taps: (16 t, C, C')."""
    of_axis = weight.new_tensor(POINTS)
    of_time = of_axis if pairs else torch.eye(weight.shape[2], dtype=weight.dtype)
    # one matrix product for all axes: their sums one after another would pass through memory three times
    of_all = torch.kron(of_time, torch.kron(of_axis, of_axis))
    points = scratch.take("kernel", weight, len(of_all), weight.shape[0] * weight.shape[1])
    torch.mm(of_all, rearrange(weight, "o i t h w -> (t h w) (o i)"), out=points)
    return rearrange(points, "p (o i) -> p i o", o=len(weight))


def _blocks(into: Tensor, at_once: int) -> Iterator[tuple[int, Tensor, int, int]]:
    """First frame, outputs, top and left of every block."""
    count, height, width, _ = into.shape
    corners = product(range(0, count, at_once), range(0, height, 2 * DOWN), range(0, width, 2 * ACROSS))
    for start, top, left in corners:
        made = into[start : start + at_once, top : top + 2 * DOWN, left : left + 2 * ACROSS]
        yield start, made, top, left


def _block(frames: Sequence[Tensor], top: int, left: int, shape: Sequence[int], scratch: Scratch) -> Tensor:
    """A block and its border of one, in time's points (4, height + 2, width + 2, C) or taps (3 or 1, ...)."""
    (rows, columns, channels), (_, height, width, _) = frames[0].shape, shape
    block = scratch.take("block", frames[0], len(frames), height + 2, width + 2, channels)
    above, below = max(top - 1, 0), min(top + height + 1, rows)
    before, behind = max(left - 1, 0), min(left + width + 1, columns)
    inside = block[:, above - top + 1 : below - top + 1, before - left + 1 : behind - left + 1]
    if inside.shape != block.shape:
        block.zero_()
    d = [frame[above:below, before:behind] for frame in frames]
    if len(frames) == 4:
        torch.sub(d[0], d[2], out=inside[0])
        torch.sub(d[1], d[3], out=inside[1])
        torch.add(d[1], d[2], out=inside[2])
        torch.sub(d[2], d[1], out=inside[3])
    else:
        torch.stack(d, out=inside)
    return block


def _tile_points(block: Tensor, scratch: Scratch) -> Tensor:
    """Points of height and width within those, or the taps, of time: (16 times as many, tiles, C)."""
    times, rows, columns, channels = block.shape
    down, across = rows // 2 - 1, columns // 2 - 1
    halfway = scratch.take("halfway", block, times, 4, down, columns, channels)
    _input_points(block, 1, halfway)
    points = scratch.take("points", block, times, 4, 4, down, across, channels)
    _input_points(halfway, 3, rearrange(points, "t h w y x c -> t h y w x c"))
    return points.view(16 * times, down * across, channels)


def _input_points(d: Tensor, axis: int, into: Tensor) -> None:
    """Inputs 2n + 2 along ``axis``, four to a tile -> d0 - d2, d1 - d3, d1 + d2, d2 - d1, each n."""
    tiles = into.shape[axis + 1]

    def tiled(start: int) -> Tensor:
        pairs = torch.unflatten(d.narrow(axis, start, 2 * tiles), axis, (tiles, 2))
        return pairs.movedim(axis + 1, axis)

    torch.sub(tiled(0), tiled(2), out=into.narrow(axis, 0, 2))
    first, second = tiled(1).unbind(axis)
    torch.add(first, second, out=into.select(axis, 2))
    torch.sub(second, first, out=into.select(axis, 3))


def _products(points: Tensor, kernel: Tensor, pairs: bool, scratch: Scratch) -> Tensor:
    """(64, tiles, C'); without ``pairs`` the taps of time are summed: (16, tiles, C')."""
    count, length = len(points) if pairs else 16, points.shape[1]
    products = scratch.take("products", points, count, length, kernel.shape[2])
    torch.bmm(points[:count], kernel[:count], out=products)
    for tap in range(count, len(points), count):
        there = slice(tap, tap + count)
        torch.baddbmm(products, points[there], kernel[there], out=products)
    return products


def _outputs(products: Tensor, bias: Tensor, into: Tensor) -> None:
    """Products -> the block's outputs (2 or 1, height, width, C'); the products are overwritten."""
    count, height, width, channels = into.shape
    m = products.view(-1, 4, 4, height // 2, width // 2, channels)
    # the third point counts once in every output
    m[2 if count == 2 else 0, 2, 2] += bias
    if count == 2:
        m = _two(m, 0)
    m = _two(m, 1)
    both = m[:, :, :2]
    both += m[:, :, 2:3]
    even, odd = rearrange(into, "t (y i) (x j) c -> j t i y x c", i=2, j=2)
    torch.add(both[:, :, 0], m[:, :, 3], out=even)
    torch.sub(both[:, :, 1], m[:, :, 3], out=odd)


def _two(m: Tensor, axis: int) -> Tensor:
    """Products along ``axis`` -> m0 + m2 + m3 and m1 + m2 - m3, in their place."""
    both = m.narrow(axis, 0, 2)
    both += m.narrow(axis, 2, 1)
    even, odd = both.unbind(axis)
    even += m.select(axis, 3)
    odd -= m.select(axis, 3)
    return both
