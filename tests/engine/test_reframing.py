"""Half-made clips moved along their camera's path: how far, where nothing is seen, and when."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, tiny_bundle

from rushes.core.model_facts import Conventions, ReframingHabit
from rushes.diffusion.camera_path import camera_moves, camera_path
from rushes.engine.catalogue import model_folder
from rushes.engine.events import StepDone
from rushes.engine.generate import generate
from rushes.engine.given import going_on
from rushes.engine.provenance import engine_stages
from rushes.engine.reframing import reframed, reframing_of
from rushes.engine.run import Run
from rushes.models.bundle import load_bundle
from rushes.models.transformer import WanTransformer

SLIDERS = ("pan_x", "pan_y", "zoom")
HABIT = ReframingHabit(0.8, 0.0, 0.5, 1.0)
PUSH = replace(SHORT_REQUEST, sliders=(("zoom", 1.0),), num_frames=17)


@pytest.fixture(scope="module")
def bundle():
    """The tiny model, steered by the sliders."""
    tiny, experts = tiny_bundle(), []
    for expert in tiny.experts:
        steered = WanTransformer(replace(expert.transformer.config, num_controls=len(SLIDERS)))
        steered.load_state_dict(expert.transformer.state_dict(), strict=False)
        experts.append(replace(expert, transformer=steered.eval().requires_grad_(False)))
    conventions = Conventions(any_tokens=True, sliders=SLIDERS, reframing=HABIT)
    return replace(tiny, experts=tuple(experts), conventions=conventions)


def without(bundle):
    """The same model with no such habit."""
    return replace(bundle, conventions=replace(bundle.conventions, reframing=None))


@pytest.fixture(scope="module")
def codec():
    return load_bundle(model_folder("mini"), torch.float32, "cpu").codec


def spot(left, top):
    """A clip (1, 3, 17, 128, 128) that stands still: a bright square on grey."""
    frames = torch.full((1, 3, 17, 128, 128), -0.5)
    frames[..., top : top + 24, left : left + 24] = 0.8
    return frames


def centre(picture):
    """Where the bright square of a picture (3, H, W) is, and the root of its size, in pixels."""
    rows, columns = np.nonzero(picture.mean(0).numpy() > 0.15)
    return columns.mean(), rows.mean(), len(rows) ** 0.5


def moved(codec, **sliders):
    """Where the square is in the first and in the last picture of the moved clip."""
    path = camera_path(camera_moves([sliders]), 5)
    with torch.inference_mode():
        clip = codec.decode(reframed(codec, codec.encode(spot(72, 40)), path))[0]
    return centre(clip[:, 0]), centre(clip[:, -1])


def test_a_tilt_down_lifts_what_is_seen_and_a_push_makes_it_larger(codec):
    (left, top, side), (right, down, larger) = moved(codec, pan_y=1.0)
    assert down - top == pytest.approx(-0.22 * 128, abs=3)
    assert right == pytest.approx(left, abs=2)
    (left, top, side), (right, down, larger) = moved(codec, zoom=1.0)
    assert larger / side == pytest.approx(np.exp(0.22), rel=0.08)
    assert right - left == pytest.approx((left - 64) * (np.exp(0.22) - 1), abs=2)
    assert down - top == pytest.approx((top - 64) * (np.exp(0.22) - 1), abs=2)


def test_what_the_pictures_do_not_show_stays(codec):
    clean = torch.randn(1, 24, 5, 8, 8)
    path = camera_path(camera_moves([{"pan_y": -1.0}]), 5)
    changed = (reframed(codec, clean, path) != clean).any(1)[0]
    assert changed[-1, 2:].all()
    assert not changed[-1, 0].any()


def after_steps(bundle, request, run=Run()):  # noqa: B008  nothing changes it
    return [event.latents.clone() for event in generate(bundle, request, run) if isinstance(event, StepDone)]


def test_only_the_asked_step_is_moved_and_never_the_first_frame(bundle):
    plain = after_steps(without(bundle), PUSH)
    own = after_steps(bundle, PUSH)
    step = reframing_of(bundle, PUSH, torch.tensor([1.0, 0.9, 0.75, 0.5, 0.0])).step
    assert step == 2
    assert torch.equal(own[0], plain[0])
    assert torch.equal(own[1][:, :, 0], plain[1][:, :, 0])
    assert not torch.equal(own[1][:, :, -1], plain[1][:, :, -1])


@pytest.mark.parametrize("sliders", [(), (("pan_x", 1.0),), (("zoom", 0.0),)])
def test_a_camera_that_has_nothing_to_catch_up_on_is_left_alone(bundle, sliders):
    request = replace(PUSH, sliders=sliders)
    for own, other in zip(after_steps(bundle, request), after_steps(without(bundle), request), strict=True):
        assert torch.equal(own, other)


def test_a_clip_that_goes_on_from_another_is_left_alone(bundle):
    given = going_on(np.zeros((5, 64, 64, 3), np.uint8), 17, bundle.codec.compression)
    request, run = replace(PUSH, given=given.digest), Run(given=given)
    assert torch.equal(after_steps(bundle, request, run)[-1], after_steps(without(bundle), request, run)[-1])


def test_the_recipe_tells(bundle):
    assert engine_stages(bundle, PUSH)[1].settings["reframing"]["zoom"] == 1.0
    assert "reframing" not in engine_stages(without(bundle), PUSH)[1].settings
