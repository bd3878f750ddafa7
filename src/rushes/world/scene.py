"""One sampled shot of the film world: a value for every slot of the vocabulary, and a seed for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS, VALID_ACTIONS

TRAVELLING = frozenset({"walk", "run", "leap", "fly"})
"""Actions that carry the subject along the ground; only these can be tracked."""

REVISION = 2
"""Goes up whenever a seed gives another scene or other pictures; what was rendered before is not mixed in."""

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Scene:
    """Attributes of one shot. ``seed`` moves only what no slot names: offsets, phases, sizes within a few
    per cent.

    Raises ``UsageError`` for a value outside the vocabulary or an impossible combination.
    """

    subject: str
    color: str
    action: str
    direction: str
    environment: str
    weather: str
    time: str
    style: str
    camera: str
    seed: int

    def __post_init__(self) -> None:
        for slot, value in self.attributes().items():
            if value not in SLOTS[slot]:
                raise UsageError(
                    f"{slot} {value!r} is not in the world; choose one of {', '.join(SLOTS[slot])}"
                )
        if not is_valid(self.attributes()):
            raise UsageError(
                f"subject {self.subject!r}, action {self.action!r} and camera {self.camera!r} do not match; "
                f"it can {', '.join(VALID_ACTIONS[self.subject])}, "
                f"and track needs one of {', '.join(sorted(TRAVELLING))}"
            )

    def attributes(self) -> dict[str, str]:
        """Slot -> id, every slot of the vocabulary."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "seed"}

    def random(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that one use never shifts another."""
        return np.random.default_rng([self.seed & _MASK, *purpose.encode()])


def is_valid(attributes: Mapping[str, str]) -> bool:
    """Whether subject, action and camera go together: the action is one of the subject's, tracked ones
    travel.
    """
    if attributes["action"] not in VALID_ACTIONS[attributes["subject"]]:
        return False
    return attributes["camera"] != "track" or attributes["action"] in TRAVELLING


def sample_scene(seed: int) -> Scene:
    """Draw a scene, uniform over the valid combinations; the same seed gives the same scene."""
    generator = np.random.default_rng(seed & _MASK)
    while True:
        attributes = {slot: values[int(generator.integers(len(values)))] for slot, values in SLOTS.items()}
        if is_valid(attributes):
            return Scene(**attributes, seed=seed)
