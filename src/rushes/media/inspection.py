"""What a file from elsewhere is: found out by a child process with little memory and time, and no disk.

This process never opens the bytes. A decoder that is led astray by a crafted file dies alone.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rushes.media.bound import Bounds, run_bound

TAKEN = ("image/png", "image/jpeg", "image/webp", "video/mp4", "video/quicktime", "video/webm")
"""Media types that are taken in, by what the bytes say, not the name."""

_CHILD = "rushes.media.inspection_child"


@dataclass(frozen=True)
class Sizes:
    """How large pictures (pixels) and how long clips (frames) may be."""

    most_pixels: int = 2**26
    most_frames: int = 20_000


USUAL, USUAL_SIZES = Bounds(), Sizes()


@dataclass(frozen=True)
class MediaFacts:
    """A picture or clip: ``media_type`` by its bytes, size in pixels.

    A picture has one frame and rate 0; of a clip ``frame_rate`` is the average of its picture track.
    """

    media_type: str
    width: int
    height: int
    num_frames: int
    frame_rate: Fraction

    @property
    def is_picture(self) -> bool:
        """Whether it stands still."""
        return self.media_type.startswith("image/")


def inspect_media(path: Path, bounds: Bounds = USUAL, sizes: Sizes = USUAL_SIZES) -> MediaFacts:
    """Look at a file whose bytes nobody vouches for.

    A picture is decoded whole; of a clip every packet is counted and the first picture decoded. Raises
    UsageError for what is no picture or clip of :data:`TAKEN`, is damaged, or needs more than ``bounds``.
    """
    arguments = (str(path), str(sizes.most_pixels), str(sizes.most_frames))
    decoder = {"OPENCV_IO_MAX_IMAGE_PIXELS": str(sizes.most_pixels)}
    answer = run_bound(_CHILD, arguments, bounds, decoder)
    return MediaFacts(**{**answer, "frame_rate": Fraction(answer["frame_rate"])})
