"""From a model's native frames to the delivered clip: rows cut away, brought to size, frames held to rate."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from rushes.core.errors import UsageError
from rushes.core.timebase import held_frames
from rushes.media.picture import Picture, write_png
from rushes.media.sheet import contact_sheet, sheet_indices
from rushes.media.video import H264_OPTIONS, VideoWriter, video_writer

REVISION = 1
SMALLEST_WIDTH, LARGEST_WIDTH = 128, 3840


@dataclass(frozen=True)
class Crop:
    """The part of a native picture that is delivered, in pixels from its top left corner."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class Delivery:
    """What becomes of ``num_frames`` native frames at ``source_rate``: cropped, resized, held."""

    num_frames: int
    source_rate: Fraction
    crop: Crop
    width: int
    height: int
    frame_rate: Fraction

    def settings(self) -> Mapping[str, Any]:
        """What a recipe records; equal settings and frames give equal files."""
        return {
            "crop": [self.crop.top, self.crop.left, self.crop.height, self.crop.width],
            "enlarge": "lanczos",
            "size": [self.width, self.height],
            "motion": "held frames",
            "source_rate": str(self.source_rate),
            "frame_rate": str(self.frame_rate),
            "h264": H264_OPTIONS,
        }


def check_size(width: int, height: int, crop: Crop) -> None:
    """Raise UsageError for a size with another aspect than ``crop``, odd sides, or out of range."""
    same_aspect = width * crop.height == height * crop.width
    if same_aspect and not (width % 2 or height % 2) and SMALLEST_WIDTH <= width <= LARGEST_WIDTH:
        return
    ratio = Fraction(crop.width, crop.height)
    examples = [f"{w}x{w / ratio}" for w in (640, 1280, 1920) if (w / ratio).denominator == 1]
    raise UsageError(
        f"size {width}x{height} cannot be made: this model delivers {ratio.numerator}:{ratio.denominator}"
        f" with even sides, {SMALLEST_WIDTH} to {LARGEST_WIDTH} pixels wide, such as {', '.join(examples)}"
    )


class Enlarger(Protocol):
    """Makes frames larger before Lanczos brings them to the delivered size; it may keep some back."""

    def push(self, frames: Picture) -> Picture:
        """The next frames (t, H, W, 3) -> those that are ready (t', H', W', 3)."""

    def end(self) -> Picture:
        """What is left at the end of the clip."""


class ClipWriter:
    """Takes native frames in order and makes clip and contact sheet of them."""

    def __init__(self, video: VideoWriter, delivery: Delivery, enlarger: Enlarger | None) -> None:
        self._video, self._enlarger = video, enlarger
        self._crop = delivery.crop
        self._source_rate = delivery.source_rate
        shown = held_frames(delivery.num_frames, delivery.source_rate, delivery.frame_rate)
        self._times = Counter(shown)
        self._on_sheet = set(sheet_indices(delivery.num_frames))
        self._count = 0
        self._kept: list[tuple[Picture, Fraction]] = []

    def write(self, frames: Picture) -> None:
        """The next native frames, uint8 (t, H, W, 3)."""
        crop = self._crop
        seen = frames[:, crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
        self._append(self._enlarger.push(seen) if self._enlarger else seen)

    def end(self) -> None:
        """No more frames will come."""
        if self._enlarger:
            self._append(self._enlarger.end())

    def _append(self, frames: Picture) -> None:
        for frame in frames:
            self._video.write(frame, self._times[self._count])
            if self._count in self._on_sheet:
                self._kept.append((frame.copy(), self._count / self._source_rate))
            self._count += 1

    def sheet(self) -> Picture:
        """The contact sheet of what was written, each picture with its time."""
        pictures, times = zip(*self._kept, strict=True)
        return contact_sheet(pictures, times)


@contextmanager
def deliver(
    video: Path, sheet: Path, delivery: Delivery, enlarger: Enlarger | None = None
) -> Iterator[ClipWriter]:
    """Write ``video`` (MP4) and ``sheet`` (PNG); both appear when the block ends well and never half-made.

    Without an ``enlarger`` Lanczos alone brings the frames to size.
    """
    with video_writer(video, delivery.width, delivery.height, delivery.frame_rate) as writer:
        clip = ClipWriter(writer, delivery, enlarger)
        yield clip
        clip.end()
        write_png(sheet, clip.sheet())
