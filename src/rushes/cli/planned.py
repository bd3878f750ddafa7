"""What a take is planned to be, before any model is loaded: what commands, workers and the server share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rushes.cli.framing import Framing
from rushes.core.lora_use import LoraUse
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Request
from rushes.core.timebase import DELIVERY_RATE

if TYPE_CHECKING:
    from rushes.engine.given import GivenClip
    from rushes.media.delivery import Delivery
    from rushes.models.model_files import ModelFiles

# What the files a take starts from are called among its inputs; LoRAs are counted from 1.
FIRST_FRAME, LORA, CLIP, FIRST, LAST = "first_frame", "lora", "clip", "first", "last"


class Asked(Protocol):
    """What a take is asked to be: a ``TakeRequest`` of the studio, or the same before there is a studio."""

    @property
    def prompt(self) -> str:
        """The words."""

    @property
    def seed(self) -> int:
        """Where its noise comes from."""

    @property
    def model(self) -> str:
        """Name or folder."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What :data:`rushes.cli.take_plan.SETTINGS` lists, as JSON can hold it."""


@dataclass(frozen=True)
class Wish:
    """What one command asks of a take, checked before the studio and its database are loaded."""

    prompt: str
    seed: int
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """Files a take starts from: its first picture, LoRAs in the order of its settings, the clip it is made
    of, or the two ends it joins.
    """

    first_frame: Path | None = None
    loras: tuple[Path, ...] = ()
    clip: Path | None = None
    ends: tuple[Path, Path] | None = None

    def roles(self) -> tuple[tuple[str, Path], ...]:
        """Every file with its role among a take's inputs."""
        found = [(FIRST_FRAME, self.first_frame), (CLIP, self.clip)]
        found += [(f"{LORA} {number}", path) for number, path in enumerate(self.loras, 1)]
        found += zip((FIRST, LAST), self.ends or (), strict=False)
        return tuple((role, path) for role, path in found if path is not None)


NOTHING = Given()


@dataclass(frozen=True)
class Planned:
    """A take's request as the engine wants it.

    ``words`` say how the prompt was read and ``length`` how the duration came about, for a person. ``given``
    is the clip the take is made of; one longer than the model makes at once is made in windows, of which
    ``window`` is the longest. ``delivery_rate``: frames a second of the finished clip. ``opened`` are the
    model's files where planning had to open them.
    """

    folder: Path
    facts: ModelFacts
    request: Request
    framing: Framing
    loras: tuple[LoraUse, ...] = ()
    words: tuple[str, ...] = ()
    length: str = ""
    given: "GivenClip | None" = None
    window: Request | None = None
    delivery_rate: Fraction = DELIVERY_RATE
    opened: "ModelFiles | None" = field(default=None, compare=False, repr=False)

    def files(self) -> "ModelFiles":
        """The model's files with the LoRAs in them; nothing is loaded."""
        from rushes.models.bundle import open_model
        from rushes.models.lora import with_loras

        return with_loras(self.opened or open_model(self.folder), self.loras)

    @property
    def at_once(self) -> Request:
        """The most that is made at once, which decides the memory."""
        return self.window or self.request

    def delivery(self) -> "Delivery":
        """What becomes of the native frames."""
        from rushes.media.delivery import Delivery

        num_frames = self.request.num_frames - self.request.trim
        rate, framing = self.request.frame_rate, self.framing
        return Delivery(num_frames, rate, framing.crop, *framing.delivered, self.delivery_rate)


def generating(request: Request) -> float:
    """What the generator's time goes with: steps times pixels of all clips; an edit walks twice."""
    steps = 2 * request.edit.noises * request.sampling.steps if request.edit else request.clip_steps
    return float(steps * request.num_frames * request.height * request.width)


def finishing(planned: Planned) -> float:
    """What finishing's time goes with: frames."""
    return float(planned.request.num_frames - planned.request.trim)
