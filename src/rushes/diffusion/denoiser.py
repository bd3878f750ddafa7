"""What a sampler sees of a network: a function from latents and noise level to velocity."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

TIMESTEPS = 1000


class Denoiser(Protocol):
    """Predicts velocity = noise - clean of latents (B, C, T, H, W) at one noise level in (0, 1]."""

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity in the shape and dtype of ``latents``."""


class VelocityNetwork(Protocol):
    """A transformer: latents (B, C, T, H, W), timestep (B,) in 0..1000, context (B, L, D) -> velocity."""

    def __call__(self, latents: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Velocity (B, C, T, H, W)."""


@dataclass(frozen=True)
class TextDenoiser:
    """A network bound to the text it follows.

    ``context`` (1, L, D) serves every member of a batch. The timestep is 1000 sigma, not rounded: the small
    models are trained so (the published Wan code truncates it to an integer).
    """

    network: VelocityNetwork
    context: Tensor

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity for every member."""
        members = latents.shape[0]
        timestep = torch.full((members,), TIMESTEPS * sigma, dtype=torch.float32, device=latents.device)
        velocity = self.network(latents, timestep, self.context.expand(members, -1, -1))
        return velocity.to(latents.dtype)


@dataclass(frozen=True)
class SigmaRange:
    """One expert's denoiser, in charge from ``from_sigma`` upwards."""

    from_sigma: float
    denoiser: Denoiser


@dataclass(frozen=True)
class ExpertSwitch:
    """A denoiser made of experts by range of noise, ordered from high noise; the last one reaches 0."""

    experts: tuple[SigmaRange, ...]

    def __post_init__(self) -> None:
        """Refuse ranges that leave a gap or stand in the wrong order."""
        bounds = [expert.from_sigma for expert in self.experts]
        if not bounds or bounds[-1] != 0 or any(a <= b for a, b in pairwise(bounds)):
            raise ValueError(f"experts must start at decreasing sigmas and end with 0, got {bounds}")

    def index(self, sigma: float) -> int:
        """Which expert is in charge at ``sigma``; at its own bound an expert already is."""
        return next(i for i, expert in enumerate(self.experts) if sigma >= expert.from_sigma)

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity by the expert in charge."""
        return self.experts[self.index(sigma)].denoiser(latents, sigma)
