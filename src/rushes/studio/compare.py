"""Two takes in one film, frame by frame: side by side above, below a wipe that travels across."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rushes.media.picture import lanczos
from rushes.media.video import video_writer
from rushes.studio.master_file import master_facts, read_master

Picture = NDArray[np.uint8]
GAP = 8
LABEL_HEIGHT = 36
LINE = 2
GREY, INK, WIPE = 24, (222, 222, 222), (255, 255, 255)
WIDTH = 640


def compare(first: Path, second: Path, labels: tuple[str, str], film: Path) -> int:
    """Write an MP4 that compares two masters at the first one's rate; the number of its frames.

    The longer take decides the length; the shorter one holds its last frame.
    """
    one, other = master_facts(first), master_facts(second)
    num_frames = max(one.num_frames, other.num_frames)
    # Even, as 4:2:0 wants it.
    height = round(WIDTH * one.height / one.width / 2) * 2
    rows = LABEL_HEIGHT + 2 * height + GAP
    with video_writer(film, 2 * WIDTH + GAP, rows, one.frame_rate) as writer:
        for number, (left, right) in enumerate(_pairs(first, second)):
            writer.write(_page(left, right, labels, height, number / max(1, num_frames - 1)))
    return num_frames


def _pairs(first: Path, second: Path) -> Iterator[tuple[Picture, Picture]]:
    last: list[Picture | None] = [None, None]
    for pair in zip_longest(read_master(first), read_master(second)):
        last = [held if new is None else new[0] for new, held in zip(pair, last, strict=True)]
        left, right = last
        assert left is not None
        assert right is not None
        yield left, right


def _page(left: Picture, right: Picture, labels: tuple[str, str], height: int, share: float) -> Picture:
    """One frame: labels, both takes, and the wipe with ``share`` of the second take showing."""
    a, b = (lanczos(picture, WIDTH, height) for picture in (left, right))
    page = np.full((LABEL_HEIGHT + 2 * height + GAP, 2 * WIDTH + GAP, 3), GREY, np.uint8)
    for x, label in zip((0, WIDTH + GAP), labels, strict=True):
        cv2.putText(page, label, (x + 8, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.6, INK, 1, cv2.LINE_AA)
    top, below = LABEL_HEIGHT, LABEL_HEIGHT + height + GAP
    page[top : top + height, :WIDTH] = a
    page[top : top + height, WIDTH + GAP :] = b
    edge, start = round(share * WIDTH), (WIDTH + GAP) // 2
    wiped = np.concatenate([b[:, :edge], a[:, edge:]], axis=1)
    wiped[:, max(0, edge - LINE) : edge] = WIPE
    page[below : below + height, start : start + WIDTH] = wiped
    return page
