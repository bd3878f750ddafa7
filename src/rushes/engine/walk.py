"""Everything the denoising stage walks with: for all candidates of a take, then for its finalists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from rushes.diffusion.conditioning import Condition
from rushes.diffusion.denoiser import ExpertSwitch
from rushes.diffusion.sampler import SampleStep, sample
from rushes.diffusion.step_rule import StepRule
from rushes.engine.pace import Pace
from rushes.engine.reframing import Reframing
from rushes.engine.saved_run import Progress


@dataclass(frozen=True)
class Walk:
    """Down ``sigmas`` from ``latents`` (B, C, T, H, W) after ``first`` steps.

    ``members`` are the numbers (from 0) of the clips that walk. ``under`` makes the experts of this run under
    a condition, ``new_rule`` a solver that remembers nothing.
    """

    under: Callable[[Condition], ExpertSwitch]
    new_rule: Callable[[], StepRule]
    condition: Condition
    denoiser: ExpertSwitch
    step_rule: StepRule
    sigmas: Tensor
    latents: Tensor
    members: tuple[int, ...]
    pace: Pace
    reframing: Reframing | None
    first: int = 0

    @property
    def total(self) -> int:
        """Steps in all."""
        return len(self.sigmas) - 1

    def steps(self) -> Iterator[SampleStep]:
        """Those behind ``first``."""
        return sample(self.denoiser, self.latents, self.sigmas, self.step_rule, self.first)

    def of(self, members: tuple[int, ...]) -> "Walk":
        """For some of its members, with all that their solver remembers."""
        places = [self.members.index(member) for member in members]
        condition = self.condition.of(places)
        step_rule = condition.hold(self.new_rule())
        step_rule.load_state_dict(_of(self.step_rule.state_dict(), places))
        return replace(
            self,
            condition=condition,
            denoiser=self.under(condition),
            step_rule=step_rule,
            latents=self.latents[places],
            members=members,
        )

    def after(self, step: int, latents: Tensor) -> "Walk":
        """The rest of it, behind so many steps in all."""
        return replace(self, first=step, latents=latents)

    def progress(self, scores: tuple[float, ...]) -> Progress:
        """What must be kept to go on from here."""
        return Progress(self.first, self.latents, self.step_rule.state_dict(), scores)


def _of(state: Mapping[str, Tensor], places: Sequence[int]) -> dict[str, Tensor]:
    """What a solver remembers of some members: latents (..., B, C, T, H, W) are all that has members."""
    return {
        name: value.index_select(value.ndim - 5, torch.tensor(places, device=value.device))
        if value.ndim >= 5
        else value
        for name, value in state.items()
    }
