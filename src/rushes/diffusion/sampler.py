"""The denoising loop. What varies (denoiser, sigmas, step rule) is passed in; the loop knows no feature."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import torch
from torch import Tensor

from rushes.diffusion.denoiser import Denoiser
from rushes.diffusion.step_rule import StepRule


@dataclass(frozen=True)
class SampleStep:
    """After one step: ``latents`` at the next sigma, ``denoised`` the clean latents as seen at ``sigma``."""

    index: int
    sigma: float
    latents: Tensor
    denoised: Tensor

    def of(self, places: Sequence[int]) -> "SampleStep":
        """The record of some members of the batch."""
        kept = list(places)
        return replace(self, latents=self.latents[kept], denoised=self.denoised[kept])


@torch.inference_mode()
def sample(
    denoiser: Denoiser, latents: Tensor, sigmas: Tensor, step_rule: StepRule, first: int = 0
) -> Iterator[SampleStep]:
    """Walk ``latents`` (B, C, T, H, W) from ``sigmas[first]`` to ``sigmas[-1]``, one record a step.

    The caller cancels by not asking for the next record, and may write into a record's latents before.
    """
    for index, (sigma, next_sigma) in islice(enumerate(pairwise(sigmas.tolist())), first, None):
        velocity = denoiser(latents, sigma)
        denoised = latents - sigma * velocity
        latents = step_rule.step(latents, velocity, sigma, next_sigma)
        yield SampleStep(index, sigma, latents, denoised)
