import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError
from rushes.world.cells import cells_of
from rushes.world.classes import CLASSES
from rushes.world.outline import ellipse
from rushes.world.raster.batch import joined_batches, pack
from rushes.world.raster.coverage import coverage
from rushes.world.raster.feed import batches
from rushes.world.raster.render import render_batch, render_maps
from rushes.world.render import render, render_frames
from rushes.world.scene import sample_scene

MOMENTS = range(0, 33, 32)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Waiting for a second thread on a busy machine takes longer than these tests."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def scenes():
    return [sample_scene(seed) for seed in (0, 3, 6, 29)]


@pytest.fixture(scope="module")
def frames(scenes):
    return render_batch(pack(scenes, 33, [MOMENTS] * len(scenes)))


def psnr(first, second):
    error = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
    return 10 * np.log10(255**2 / error)


def test_pictures_match_those_of_skia(scenes, frames):
    assert frames.shape == (4, 2, 160, 256, 3)
    assert frames.dtype == torch.uint8
    alike = [
        psnr(clip.numpy(), render_frames(scene, 33, MOMENTS))
        for clip, scene in zip(frames, scenes, strict=True)
    ]
    assert min(alike) > 34


def test_a_batch_gives_each_clip_as_it_is_alone(scenes, frames):
    packed = [pack([scene], 33, [MOMENTS]) for scene in scenes[:2]]
    assert torch.equal(render_batch(joined_batches(packed)), frames[:2])


def test_maps_match_those_of_skia(scenes):
    pictures, maps = render_maps(pack(scenes[:2], 2))
    clip = render(scenes[1], 2)
    assert psnr(pictures[1].numpy(), clip.frames) > 34
    same = maps.classes[1].numpy() == clip.classes
    assert same.mean() > 0.99
    assert maps.depth[1].numpy()[same] == pytest.approx(clip.depth[same], rel=1e-5)
    assert (np.abs(maps.flow[1].numpy() - clip.flow).max(axis=-1) < 0.01).mean() > 0.98
    assert (maps.visible[1].numpy() == clip.visible).mean() > 0.97
    ours = cells_of(maps.flow[1], maps.depth[1], maps.classes[1])
    theirs = cells_of(clip.flow, clip.depth, clip.classes)
    assert ours.shares.shape == (2, 10, 16, len(CLASSES))
    assert ours.shares.numpy() == pytest.approx(theirs.shares, abs=0.08)
    assert ours.shares.sum(-1).numpy() == pytest.approx(1.0, abs=1e-5)
    assert ours.nearness.numpy() == pytest.approx(theirs.nearness, abs=0.05)
    assert np.abs(ours.flow.numpy() - theirs.flow).mean() < 0.03


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


@pytest.mark.parametrize(
    ("count", "drawn"), [(0, []), (1, [range(3, 6)]), (2, [range(2), range(3)]), (1, [range(0)])]
)
def test_scenes_and_frames_that_do_not_fit_are_refused(scenes, count, drawn):
    with pytest.raises(UsageError):
        pack(scenes[:count], 5, drawn)


def test_workers_pack_the_same_batches_in_order(scenes):
    packed = list(batches(scenes[:3], 5, 2, 1, [range(1)] * 3))
    assert [batch.num_scenes for batch in packed] == [2, 1]
    for batch, group in zip(packed, (scenes[:2], scenes[2:3]), strict=True):
        alone = pack(group, 5, [range(1)] * len(group))
        assert np.array_equal(batch.sheets.sides, alone.sheets.sides)
        assert np.array_equal(batch.scene.texel, alone.scene.texel)
