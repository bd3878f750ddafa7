"""The read-out network: which value of every vocabulary slot a clip shows. Measures generated clips.

It sees four pairs of neighbouring frames spread over the clip. The difference inside a pair and an estimate
of motion (Lucas and Kanade, IJCAI 1981) tell camera, action and direction; the spread tells slow changes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.core.vocabulary import SLOTS
from rushes.models.precision import wide

NUM_PAIRS = 4
PICTURE = (80, 128)  # height, width inside the network
FLOW_CELL = 8  # side of the squares motion is estimated in: the grid of the middle level


@dataclass(frozen=True)
class ReadOutConfig:
    """Widths at 1/4, 1/8 and 1/16 of the inner picture, and of the last hidden layer."""

    widths: tuple[int, int, int]
    hidden_size: int


class FramePairs(NamedTuple):
    """First frames and their right neighbours, each (B, pairs, 3, 80, 128)."""

    first: Tensor
    second: Tensor


def pair_indices(num_frames: int) -> tuple[Tensor, Tensor]:
    """First frame and right neighbour of each pair, int64 (pairs,); a still picture is its own neighbour."""
    starts = torch.linspace(0, max(num_frames - 2, 0), NUM_PAIRS).round().long()
    return starts, (starts + 1).clamp(max=num_frames - 1)


def frame_pairs(frames: Tensor) -> FramePairs:
    """(B, 3, T, H, W), any T from 1, -> pairs spread evenly."""
    indices = torch.cat(pair_indices(frames.shape[2])).to(frames.device)
    chosen = rearrange(frames[:, :, indices], "b c t h w -> (b t) c h w")
    small = F.interpolate(chosen.to(wide(chosen.dtype)), size=PICTURE, mode="area")
    halves = rearrange(small, "(b two p) c h w -> two b p c h w", two=2, p=NUM_PAIRS)
    return FramePairs(halves[0], halves[1])


def lucas_kanade(first: Tensor, second: Tensor, cell: int) -> Tensor:
    """Motion from ``first`` to ``second`` (N, 3, H, W) in pixels, (N, 2, H/cell, W/cell), x then y.

    Least squares of the brightness constancy in each cell; right for steps of up to about two pixels, zero
    where there is no texture, cut at 4.
    """
    before, after = first.mean(1, keepdim=True), second.mean(1, keepdim=True)
    middle = F.pad((before + after) / 2, (1, 1, 1, 1), mode="replicate")
    dx = (middle[..., 1:-1, 2:] - middle[..., 1:-1, :-2]) / 2
    dy = (middle[..., 2:, 1:-1] - middle[..., :-2, 1:-1]) / 2
    dt = after - before
    products = torch.cat([dx * dx, dx * dy, dy * dy, dx * dt, dy * dt], dim=1)
    xx, xy, yy, xt, yt = F.avg_pool2d(products, cell).chunk(5, dim=1)
    # the small diagonal keeps flat cells at zero instead of dividing noise by noise
    xx, yy = xx + 1e-4, yy + 1e-4
    determinant = xx * yy - xy * xy
    motion = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], dim=1) / determinant
    limited: Tensor = motion.clamp(-4, 4)
    return limited


class Mix(nn.Module):
    """Residual mixing of neighbours in the picture, then of neighbouring pairs in time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.space = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.space_norm = nn.BatchNorm2d(width)
        self.time = nn.Conv2d(width, width, (3, 1), padding=(1, 0), bias=False)
        self.time_norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B * pairs, C, h, w) -> same."""
        height = x.shape[2]
        x = x + F.relu(self.space_norm(self.space(x)))
        lines = rearrange(x, "(b p) c h w -> b c p (h w)", p=NUM_PAIRS)
        lines = F.relu(self.time_norm(self.time(lines)))
        mixed: Tensor = x + rearrange(lines, "b c p (h w) -> (b p) c h w", h=height)
        return mixed


class ReadOut(nn.Module):
    """Frames to logits per slot."""

    def __init__(self, config: ReadOutConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        self.stem = nn.Sequential(nn.Conv2d(6, fine, 4, stride=4), nn.BatchNorm2d(fine), nn.ReLU())
        self.fine = Mix(fine)
        self.to_middle = nn.Conv2d(fine, middle - 2, 3, stride=2, padding=1)
        self.middle = nn.Sequential(nn.BatchNorm2d(middle), Mix(middle))
        self.to_coarse = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.coarse = nn.Sequential(nn.BatchNorm2d(coarse), Mix(coarse), Mix(coarse))
        self.hidden = nn.Linear(2 * coarse, config.hidden_size)
        self.heads = nn.Linear(config.hidden_size, sum(len(values) for values in SLOTS.values()))

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """(B, 3, T, H, W) in [-1, 1], any T from 1, any size -> slot -> (B, values of the slot) logits."""
        pairs = frame_pairs(frames)
        first, second = pairs.first.flatten(0, 1), pairs.second.flatten(0, 1)
        x = self.fine(self.stem(torch.cat([first, second - first], dim=1)))
        flow = lucas_kanade(first, second, FLOW_CELL)
        x = self.to_middle(x)
        x = self.middle(torch.cat([x, flow.to(x.dtype)], dim=1))
        x = rearrange(self.coarse(self.to_coarse(x)), "(b p) c h w -> b c (p h w)", p=NUM_PAIRS)
        logits = self.heads(F.relu(self.hidden(torch.cat([x.mean(-1), x.amax(-1)], dim=-1))))
        parts = torch.split(logits, [len(values) for values in SLOTS.values()], dim=-1)
        return dict(zip(SLOTS, parts, strict=True))
