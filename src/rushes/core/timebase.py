"""Exact time: frame rates are fractions, durations become 4n+1 frames, and the change is shown."""

from dataclasses import dataclass
from fractions import Fraction

from rushes.core.errors import UsageError

DELIVERY_RATE = Fraction(24)
"""Frames a second of what is delivered where nobody asks for others."""


@dataclass(frozen=True)
class Duration:
    """A length of time as a model makes it; ``asked_s`` (seconds) is what was wanted.

    ``num_frames`` are made and the last ``trim`` of them cut off.
    """

    asked_s: Fraction
    num_frames: int
    frame_rate: Fraction
    trim: int = 0

    @property
    def seconds(self) -> Fraction:
        """Real length, exact."""
        return (self.num_frames - self.trim) / self.frame_rate

    def describe(self) -> str:
        """One line for a person: what was asked and what is made."""
        if self.trim:
            return (
                f"{self.num_frames - self.trim} frames asked -> {self.num_frames} made, the last {self.trim}"
                f" cut off, at {float(self.frame_rate):g} fps = {float(self.seconds):.2f} s"
            )
        return (
            f"{float(self.asked_s):g} s asked -> {self.num_frames} frames at {float(self.frame_rate):g} fps"
            f" = {float(self.seconds):.2f} s"
        )


def parse_seconds(text: str) -> Fraction:
    """``"5"``, ``"2.5"`` or ``"61/12"`` -> exact seconds; UsageError otherwise."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{text!r} is not a number of seconds: write it like 5 or 2.5") from None


def frames_for(seconds: Fraction, frame_rate: Fraction, step: int, limits: tuple[int, int]) -> Duration:
    """The nearest step*n+1 frames that last ``seconds``.

    ``limits`` are the fewest and most frames the model makes. Raises UsageError outside them.
    """
    if seconds <= 0:
        raise UsageError(f"{float(seconds):g} seconds is not a duration: ask for more than 0")
    num_frames = round(seconds * frame_rate / step) * step + 1
    fewest, most = limits
    if not fewest <= num_frames <= most:
        raise UsageError(
            f"{float(seconds):g} seconds is {num_frames} frames at {float(frame_rate):g} fps: ask for "
            f"{float((fewest - 1) / frame_rate):g} to {float((most - 1) / frame_rate):g} seconds"
        )
    return Duration(seconds, num_frames, frame_rate)


def frames_covering(num_frames: int, frame_rate: Fraction, step: int, limits: tuple[int, int]) -> Duration:
    """The next step*n+1 frames from ``num_frames`` up, the surplus to be cut off.

    Raises UsageError outside ``limits``, the fewest and most frames the model makes.
    """
    fewest, most = limits
    if not 1 <= num_frames <= most:
        raise UsageError(f"{num_frames} frames cannot be made: ask for 1 to {most} frames")
    made = max(fewest, -((1 - num_frames) // step) * step + 1)
    return Duration(num_frames / frame_rate, made, frame_rate, made - num_frames)


def frames_at(num_frames: int, source: Fraction, target: Fraction) -> int:
    """How many frames a clip of another rate is, at least one."""
    return max(1, round(num_frames * target / source))


def held_frames(num_frames: int, source: Fraction, target: Fraction) -> list[int]:
    """Source index shown at each target frame when frames are held (repeated or dropped), never blended.

    Frame k of the result starts at k/target seconds and shows what the source shows at that instant.
    """
    count = int(num_frames * target / source)
    return [min(int(index * source / target), num_frames - 1) for index in range(count)]
