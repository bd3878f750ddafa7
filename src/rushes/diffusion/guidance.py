"""Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598) as a denoiser made of two."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from rushes.diffusion.denoiser import Denoiser

Guide = Callable[[Denoiser, Denoiser, float], Denoiser]
"""Makes one denoiser of those with and without the words, and a scale."""


@dataclass(frozen=True)
class Guided:
    """uncond + scale * (cond - uncond); at scale 1 only ``cond`` runs."""

    cond: Denoiser
    uncond: Denoiser
    scale: float

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Guided velocity."""
        towards = self.cond(latents, sigma)
        if self.scale == 1:
            return towards
        return guided_velocity(towards, self.uncond(latents, sigma), self.scale)


def guided_velocity(cond: Tensor, uncond: Tensor, scale: float) -> Tensor:
    """From the velocity without the words towards the one with them, and beyond where ``scale`` is over 1."""
    return uncond + scale * (cond - uncond)
