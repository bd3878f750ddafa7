"""One solver update along dx/dsigma = velocity."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class StepRule(Protocol):
    """How latents move from one noise level to the next."""

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """Latents at ``next_sigma``, from latents and velocity at ``sigma``."""


@dataclass(frozen=True)
class EulerStep:
    """First order: follow the velocity in a straight line."""

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """x + (sigma' - sigma) v."""
        return latents + (next_sigma - sigma) * velocity
