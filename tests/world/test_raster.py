import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError
from rushes.world.outline import ellipse
from rushes.world.raster.batch import joined_batches, pack
from rushes.world.raster.coverage import coverage
from rushes.world.raster.render import render_batch
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene

MOMENTS = range(0, 33, 16)


def psnr(first, second):
    error = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
    return 10 * np.log10(255**2 / error)


@pytest.fixture(scope="module")
def scenes():
    return [sample_scene(seed) for seed in range(6)]


def test_pictures_match_those_of_skia(scenes):
    frames = render_batch(pack(scenes, 33, [MOMENTS] * len(scenes))).numpy()
    assert frames.shape == (6, 3, 160, 256, 3)
    assert frames.dtype == np.uint8
    alike = [
        psnr(clip, render_frames(scene, 33, MOMENTS)) for clip, scene in zip(frames, scenes, strict=True)
    ]
    assert min(alike) > 30
    assert np.mean(alike) > 34


def covered(corners, width, height):
    """Coverage (height, width) of a polygon by our rasteriser."""
    ends = torch.as_tensor(np.asarray(corners), dtype=torch.float64)
    sides = torch.cat([ends, ends.roll(-1, 0)], 1)
    box = torch.tensor([[0, 0, width, height]])
    area = coverage(sides, torch.zeros(len(sides), dtype=torch.long), box)
    return area.view(height, width + 1)[:, :-1]


def test_coverage_is_the_exact_area():
    triangle = [(1.25, 0.5), (6.75, 2.0), (2.5, 5.5)]
    fine = 64
    places = (np.arange(8 * fine) + 0.5) / fine
    x, y = np.meshgrid(places, places)
    inside = np.ones_like(x, bool)
    for (x0, y0), (x1, y1) in zip(triangle, triangle[1:] + triangle[:1], strict=True):
        inside &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0
    counted = inside.reshape(8, fine, 8, fine).mean(axis=(1, 3))
    assert covered(triangle, 8, 8).numpy() == pytest.approx(counted, abs=0.01)


@pytest.mark.parametrize(("x", "y"), [(-3.0, 4.0), (9.5, 4.0), (4.0, -2.5), (4.0, 9.0), (4.0, 4.0)])
def test_an_outline_cut_by_its_box_covers_as_within_a_larger_one(x, y):
    (contour,) = ellipse(x, y, 4.5).contours
    corners = contour.flattened(0.05)
    whole = covered(corners + 10.0, 30, 30)
    assert covered(corners, 8, 8).numpy() == pytest.approx(whole[10:18, 10:18].numpy(), abs=1e-6)


def test_a_batch_gives_each_clip_as_it_is_alone(scenes):
    together = render_batch(pack(scenes[:3], 33, [MOMENTS] * 3))
    packed = [pack([scene], 33, [MOMENTS]) for scene in scenes[:3]]
    assert torch.equal(render_batch(joined_batches(packed)), together)
    for index, batch in enumerate(packed):
        assert torch.equal(render_batch(batch)[0], together[index])


@pytest.mark.parametrize(
    ("count", "drawn"), [(0, []), (1, [range(3, 6)]), (2, [range(2), range(3)]), (1, [range(0)])]
)
def test_scenes_and_frames_that_do_not_fit_are_refused(scenes, count, drawn):
    with pytest.raises(UsageError):
        pack(scenes[:count], 5, drawn)
