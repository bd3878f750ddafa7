import subprocess
import sys

import numpy as np
import pytest

from rushes.world.canvas.marks import skia_path
from rushes.world.outline import box, curve, ellipse, joined, limb, polygon, shifted, strokes


def area(outline):
    """Pixels inside, by counting a fine grid."""
    path = skia_path(outline)
    places = np.arange(-30.0, 30.0, 0.25) + 0.125
    return sum(path.contains(x, y) for x in places for y in places) / 16


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        (box(-10, -5, 12, 7), 22 * 12),
        (box(-10, -5, 12, 7, 3), 22 * 12 - (4 - np.pi) * 9),
        (box(-10, -1, 12, 1, 4), 20 * 2 + np.pi),
        (ellipse(1, 2, 9), np.pi * 81),
        (ellipse(1, 2, 9, 4), np.pi * 36),
        (limb(12, 5, 5), 120 + np.pi * 25),
        (polygon([(0, 0), (10, 0), (0, 10)]), 50),
        (joined(box(-10, -10, 0, 0), box(-5, -5, 5, 5)), 175),
        (shifted(box(-1, -1, 1, 1), 9, -4, 3.0), 36),
        (strokes((-10, 0), [(0, -10), (10, 0)], [(10, 5)], [(-10, 5)]), 200 / 3 + 100),
    ],
)
def test_outlines_cover_what_they_name(outline, expected):
    assert area(outline) == pytest.approx(expected, rel=0.03)


def test_a_limb_is_as_wide_as_its_radii():
    assert limb(20, 6, 3).bounds == pytest.approx((-6, -6, 23, 6), abs=0.02)


def test_a_curve_passes_through_its_points_smoothly():
    outline = curve([(0, 0), (10, 2), (12, 9), (1, 8)])
    (contour,) = outline.contours
    arriving = contour.points - np.roll(contour.handles[:, 1], 1, axis=0)
    leaving = contour.handles[:, 0] - contour.points
    assert arriving == pytest.approx(leaving)


def test_flattening_strays_no_further_than_allowed():
    (contour,) = ellipse(0, 0, 40).contours
    corners = contour.flattened(0.1)
    middles = (corners + np.roll(corners, 1, axis=0)) / 2
    assert np.abs(np.linalg.norm(np.concatenate([corners, middles]), axis=1) - 40).max() < 0.11
    assert len(corners) < 50


def test_everything_up_to_drawing_works_without_skia_and_torch():
    code = (
        "import sys\nsys.modules['skia'] = sys.modules['torch'] = None\n"
        "from rushes.world.scene import sample_scene\n"
        "from rushes.world.flow import movers_of\n"
        "from rushes.world.stage import stage_of\n"
        "from rushes.world.raster.batch import pack\n"
        "scene = sample_scene(0)\n"
        "print(movers_of(stage_of(scene, 2)).to_screen.shape[1:], pack([scene], 2).num_scenes)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(2, 2, 3) 1\n"
