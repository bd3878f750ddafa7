"""The evaluation's picture: the middle frame of every clip with the words it was asked for."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rushes.evaluation.protocol import Case

COLUMNS = 6
LINE_HEIGHT = 11
SHOWN = (("color", "subject", "action"), ("environment", "weather", "time"), ("style", "camera", "direction"))


def evaluation_sheet(clips: Sequence[NDArray[np.uint8]], cases: Sequence[Case]) -> NDArray[np.uint8]:
    """RGB (H', W', 3): six to a row, the attribute ids in three lines under each."""
    cells = [_cell(clip[len(clip) // 2], case) for clip, case in zip(clips, cases, strict=True)]
    blank = np.full_like(cells[0], 24)
    cells += [blank] * (-len(cells) % COLUMNS)
    rows = [np.concatenate(cells[start : start + COLUMNS], axis=1) for start in range(0, len(cells), COLUMNS)]
    return np.concatenate(rows)


def _cell(picture: NDArray[np.uint8], case: Case) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    cell = np.full((height + 3 * LINE_HEIGHT + 6, width + 4, 3), 24, np.uint8)
    cell[:height, :width] = picture
    for line, slots in enumerate(SHOWN):
        words = " ".join(case.attributes[slot] for slot in slots)
        place = (2, height + (line + 1) * LINE_HEIGHT)
        cv2.putText(cell, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (222, 222, 222), 1, cv2.LINE_AA)
    return cell
