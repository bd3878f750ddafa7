"""A limit to what a sampler believes: static thresholding (Imagen, arXiv 2205.11487, 2.3), of latents."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rushes.diffusion.denoiser import Denoiser


@dataclass(frozen=True)
class Limited:
    """A denoiser of latents (B, C, T, H, W) whose clean latents stay within ``limits`` (C,) of zero.

    A small network, and guidance more so, overshoots where things move; a decoder turns that into speckles.
    Channels beyond those of ``limits`` are left alone.
    """

    denoiser: Denoiser
    limits: tuple[float, ...]

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """The velocity towards the limited clean latents."""
        velocity, count = self.denoiser(latents, sigma), len(self.limits)
        limits = latents.new_tensor(self.limits).view(1, count, 1, 1, 1)
        clean = (latents - sigma * velocity)[:, :count].clamp(-limits, limits)
        return torch.cat([(latents[:, :count] - clean) / sigma, velocity[:, count:]], dim=1)
