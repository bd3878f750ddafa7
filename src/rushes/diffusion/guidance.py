"""Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598) as a denoiser made of two."""

from dataclasses import dataclass

from torch import Tensor

from rushes.diffusion.denoiser import Denoiser


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
        away = self.uncond(latents, sigma)
        return away + self.scale * (towards - away)
