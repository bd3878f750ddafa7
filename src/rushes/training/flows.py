"""The exact motion of a training clip in its latent cells: VideoJAM's second picture (arXiv 2502.02492)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

CELL = 16
FRAMES_PER_LATENT = 4
MOTION_CHANNELS = 2


class Motion(NamedTuple):
    """``flow`` (B, 2, T, H, W), x and y in pixels a frame, and ``visible`` (B, 1, T, H, W) in 0..1: the share
    of a cell that is still seen where it went."""

    flow: Tensor
    visible: Tensor


def motion_channels(flow: Tensor) -> Tensor:
    """Flow in pixels a frame -> channels of about unit spread: the root keeps slow moves apart from none."""
    return flow.sign() * flow.abs().sqrt()


def follow(frames: Tensor, flow: Tensor) -> Tensor:
    """What the next latent frame holds where each cell goes: (B, C, T, H, W) -> (B, C, T - 1, H, W).

    ``flow`` (B, 2, T, H, W) in pixels a frame; read between the cells, at the edge beyond it.
    """
    batch, _, length, height, width = frames.shape
    later = rearrange(frames[:, :, 1:], "b c t h w -> (b t) c h w")
    # a latent frame covers four frames, the first only one: its middle lies two and a half before the next's
    steps = torch.full((length - 1, 1, 1, 1), FRAMES_PER_LATENT / CELL, device=frames.device)
    steps[0] = (1 + FRAMES_PER_LATENT) / 2 / CELL
    moved = rearrange(flow[:, :, :-1], "b c t h w -> b t h w c") * steps
    rows, columns = torch.arange(height, device=frames.device), torch.arange(width, device=frames.device)
    here = torch.stack([columns.expand(height, -1), rows[:, None].expand(-1, width)], dim=-1) + 0.5
    there = (here + moved) / torch.tensor([width, height], device=frames.device) * 2 - 1
    places = rearrange(there, "b t h w c -> (b t) h w c")
    found = F.grid_sample(later, places.to(later.dtype), padding_mode="border", align_corners=False)
    return rearrange(found, "(b t) c h w -> b c t h w", b=batch)
