"""Starting noise. Each member of a batch has a generator of its own, so a batch equals its members."""

import math
from collections.abc import Mapping, Sequence

import torch
from einops import rearrange
from torch import Tensor

CAMERA_MOVES = ("pan_x", "pan_y", "zoom")
"""What moves the noise that frames share: right and down positive, in positive; 1 is a whole move."""

# A whole move: how much of the width a pan covers a latent frame and at most, of the height a tilt covers,
# and the log of a zoom's magnification; of what stands a little behind the subject in the film world.
PAN_A_FRAME, PAN_MOST, TILT, ZOOM = 0.028, 0.34, 0.22, 0.22


def member_noise(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Standard normal float32 (len(seeds), *shape), drawn on the CPU: equal for a seed on every device."""
    return torch.stack(
        [torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


def share_over_time(noise: Tensor, share: float, moves: Tensor | None = None) -> Tensor:
    """Standard normal (B, C, T, H, W) -> the same with ``share`` (0 to 1) of its variance common to all T.

    The mixed noise of "Preserve Your Own Correlation" (arXiv 2305.10474): what stays in a clip starts from
    the same noise in every frame. What the frames have in common is their mean, stretched, so no more numbers
    are drawn; a single frame stays as it is. ``moves`` (B or 1, 3), ``CAMERA_MOVES``: the common part goes
    over the picture as a camera would make it go ("Go-with-the-Flow", arXiv 2501.08331), cell by cell, and
    comes in again on the other side.
    """
    length = noise.shape[2]
    if not share or length == 1:
        return noise
    mean = noise.mean(2, keepdim=True)
    common = mean if moves is None else _moved(mean, moves, length)
    return math.sqrt(1 - share) * (noise - mean) + math.sqrt(1 - share + share * length) * common


def camera_moves(sliders: Sequence[Mapping[str, float]]) -> Tensor:
    """(B, 3) what the sliders of each clip say of the camera; 0 where they are silent."""
    return torch.tensor([[each.get(name, 0.0) for name in CAMERA_MOVES] for each in sliders])


def _moved(picture: Tensor, moves: Tensor, length: int) -> Tensor:
    """(B, C, 1, H, W) under a camera's move, frame after frame: (B, C, length, H, W)."""
    height, width = picture.shape[-2:]
    progress = torch.linspace(0, 1, length, device=picture.device)
    eased = 0.5 * progress + 0.5 * progress**3 * (10 - 15 * progress + 6 * progress**2)
    pan_x, pan_y, zoom = (eased * moves[:, axis, None] for axis in range(3))
    scale = torch.exp(-ZOOM * zoom)[..., None]
    right = min(PAN_A_FRAME * (length - 1), PAN_MOST) * width * pan_x[..., None]
    columns = _cells(width, scale, right)
    rows = _cells(height, scale, TILT * height * pan_y[..., None])
    index = (rows[..., None] * width + columns[..., None, :]).flatten(2).unsqueeze(1)
    flat = picture.flatten(3)
    index = index.expand(len(flat), flat.shape[1], -1, -1)
    moved = flat.expand(-1, -1, length, -1).gather(3, index)
    return rearrange(moved, "b c t (h w) -> b c t h w", w=width)


def _cells(size: int, scale: Tensor, shift: Tensor) -> Tensor:
    """Which cell of a row of ``size`` is seen at each of its places, (B, T, size)."""
    places = torch.arange(size, device=shift.device) + 0.5 - size / 2
    return (size / 2 + places * scale + shift).floor().long() % size
