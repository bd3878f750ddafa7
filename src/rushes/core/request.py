"""What a person asks of the engine: one frozen request, checked before any expensive work."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from rushes.core.errors import UsageError

MAX_PROMPT_CHARACTERS = 4000
MAX_SEED = 2**63 - 1
MAX_CANDIDATES = 16


SCHEDULES = ("flow", "official", "diffusers")
STEP_RULES = ("euler", "unipc", "dpm++")


@dataclass(frozen=True)
class Sampling:
    """How the latents are sampled. One guidance scale for each expert; 1 means none.

    ``schedule`` names the grid of noise levels and ``step_rule`` the solver (``rushes.diffusion``).
    ``sigmas`` gives the levels outright, ``steps`` + 1 of them; then schedule and shift play no part. With a
    ``still_shift`` above 0 a still is made first, on levels shifted by it, and the clip starts from it. Of
    several candidates the better half, at least two, goes on after a share of the steps, ``halve_after``:
    above 0, up to 1 for all of them.
    """

    steps: int
    guidance_high: float
    guidance_low: float
    shift: float
    schedule: str = "flow"
    step_rule: str = "euler"
    sigmas: tuple[float, ...] = ()
    still_shift: float = 0.0
    halve_after: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no sampler can do."""
        if not 1 <= self.steps <= 200:
            raise UsageError(f"steps {self.steps} is out of range: use 1 to 200")
        for name, scale in (("guidance-high", self.guidance_high), ("guidance-low", self.guidance_low)):
            if not 0 <= scale <= 30:
                raise UsageError(f"{name} {scale:g} is out of range: use 0 to 30")
        if not 0.1 <= self.shift <= 50:
            raise UsageError(f"shift {self.shift:g} is out of range: use 0.1 to 50")
        if self.still_shift and not 0.1 <= self.still_shift <= 50:
            raise UsageError(
                f"still shift {self.still_shift:g} is out of range: use 0.1 to 50, or 0 for none"
            )
        if not 0 < self.halve_after <= 1:
            raise UsageError(f"halve after {self.halve_after:g} is out of range: use more than 0, up to 1")
        for name, value, choices in (
            ("schedule", self.schedule, SCHEDULES),
            ("step rule", self.step_rule, STEP_RULES),
        ):
            if value not in choices:
                raise UsageError(f"{name} {value!r} is unknown: choose {', '.join(choices)}")
        if self.sigmas:
            _check_sigmas(self.sigmas, self.steps)

    @property
    def is_guided(self) -> bool:
        """Whether any expert is asked a second time, without the words."""
        return {self.guidance_high, self.guidance_low} != {1}


@dataclass(frozen=True)
class Edit:
    """How a given clip is changed: it follows ``source_text`` so far (``rushes.diffusion.flow_edit``).

    The walk begins at the first level up to ``from_sigma``: the higher, the more may change.
    ``source_guidance`` belongs to the old words, the request's own guidance to the new ones. ``noises`` are
    averaged over. With ``masked`` only what the two readings differ in changes.
    """

    source_text: str
    from_sigma: float = 1.0
    source_guidance: float = 1.5
    noises: int = 2
    masked: bool = True

    def __post_init__(self) -> None:
        """Refuse what no edit can do."""
        check_text("source text", self.source_text)
        if not 0 < self.from_sigma <= 1:
            raise UsageError(f"edit from sigma {self.from_sigma:g} is out of range: use more than 0, up to 1")
        if not 1 <= self.noises <= MAX_CANDIDATES:
            raise UsageError(f"{self.noises} noises are out of range: use 1 to {MAX_CANDIDATES}")


@dataclass(frozen=True)
class Request:
    """One clip: words, length, sampling and seed. ``context_text`` is what the model reads for ``prompt``.

    ``num_frames`` are made and the last ``trim`` of them cut off. ``first_frame`` is the SHA-256 of the
    picture the clip starts from (``rushes.core.recipe.picture_digest``), empty without one. ``candidates``
    clips are made in one batch, of ``seed`` and those that follow it, and the best of them is delivered.
    ``given`` is the SHA-256 of a clip given in part or whole (``rushes.engine.given``), which ``edit``
    changes; ``sliders`` are names and values in -1..1 of the numbers that steer the model.
    """

    prompt: str
    context_text: str
    num_frames: int
    frame_rate: Fraction
    height: int
    width: int
    seed: int
    sampling: Sampling
    negative_prompt: str = ""
    trim: int = 0
    first_frame: str = ""
    candidates: int = 1
    given: str = ""
    edit: Edit | None = None
    sliders: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse empty or endless prompts and impossible seeds."""
        check_prompt(self.prompt)
        check_text("negative prompt", self.negative_prompt)
        if not 0 <= self.trim < self.num_frames:
            raise UsageError(f"{self.trim} of {self.num_frames} frames cannot be cut off: leave at least one")
        if not 1 <= self.candidates <= MAX_CANDIDATES:
            raise UsageError(f"candidates {self.candidates} is out of range: use 1 to {MAX_CANDIDATES}")
        if self.given and self.first_frame:
            raise UsageError("a first frame and a clip were given: leave one of them out")
        if self.edit and not self.given:
            raise UsageError("an edit needs the clip it changes")
        if self.edit and (self.sampling.step_rule != "euler" or self.candidates > 1):
            raise UsageError("an edit walks by euler and has no candidates")
        for name, value in self.sliders:
            if not -1 <= value <= 1:
                raise UsageError(f"slider {name} {value:g} is out of range: use -1 to 1")
        if not 0 <= self.seed <= MAX_SEED - self.candidates + 1:
            raise UsageError(f"seed {self.seed} is out of range: use 0 to {MAX_SEED - self.candidates + 1}")

    @property
    def halving_step(self) -> int:
        """After this step (from 1) the finalists go on without the other candidates."""
        return max(1, round(self.sampling.halve_after * self.sampling.steps))

    @property
    def finalists(self) -> int:
        """How many of the candidates are walked to the end."""
        is_halved = self.halving_step < self.sampling.steps
        return min(self.candidates, max(2, self.candidates // 2)) if is_halved else self.candidates

    @property
    def clip_steps(self) -> int:
        """Steps of single clips: those of all candidates, and behind the halving step those of finalists."""
        steps, together = self.sampling.steps, self.halving_step
        return self.candidates * together + self.finalists * (steps - together)


def _check_sigmas(sigmas: tuple[float, ...], steps: int) -> None:
    falling = all(a > b for a, b in pairwise(sigmas))
    if not (falling and sigmas[0] <= 1 and sigmas[-1] == 0 and len(sigmas) == steps + 1):
        raise UsageError(
            f"sigmas {', '.join(f'{sigma:g}' for sigma in sigmas)} cannot be walked in {steps} steps: "
            "give steps + 1 falling levels from at most 1 down to 0"
        )


def check_prompt(prompt: str) -> None:
    """Raise UsageError for a prompt without words, with half a character, or beyond the cap."""
    if not any(character.isalnum() for character in prompt):
        raise UsageError(
            f"prompt {prompt!r} has no words: describe the shot, for example 'a fox leaps over snow'"
        )
    check_text("prompt", prompt)


def check_text(name: str, text: str) -> None:
    """Raise UsageError for a text beyond the cap or with half of a surrogate pair, which is no character."""
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise UsageError(
            f"{name} has {len(text)} characters: the limit is {MAX_PROMPT_CHARACTERS}, shorten it"
        )
    for position, character in enumerate(text, 1):
        if "\ud800" <= character <= "\udfff":
            raise UsageError(
                f"{name} has {character!r} at character {position}, which is half a character: type it again"
            )
