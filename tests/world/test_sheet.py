import numpy as np

from rushes.world.render import render_frames
from rushes.world.scene import sample_scene
from rushes.world.sheet import contact_sheet


def test_a_sheet_shows_the_scenes_in_reading_order():
    sheet = contact_sheet(20, rows=2, columns=3)
    assert sheet.shape == (320, 768, 3)
    assert sheet.dtype == np.uint8
    assert (sheet[160:, 256:512] == render_frames(sample_scene(24), 1)[0]).all()
