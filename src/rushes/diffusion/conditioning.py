"""What of a clip is given, as something done around network and solver, never as another pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from einops import rearrange
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

    def of(self, members: Sequence[int]) -> "Condition":
        """The condition of some members of the batch, by their places in it."""


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

    def of(self, members: Sequence[int]) -> Condition:  # noqa: ARG002  the same for every member
        """The condition itself."""
        return self


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
class KnownTokens:
    """Clean latents in the place of chosen tokens, which stand at timestep 0 (TI2V-5B's first picture).

    ``clean`` is (1, C, T, H, W), or one for each member, of which ``known``, bool (1, 1, T, H, W), says where
    it counts; whole tokens of ``patch_size`` (time, height, width). The known cells are put back after every
    step, so the network always sees them clean. First pictures, extensions, in-betweens and boxes are this.
    """

    clean: Tensor
    known: Tensor
    patch_size: tuple[int, int, int]

    def __post_init__(self) -> None:
        """Refuse tokens that are known in part."""
        tokens = known_tokens(self.known, self.patch_size)
        if not torch.equal(tokens.sum(-1), tokens.all(-1) * tokens.shape[-1]):
            raise ValueError(f"a token of {self.patch_size} cells is known or not, never in part")

    def start(self, noise: Tensor) -> Tensor:
        """The noise around the known cells."""
        return self._put_back(noise)

    def bind(self, network: VelocityNetwork) -> VelocityNetwork:
        """The network with a timestep per token; it predicts that the known cells stay as they are."""
        still = known_tokens(self.known, self.patch_size).all(-1)

        def conditioned(latents: Tensor, timestep: Tensor, context: Any) -> Tensor:
            of_tokens = timestep[:, None].masked_fill(still.to(timestep.device), 0)
            velocity = network(latents, of_tokens, context)
            return velocity.masked_fill(self.known.to(velocity.device), 0)

        return conditioned

    def hold(self, step_rule: StepRule) -> StepRule:
        """The solver, with the known cells put back after every step."""
        return _PuttingBack(step_rule, self._put_back)

    def of(self, members: Sequence[int]) -> "KnownTokens":
        """With the clean cells of those members."""
        return self if len(self.clean) == 1 else replace(self, clean=self.clean[list(members)])

    def _put_back(self, latents: Tensor) -> Tensor:
        return torch.where(self.known.to(latents.device), self.clean.to(latents), latents)


def known_tokens(known: Tensor, patch_size: tuple[int, int, int]) -> Tensor:
    """Cells, bool (B, 1, T, H, W) -> the cells of each token (B, tokens, cells), in the network's order."""
    pt, ph, pw = patch_size
    return rearrange(known, "b 1 (t pt) (h ph) (w pw) -> b (t h w) (pt ph pw)", pt=pt, ph=ph, pw=pw)


@dataclass(frozen=True)
class _PuttingBack:
    rule: StepRule
    put_back: Callable[[Tensor], Tensor]

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        return self.put_back(self.rule.step(latents, velocity, sigma, next_sigma))

    def state_dict(self) -> dict[str, Tensor]:
        return self.rule.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.rule.load_state_dict(state)
