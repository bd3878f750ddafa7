"""A clip that starts from a still made first: the still of its own noise, the same alone and in a batch."""

from dataclasses import replace

import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, steered_by, tiny_bundle

from rushes.core.errors import UsageError
from rushes.core.vocabulary import MOMENT
from rushes.diffusion.guidance import Guided
from rushes.diffusion.noise import member_noise
from rushes.engine.events import Finished, Preview
from rushes.engine.generate import generate
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run
from rushes.engine.stills import draw_stills
from rushes.engine.texts import encode_texts

STILL_FIRST = replace(SHORT_REQUEST, sampling=replace(SHORT_REQUEST.sampling, still_shift=1.5))


@pytest.fixture(scope="module")
def bundle():
    return tiny_bundle()


def latents_of(bundle, request, run):
    return list(generate(bundle, request, run))[-1].latents


def test_the_clip_starts_from_the_still_and_nothing_else_is_fixed(bundle):
    [*_, last] = generate(bundle, STILL_FIRST)
    assert isinstance(last, Finished)
    noise = member_noise([STILL_FIRST.seed], last.latents.shape[1:])
    still = draw_stills(bundle, STILL_FIRST, encode_texts(bundle, STILL_FIRST), noise[:, :, :1], Guided)
    torch.testing.assert_close(last.latents[:, :, :1], still)
    plain = latents_of(bundle, SHORT_REQUEST, Run())
    assert (plain[:, :, 1:] - last.latents[:, :, 1:]).abs().amax(dim=(0, 1, 3, 4)).min() > 1e-3


def test_the_still_has_levels_of_its_own(bundle):
    other = replace(STILL_FIRST, sampling=replace(STILL_FIRST.sampling, still_shift=9.0))
    first, second = (latents_of(bundle, request, Run()) for request in (STILL_FIRST, other))
    assert (first - second)[:, :, 0].abs().max() > 1e-3


def test_each_member_of_a_batch_has_its_own_still(bundle):
    both = latents_of(bundle, STILL_FIRST, Run(more_seeds=(STILL_FIRST.seed + 1,)))
    alone = latents_of(bundle, replace(STILL_FIRST, seed=STILL_FIRST.seed + 1), Run())
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)


def test_the_still_is_the_first_preview(bundle):
    shown = [event for event in generate(bundle, STILL_FIRST, Run(previews=2)) if isinstance(event, Preview)]
    assert [event.step for event in shown] == [0, 2, 4]
    [still] = shown[0].pictures
    assert abs(still.astype(int) - shown[-1].pictures[0]).max() <= 1


def test_the_recipe_tells(bundle):
    assert engine_stages(bundle, STILL_FIRST)[1].settings["still_shift"] == 1.5
    assert "still_shift" not in engine_stages(bundle, SHORT_REQUEST)[1].settings


def test_a_still_is_told_what_a_picture_shows_and_that_it_is_the_first(bundle):
    steered = steered_by(bundle, ("pan_x", "strength", MOMENT))

    def still(**sliders):
        request = replace(STILL_FIRST, sliders=tuple(sliders.items()))
        noise = member_noise([request.seed], (16, 1, 4, 4))
        return draw_stills(steered, request, encode_texts(steered, request), noise, Guided)

    assert torch.equal(still(pan_x=1.0), still())
    assert not torch.equal(still(strength=1.0), still())
    assert torch.equal(still(moment=1.0), still())
    speed = replace(steered.conventions, sliders=("pan_x", "strength", "speed"))
    untold = replace(steered, conventions=speed)
    noise = member_noise([STILL_FIRST.seed], (16, 1, 4, 4))
    anyone = draw_stills(untold, STILL_FIRST, encode_texts(untold, STILL_FIRST), noise, Guided)
    assert not torch.equal(anyone, still())


@pytest.mark.parametrize("shift", [-1.0, 0.05, 51.0])
def test_out_of_range(shift):
    with pytest.raises(UsageError, match="still shift"):
        replace(SHORT_REQUEST.sampling, still_shift=shift)
