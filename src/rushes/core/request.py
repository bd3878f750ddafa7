"""What a person asks of the engine: one frozen request, checked before any expensive work."""

from dataclasses import dataclass
from fractions import Fraction

from rushes.core.errors import UsageError

MAX_PROMPT_CHARACTERS = 4000
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Sampling:
    """How the latents are sampled. One guidance scale for each expert; 1 means none."""

    steps: int
    guidance_high: float
    guidance_low: float
    shift: float

    def __post_init__(self) -> None:
        """Refuse what no sampler can do."""
        if not 1 <= self.steps <= 200:
            raise UsageError(f"steps {self.steps} is out of range: use 1 to 200")
        for name, scale in (("guidance-high", self.guidance_high), ("guidance-low", self.guidance_low)):
            if not 0 <= scale <= 30:
                raise UsageError(f"{name} {scale:g} is out of range: use 0 to 30")
        if not 0.1 <= self.shift <= 50:
            raise UsageError(f"shift {self.shift:g} is out of range: use 0.1 to 50")


@dataclass(frozen=True)
class Request:
    """One clip: words, length, sampling and seed. ``context_text`` is what the model reads for ``prompt``."""

    prompt: str
    context_text: str
    num_frames: int
    frame_rate: Fraction
    height: int
    width: int
    seed: int
    sampling: Sampling
    negative_prompt: str = ""

    def __post_init__(self) -> None:
        """Refuse empty or endless prompts and impossible seeds."""
        check_prompt(self.prompt)
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"seed {self.seed} is out of range: use 0 to {MAX_SEED}")


def check_prompt(prompt: str) -> None:
    """Raise UsageError for a prompt without words or beyond the cap."""
    if not any(character.isalnum() for character in prompt):
        raise UsageError(
            f"prompt {prompt!r} has no words: describe the shot, for example 'a fox leaps over snow'"
        )
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise UsageError(
            f"prompt has {len(prompt)} characters: the limit is {MAX_PROMPT_CHARACTERS}, shorten it"
        )
