"""A given first picture as something done around network and solver, never as another pipeline."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from einops import repeat
from torch import Tensor

from rushes.diffusion.denoiser import VelocityNetwork
from rushes.diffusion.step_rule import StepRule


class Condition(Protocol):
    """What a run keeps to beside its text."""

    def start(self, noise: Tensor) -> Tensor:
        """The latents (B, C, T, H, W) a run begins with."""

    def bind(self, network: VelocityNetwork) -> VelocityNetwork:
        """The network under this condition."""

    def hold(self, step_rule: StepRule) -> StepRule:
        """The solver under this condition."""


class Unconditional:
    """Text alone."""

    def start(self, noise: Tensor) -> Tensor:
        """The noise."""
        return noise

    def bind(self, network: VelocityNetwork) -> VelocityNetwork:
        """The network itself."""
        return network

    def hold(self, step_rule: StepRule) -> StepRule:
        """The solver itself."""
        return step_rule


@dataclass(frozen=True)
class ExtraChannels(Unconditional):
    """Condition channels (1, C', T, H, W) beside the latents at every step (Wan2.2-I2V-A14B)."""

    channels: Tensor

    def bind(self, network: VelocityNetwork) -> VelocityNetwork:
        """The network with the condition on its last input channels."""

        def conditioned(latents: Tensor, timestep: Tensor, context: Any) -> Tensor:
            beside = self.channels.to(latents).expand(latents.shape[0], -1, -1, -1, -1)
            return network(torch.cat([latents, beside], dim=1), timestep, context)

        return conditioned


def first_frame_channels(encoded: Tensor, frames_per_latent: int) -> Tensor:
    """Mask and encoded clip (1, C, T, H, W) -> condition channels (1, frames_per_latent + C, T, H, W).

    The clip is the first picture followed by grey. A mask channel stands for each frame of a latent frame; it
    is 1 where the frame is given: in the whole first latent frame, which the first picture fills alone.
    """
    mask = torch.zeros_like(encoded[:, :1]).repeat(1, frames_per_latent, 1, 1, 1)
    mask[:, :, 0] = 1
    return torch.cat([mask, encoded], dim=1)


@dataclass(frozen=True)
class KeptFrames:
    """Clean latents (1, C, t, H, W) in place of the first t latent frames, their tokens at timestep 0.

    As TI2V-5B does with a first picture: the frames are put back after every step, so the network always sees
    them clean. ``patch_size`` (time, height, width) says which tokens are theirs.
    """

    clean: Tensor
    patch_size: tuple[int, int, int]

    def start(self, noise: Tensor) -> Tensor:
        """The noise behind the kept frames."""
        return _put_back(noise, self.clean)

    def bind(self, network: VelocityNetwork) -> VelocityNetwork:
        """The network with a timestep per token; it predicts that the kept frames stay as they are."""

        def conditioned(latents: Tensor, timestep: Tensor, context: Any) -> Tensor:
            of_tokens = repeat(timestep, "b -> b tokens", tokens=self._tokens(latents)).clone()
            of_tokens[:, : self._tokens(self.clean)] = 0
            velocity = network(latents, of_tokens, context).clone()
            velocity[:, :, : self.clean.shape[2]] = 0
            return velocity

        return conditioned

    def hold(self, step_rule: StepRule) -> StepRule:
        """The solver, with the kept frames put back after every step."""
        return _PuttingBack(step_rule, self.clean)

    def _tokens(self, latents: Tensor) -> int:
        return math.prod(latents.shape[2:]) // math.prod(self.patch_size)


@dataclass(frozen=True)
class _PuttingBack:
    rule: StepRule
    clean: Tensor

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        return _put_back(self.rule.step(latents, velocity, sigma, next_sigma), self.clean)

    def state_dict(self) -> dict[str, Tensor]:
        return self.rule.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.rule.load_state_dict(state)


def _put_back(latents: Tensor, clean: Tensor) -> Tensor:
    kept = clean.to(latents).expand(latents.shape[0], -1, -1, -1, -1)
    return torch.cat([kept, latents[:, :, clean.shape[2] :]], dim=2)
