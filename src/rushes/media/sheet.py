"""Contact sheets: a few moments of a clip in one picture, each with its time."""

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np

from rushes.media.picture import Picture, lanczos

CELLS = 8
COLUMNS = 4
CELL_WIDTH = 480
LABEL_HEIGHT = 28
GAP = 6
BACKGROUND = 24
INK = (222, 222, 222)


def sheet_indices(num_frames: int) -> list[int]:
    """Frames shown on the sheet: first, last and evenly between; fewer when the clip has fewer."""
    return sorted({round(x) for x in np.linspace(0, num_frames - 1, CELLS)})


def contact_sheet(pictures: Sequence[Picture], times: Sequence[Fraction]) -> Picture:
    """``pictures`` (H, W, 3) in rows of four, each with its time in seconds below; RGB (H', W', 3)."""
    height, width = pictures[0].shape[:2]
    cell_height = round(CELL_WIDTH * height / width)
    rows = -(-len(pictures) // COLUMNS)
    pitch_y, pitch_x = cell_height + LABEL_HEIGHT + GAP, CELL_WIDTH + GAP
    sheet = np.full((rows * pitch_y + GAP, COLUMNS * pitch_x + GAP, 3), BACKGROUND, np.uint8)
    for index, (picture, time) in enumerate(zip(pictures, times, strict=True)):
        y, x = GAP + index // COLUMNS * pitch_y, GAP + index % COLUMNS * pitch_x
        sheet[y : y + cell_height, x : x + CELL_WIDTH] = lanczos(picture, CELL_WIDTH, cell_height)
        baseline = (x + 4, y + cell_height + LABEL_HEIGHT - 9)
        cv2.putText(
            sheet, f"{float(time):.2f} s", baseline, cv2.FONT_HERSHEY_SIMPLEX, 0.55, INK, 1, cv2.LINE_AA
        )
    return sheet
