"""Which LoRA file is added how strongly to which expert."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rushes.core.errors import UsageError

MAX_STRENGTH = 10.0


class Noise(StrEnum):
    """The experts of a pair, by the noise they work at."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True)
class LoraUse:
    """One LoRA file at a strength; for one expert of a pair only, or, without ``noise``, for all."""

    path: Path
    strength: float = 1.0
    noise: Noise | None = None

    def __post_init__(self) -> None:
        """Refuse strengths that can only be a slip."""
        if not (math.isfinite(self.strength) and 0 < abs(self.strength) <= MAX_STRENGTH):
            raise UsageError(
                f"strength {self.strength:g} of {self.path} cannot work: use -{MAX_STRENGTH:g} to "
                f"{MAX_STRENGTH:g}, not 0"
            )


def parse_lora(text: str, noise: Noise | None) -> LoraUse:
    """``FILE`` or ``FILE:STRENGTH``. Raises UsageError for a strength that cannot work."""
    path, colon, strength = text.rpartition(":")
    try:
        return LoraUse(Path(path), float(strength), noise) if colon else LoraUse(Path(text), 1.0, noise)
    except UsageError:
        raise
    except ValueError:  # a colon in the name, as in C:\\file
        return LoraUse(Path(text), 1.0, noise)
