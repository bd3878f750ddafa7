"""What a file from elsewhere is: found out by a child process with little memory and time, and no disk.

This process never opens the bytes. A decoder that is led astray by a crafted file dies alone.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import BoundedSemaphore

from rushes.core.errors import UsageError

TAKEN = ("image/png", "image/jpeg", "image/webp", "video/mp4", "video/quicktime", "video/webm")
"""Media types that are taken in, by what the bytes say, not the name."""

_CHILD = "rushes.media.inspection_child"
# Many files at once wait here rather than in the machine's memory.
_AT_ONCE = BoundedSemaphore(4)


@dataclass(frozen=True)
class Bounds:
    """What the child may use, and how large pictures (pixels) and how long clips (frames) may be."""

    memory_bytes: int = 2 * 2**30
    cpu_s: int = 20
    timeout_s: float = 60.0
    most_pixels: int = 2**26
    most_frames: int = 20_000


USUAL = Bounds()


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


def inspect_media(path: Path, bounds: Bounds = USUAL) -> MediaFacts:
    """Look at a file whose bytes nobody vouches for.

    A picture is decoded whole; of a clip every packet is counted and the first picture decoded. Raises
    UsageError for what is no picture or clip of :data:`TAKEN`, is damaged, or needs more than ``bounds``.
    """
    limits = [bounds.memory_bytes, bounds.cpu_s, bounds.most_pixels, bounds.most_frames]
    # -I: neither the environment nor the working folder chooses what the child imports.
    command = [sys.executable, "-I", "-m", _CHILD, str(path), *map(str, limits)]
    with _AT_ONCE:
        try:
            done = subprocess.run(
                command, env=_environment(bounds), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, timeout=bounds.timeout_s, close_fds=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"the file could not be examined within {bounds.timeout_s:g} s: send a smaller one"
            ) from None
    if done.returncode != 0:
        raise UsageError("the file could not be examined safely: save it again as PNG or MP4 and send that")
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise UsageError(answer["problem"])
    return MediaFacts(**{**answer, "frame_rate": Fraction(answer["frame_rate"])})


def _environment(bounds: Bounds) -> dict[str, str]:
    """Nothing of ours: no keys, no homes. Threads would only take memory."""
    limits = {"OPENCV_IO_MAX_IMAGE_PIXELS": str(bounds.most_pixels), "OMP_NUM_THREADS": "1"}
    return {"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", **limits}
