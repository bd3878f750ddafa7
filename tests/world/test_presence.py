import numpy as np
import pytest
from einops import reduce

from rushes.world.canvas.layers import draw_layer
from rushes.world.canvas.stencil import id_pictures
from rushes.world.flow import movers_of
from rushes.world.presence import subject_presence
from rushes.world.scene import sample_scene
from rushes.world.stage import stage_of


@pytest.mark.parametrize("seed", range(12))
def test_presence_is_the_share_of_the_id_picture_the_subject_has(seed):
    scene = sample_scene(seed)
    movers = movers_of(stage_of(scene, 5))
    first = len(movers.layers) + len(movers.props)
    ids = id_pictures(movers, [draw_layer(layer) for layer in movers.layers])
    exact = reduce((ids >= first).astype(np.float32), "t (h p) (w q) -> t h w", "mean", p=16, q=16)
    assert exact.max() > 0.5
    assert np.abs(subject_presence(scene, 5) - exact).max() < 0.4  # sixteen samples a cell, thin limbs
    assert abs(subject_presence(scene, 5).mean() - exact.mean()) < 0.01


def test_chosen_frames_are_those_of_the_whole_shot():
    scene = sample_scene(3)
    assert np.array_equal(subject_presence(scene, 9, range(4, 6)), subject_presence(scene, 9)[4:6])
