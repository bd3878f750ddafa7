from fractions import Fraction

import numpy as np

from rushes.media.sheet import contact_sheet, sheet_indices


def test_moments_run_from_first_to_last():
    assert sheet_indices(61) == [0, 9, 17, 26, 34, 43, 51, 60]
    assert sheet_indices(5) == [0, 1, 2, 3, 4]
    assert sheet_indices(1) == [0]


def test_cells_stand_in_reading_order_with_labels():
    pictures = [np.full((144, 256, 3), 30 * i, np.uint8) for i in range(8)]
    sheet = contact_sheet(pictures, [Fraction(i, 12) for i in range(8)])
    centres = [
        int(sheet[6 + 135 + row * (270 + 34), 6 + 240 + column * 486, 0])
        for row in range(2)
        for column in range(4)
    ]
    assert centres == [0, 30, 60, 90, 120, 150, 180, 210]
    label = sheet[6 + 270 : 6 + 270 + 28, 6:200]
    assert label.max() > 180
    other = sheet[6 + 270 : 6 + 270 + 28, 6 + 486 : 200 + 486]
    assert (label != other).any()
