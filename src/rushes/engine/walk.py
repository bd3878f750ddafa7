"""Everything the denoising stage walks with: for all candidates of a take, then for the one that goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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

    ``under`` makes the experts of this run under a condition, ``new_rule`` a solver that remembers nothing.
    """

    under: Callable[[Condition], ExpertSwitch]
    new_rule: Callable[[], StepRule]
    condition: Condition
    denoiser: ExpertSwitch
    step_rule: StepRule
    sigmas: Tensor
    latents: Tensor
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

    def alone(self, member: int) -> "Walk":
        """For one of several members, with all that its solver remembers."""
        condition = self.condition.alone(member)
        step_rule = condition.hold(self.new_rule())
        step_rule.load_state_dict(_of_member(self.step_rule.state_dict(), member))
        return replace(
            self,
            condition=condition,
            denoiser=self.under(condition),
            step_rule=step_rule,
            latents=self.latents[member : member + 1],
        )

    def after(self, step: int, latents: Tensor) -> "Walk":
        """The rest of it, behind so many steps in all."""
        return replace(self, first=step, latents=latents)

    def progress(self, scores: tuple[float, ...]) -> Progress:
        """What must be kept to go on from here."""
        return Progress(self.first, self.latents, self.step_rule.state_dict(), scores)


def best_of(scores: Sequence[float]) -> int:
    """Number (from 0) of the highest score, the first of equal ones."""
    return max(range(len(scores)), key=scores.__getitem__)


def _of_member(state: Mapping[str, Tensor], member: int) -> dict[str, Tensor]:
    """What a solver remembers, of one member: latents (..., B, C, T, H, W) are all that has members."""
    return {
        name: value.narrow(value.ndim - 5, member, 1) if value.ndim >= 5 else value
        for name, value in state.items()
    }
