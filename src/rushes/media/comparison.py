"""Two clips in one film, to see what a change did: side by side, or one wiped over the other."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import av
import cv2
import numpy as np

from rushes.core.errors import UsageError
from rushes.core.timebase import held_frames
from rushes.media.picture import Picture, cover
from rushes.media.video import probe, read_frames, video_writer

GAP = 8
LINE = 4
LABEL_HEIGHT = 40
INK = (222, 222, 222)
Join = Callable[[Picture, Picture, float], Picture]


def side_by_side(left: Picture, right: Picture, progress: float) -> Picture:
    """Both (H, W, 3) beside each other with a gap: (H, 2 W + GAP, 3), whatever ``progress``."""
    del progress
    gap = np.zeros((len(left), GAP, 3), np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def wipe(left: Picture, right: Picture, progress: float) -> Picture:
    """``left`` up to a line that goes from the right edge (progress 0) to the left (1), then ``right``."""
    width = left.shape[1]
    edge = round((1 - progress) * width)
    joined = np.concatenate([left[:, :edge], right[:, edge:]], axis=1)
    joined[:, max(0, edge - LINE // 2) : edge + LINE // 2] = INK
    return joined


def write_comparison(clips: tuple[Path, Path], output: Path, join: Join, labels: tuple[str, str]) -> None:
    """Write an MP4 of two clips joined by :func:`side_by_side` or :func:`wipe`, names below.

    It has the size and frame rate of the first clip (twice its width side by side); frames of the second are
    held, and the shorter clip stays on its last picture. ``labels`` are drawn in ASCII. Raises UsageError for
    a file that is no film.
    """
    facts = [_facts(clip) for clip in clips]
    (width, height, rate), counts = facts[0][:3], [each[3] for each in facts]
    second = held_frames(counts[1], facts[1][2], rate)
    total = max(counts[0], len(second))
    pairs = zip_longest(read_frames(clips[0]), _held(read_frames(clips[1]), second))
    blank = np.zeros((1, width, 3), np.uint8)
    wide = join(blank, blank, 0.0).shape[1]
    captions = _captions(labels, wide, apart=wide > width)
    with video_writer(output, wide, height + LABEL_HEIGHT, rate) as writer:
        left: Picture | None = None
        right: Picture | None = None
        for index, (first, other) in enumerate(pairs):
            left = left if first is None else first
            right = right if other is None else cover(other, width, height)
            if left is None or right is None:
                raise UsageError("a clip without pictures cannot be compared: choose another file")
            joined = join(left, right, index / max(1, total - 1))
            writer.write(np.concatenate([joined, captions]))


def _facts(clip: Path) -> tuple[int, int, Fraction, int]:
    try:
        facts = probe(clip)
    except (OSError, IndexError, av.FFmpegError) as error:
        raise UsageError(f"{str(clip)!r} is no film that can be read ({error}): give an MP4 file") from error
    return facts.width, facts.height, facts.frame_rate, facts.num_frames


def _held(pictures: Iterator[Picture], shown: list[int]) -> Iterator[Picture]:
    """Picture ``shown[k]`` for every k; the indices never fall."""
    at, current = -1, None
    for index in shown:
        while at < index:
            current, at = next(pictures), at + 1
        if current is not None:
            yield current


def _captions(labels: tuple[str, str], width: int, apart: bool) -> Picture:
    """The strip below: each name under its picture, or at the two ends of one."""
    strip = np.zeros((LABEL_HEIGHT, width, 3), np.uint8)
    measured = cv2.getTextSize(labels[1], cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)[0][0]
    places = (8, width // 2 + GAP if apart else max(8, width - measured - 8))
    for label, x in zip(labels, places, strict=True):
        cv2.putText(strip, label, (x, 27), cv2.FONT_HERSHEY_SIMPLEX, 0.6, INK, 1, cv2.LINE_AA)
    return strip
