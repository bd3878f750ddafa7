"""Mini's upscaler: three small frames in, the middle one five times larger out, codec artefacts removed.

A U of plain convolutions at a half and a quarter of the small picture, where a kernel sees far and costs
little, then a pixel shuffle (ESPCN, arXiv 1609.05158) of a correction to the bilinear enlargement. Nothing is
remembered between frames: a frame looks the same wherever a clip is cut, and errors cannot build up.
Activations stay channels-last, which the CPU's bf16 convolutions need.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

FACTOR = 5
"""Small pixels become squares of so many."""

SEEN = 3
"""Frames the network looks at: one before, the one it enlarges, one after."""

STRIDE = 4
"""Small pictures are padded to a multiple of this."""


@dataclass(frozen=True)
class UpscalerConfig:
    """``width`` channels at half and quarter size, ``fine_width`` at the small picture's own size;
    ``half_blocks`` before and after the ``quarter_blocks``.
    """

    width: int
    fine_width: int
    half_blocks: int
    quarter_blocks: int


class Block(nn.Module):
    """x + conv(silu(conv(silu(x)))); the second starts at zero so that depth is harmless."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> same."""
        result: Tensor = x + self.second(F.silu(self.first(F.silu(x))))
        return result


class Upscaler(nn.Module):
    """(N, SEEN, H, W, 3) in [-1, 1] -> cells (N, H, W, 75) float32, unclamped: see :func:`to_pixels`."""

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.config = config
        width, fine = config.width, config.fine_width
        self.stem = nn.Conv2d(SEEN * 3 * 4, width, 3, padding=1)
        self.before = nn.ModuleList(Block(width) for _ in range(config.half_blocks))
        self.down = nn.Conv2d(width, width, 2, stride=2)
        self.deep = nn.ModuleList(Block(width) for _ in range(config.quarter_blocks))
        self.up = nn.Conv2d(width, 4 * width, 1)
        self.after = nn.ModuleList(Block(width) for _ in range(config.half_blocks))
        self.spread = nn.Conv2d(width, 4 * fine, 1)
        self.fine = Block(fine)
        self.head = nn.Conv2d(fine, 3 * FACTOR**2, 3, padding=1)

    def init_weights(self) -> None:
        """Start as bilinear enlargement: blocks and correction begin at zero, signals keep their size."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        for name, parameter in self.named_parameters():
            if name.endswith(("bias", "second.weight", "head.weight")):
                nn.init.zeros_(parameter)

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes in; pictures outside are float32."""
        return self.head.weight.dtype

    def forward(self, frames: Tensor) -> Tensor:
        """Enlarge the middle frames; H and W are multiples of STRIDE."""
        folded = rearrange(frames.to(self.dtype), "n t (h p) (w q) c -> n h w (t p q c)", p=2, q=2)
        half = self.stem(rearrange(folded, "n h w c -> n c h w"))
        for block in self.before:
            half = block(half)
        quarter = self.down(half)
        for block in self.deep:
            quarter = block(quarter)
        half = half + _unfolded(self.up(quarter))
        for block in self.after:
            half = block(half)
        whole = self.fine(_unfolded(self.spread(F.silu(half))))
        correction = rearrange(self.head(F.silu(whole)), "n c h w -> n h w c")
        cells: Tensor = bilinear_cells(frames[:, SEEN // 2]) + correction
        return cells


def bilinear_cells(pictures: Tensor) -> Tensor:
    """(N, H, W, 3) -> (N, H, W, 75): what bilinear enlargement puts into every pixel's square."""
    places = (torch.arange(FACTOR, dtype=pictures.dtype) - FACTOR // 2) / FACTOR
    before, after = (-places).clamp(min=0), places.clamp(min=0)
    taps = torch.stack([before, 1 - before - after, after], dim=1).to(pictures.device)
    kernel = torch.einsum("pi,qj,cd->pqcdij", taps, taps, torch.eye(3, dtype=taps.dtype, device=taps.device))
    planes = F.pad(rearrange(pictures, "n h w c -> n c h w"), (1, 1, 1, 1), mode="replicate")
    return rearrange(F.conv2d(planes, kernel.flatten(0, 2)), "n c h w -> n h w c")


def to_pixels(cells: Tensor) -> Tensor:
    """Cells (N, H, W, 75) of any type -> pictures (N, FACTOR H, FACTOR W, 3)."""
    return rearrange(cells, "n h w (p q c) -> n (h p) (w q) c", p=FACTOR, q=FACTOR)


def _unfolded(x: Tensor) -> Tensor:
    """(N, 4 C, H, W) -> (N, C, 2 H, 2 W)."""
    pixels = rearrange(x, "n (p q c) h w -> n (h p) (w q) c", p=2, q=2)
    return rearrange(pixels, "n h w c -> n c h w")
