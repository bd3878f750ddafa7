"""What a sampler sees of a network: a function from latents and noise level to velocity."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor

TIMESTEPS = 1000


class Denoiser(Protocol):
    """Predicts velocity = noise - clean of latents (B, C, T, H, W) at one noise level in (0, 1]."""

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity in the shape and dtype of ``latents``."""


class VelocityNetwork(Protocol):
    """A transformer: latents (B, C, T, H, W), timestep in 0..1000, context -> velocity.

    The timestep is (B,), or (B, tokens) where tokens of one clip stand at different noise levels. The context
    is a tensor (B, L, D) or whatever the network made of one.
    """

    def __call__(self, latents: Tensor, timestep: Tensor, context: Any) -> Tensor:
        """Velocity (B, C, T, H, W)."""


def exact_timestep(sigma: float) -> float:
    """1000 sigma, not rounded: the small models are trained so."""
    return TIMESTEPS * sigma


def whole_timestep(sigma: float) -> float:
    """1000 sigma cut down to an integer, as every published Wan pipeline feeds it; sigma itself is kept."""
    return math.floor(TIMESTEPS * sigma)


@dataclass(frozen=True)
class TextDenoiser:
    """A network bound to the text it follows.

    A tensor ``context`` (1, L, D) serves every member of a batch, and so does what a network made of one.
    """

    network: VelocityNetwork
    context: Any
    timestep: Callable[[float], float] = exact_timestep

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity for every member."""
        members = latents.shape[0]
        timestep = torch.full((members,), self.timestep(sigma), dtype=torch.float32, device=latents.device)
        context = self.context
        if isinstance(context, Tensor):
            context = context.expand(members, -1, -1)
        return self.network(latents, timestep, context).to(latents.dtype)


class ExpertSwitch:
    """A denoiser made of experts by range of noise, ordered from high noise; the last one reaches 0.

    ``bounds`` are the sigmas from which each expert is in charge. ``make`` builds an expert's denoiser when
    its range begins, and the one before is let go: no run goes back, and what an expert remembers of the text
    is large.
    """

    def __init__(self, bounds: tuple[float, ...], make: Callable[[int], Denoiser]) -> None:
        """Refuse bounds that leave a gap or stand in the wrong order."""
        if not bounds or bounds[-1] != 0 or any(a <= b for a, b in pairwise(bounds)):
            raise ValueError(f"experts must start at decreasing sigmas and end with 0, got {bounds}")
        self._bounds = bounds
        self._make = make
        self._current: tuple[int, Denoiser] | None = None

    def index(self, sigma: float) -> int:
        """Which expert is in charge at ``sigma``; at its own bound an expert already is.

        For bounds of whole timesteps this is the official rule t >= 1000 bound on the integer t, because
        cutting 1000 sigma down to an integer never crosses an integer.
        """
        return next(i for i, bound in enumerate(self._bounds) if sigma >= bound)

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Velocity by the expert in charge."""
        index = self.index(sigma)
        if self._current is None or self._current[0] != index:
            self._current = None
            self._current = index, self._make(index)
        return self._current[1](latents, sigma)
