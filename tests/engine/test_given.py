"""Clips given in part or whole: what is known stays, what is kept is put back, edits move the rest."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, tiny_bundle

from rushes.core.errors import UsageError
from rushes.core.model_facts import Conventions
from rushes.core.request import Edit
from rushes.core.shapes import Compression
from rushes.diffusion.conditioning import KnownTokens
from rushes.engine.events import Finished, FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.given import (
    Box,
    changing,
    clean_latents,
    crossed,
    going_on,
    joining,
    known_part,
    overlap_frames,
    repainting,
    seam_ratio,
    to_rate,
    windows,
)
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run

MINI = Compression(4, 16, 16)
CLIP = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def able():
    """The tiny model, with a record that promises what these tests ask."""
    return replace(tiny_bundle(), conventions=Conventions(any_tokens=True))


def made(bundle, given, **changes):
    """Frames and latents of the short request with a clip given."""
    request = replace(SHORT_REQUEST, given=given.digest, **changes)
    events = list(generate(bundle, request, Run(given=given)))
    frames = np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
    return frames, events[-1].latents if isinstance(events[-1], Finished) else None


def test_a_continuation_knows_the_latent_frames_of_what_it_goes_on_from(able):
    given = going_on(CLIP[:5], 9, MINI)
    assert given.frames.shape == (9, 64, 64, 3)
    assert given.known.any(axis=(1, 2)).tolist() == [True, True, False]
    _, latents = made(able, given)
    # causal codec: what comes after does not matter to the latents of what is known
    known = clean_latents(able, going_on(CLIP[:5], 5, MINI), torch.device("cpu"))
    torch.testing.assert_close(latents[:, :, :2], known, rtol=0, atol=1e-5)
    assert not torch.allclose(latents[:, :, 2], clean_latents(able, given, torch.device("cpu"))[:, :, 2])


def test_a_join_holds_both_pictures(able):
    given = joining(CLIP[0], CLIP[1], 9, MINI)
    assert (given.frames[0] == CLIP[0]).all()
    assert (given.frames[1:] == CLIP[1]).all()
    assert given.known.any(axis=(1, 2)).tolist() == [True, False, True]
    _, latents = made(able, given)
    clean = clean_latents(able, given, torch.device("cpu"))
    assert torch.equal(latents[:, :, [0, 2]], clean[:, :, [0, 2]])


def test_outside_of_a_box_the_given_pixels_come_back_exactly(able):
    given = repainting(CLIP, Box(left=6, top=10, width=20, height=12), 32, MINI)
    assert (~given.known).sum(axis=0).tolist() == [[3, 3, 0, 0], [3, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    frames, _ = made(able, given)
    far = np.ones((64, 64), bool)
    far[2:30, :34] = False  # the box and eight pixels around it
    assert (frames[:, far] == CLIP[:, far]).all()
    assert (frames[:, 12:20, 8:20] != CLIP[:, 12:20, 8:20]).mean() > 0.9


def test_a_feather_passes_from_the_new_to_the_given_picture():
    keep = repainting(CLIP, Box(left=20, top=20, width=8, height=8), 32, MINI).keep
    assert keep[24, 20:28].tolist() == [0.0] * 8
    assert keep[24, 27:36].tolist() == pytest.approx([index / 8 for index in range(9)])


def test_a_box_that_leaves_nothing_is_refused():
    with pytest.raises(UsageError, match="whole picture"):
        repainting(CLIP, Box(0, 0, 64, 64), 32, MINI)


def test_a_model_without_the_training_refuses_and_says_why():
    with pytest.raises(UsageError, match="was not trained to go on"):
        made(tiny_bundle(), going_on(CLIP[:5], 9, MINI))


@pytest.mark.parametrize(
    ("request_", "given", "message"),
    [
        (SHORT_REQUEST, going_on(CLIP[:5], 9, MINI), "not the one the request names"),
        (replace(SHORT_REQUEST, given="0" * 64), None, "not the one the request names"),
        (
            replace(SHORT_REQUEST, given=changing(CLIP[:5], MINI).digest),
            changing(CLIP[:5], MINI),
            "not 9 frames",
        ),
    ],
    ids=["unnamed", "missing", "short"],
)
def test_another_clip_is_refused(able, request_, given, message):
    with pytest.raises(UsageError, match=message):
        list(generate(able, request_, Run(given=given)))


def test_every_part_of_a_given_clip_makes_its_digest():
    box = repainting(CLIP, Box(6, 10, 20, 12), 32, MINI)
    others = [
        repainting(CLIP, Box(7, 10, 20, 12), 32, MINI),
        repainting(255 - CLIP, Box(6, 10, 20, 12), 32, MINI),
    ]
    assert len({box.digest, *(each.digest for each in others), changing(CLIP, MINI).digest}) == 4


def edited(bundle, edit, **changes):
    sampling = replace(SHORT_REQUEST.sampling, step_rule="euler", steps=4)
    return made(bundle, changing(CLIP, MINI), edit=edit, sampling=sampling, **changes)


def test_an_edit_to_the_same_words_changes_nothing():
    """Equal words and guidance: both velocities are equal, whatever the noise."""
    bundle = tiny_bundle()
    edit = Edit(SHORT_REQUEST.context_text, source_guidance=4.0, masked=False, from_sigma=0.8)
    sampling = replace(SHORT_REQUEST.sampling, step_rule="euler", guidance_high=4.0, guidance_low=4.0)
    _, latents = made(bundle, changing(CLIP, MINI), edit=edit, sampling=sampling)
    clean = clean_latents(bundle, changing(CLIP, MINI), torch.device("cpu"))
    torch.testing.assert_close(latents, clean, rtol=0, atol=1e-4)


def test_an_edit_to_other_words_changes_the_clip_and_higher_levels_change_more():
    bundle = tiny_bundle()
    clean = clean_latents(bundle, changing(CLIP, MINI), torch.device("cpu"))
    weak, strong = (
        (edited(bundle, Edit("一位红斗篷女战士", from_sigma=sigma, masked=False))[1] - clean).abs().mean()
        for sigma in (0.5, 1.0)
    )
    assert 0 < weak < strong


def test_an_edit_needs_a_clip_and_walks_by_euler():
    with pytest.raises(UsageError, match="needs the clip"):
        replace(SHORT_REQUEST, edit=Edit("a fox"))
    with pytest.raises(UsageError, match="euler"):
        replace(SHORT_REQUEST, edit=Edit("a fox"), given="0" * 64)


def test_the_recipe_names_what_was_given():
    bundle, given = tiny_bundle(), changing(CLIP, MINI)
    sampling = replace(SHORT_REQUEST.sampling, step_rule="euler")
    request = replace(SHORT_REQUEST, given=given.digest, edit=Edit("a fox"), sampling=sampling)
    settings = engine_stages(bundle, request)[1].settings
    assert settings["given"] == given.digest
    assert settings["edit"]["source_text"] == "a fox"
    others = replace(request, edit=Edit("a cat"))
    assert engine_stages(bundle, request)[0] != engine_stages(bundle, others)[0], "contexts of both words"
    assert {"given", "edit", "sliders"}.isdisjoint(engine_stages(bundle, SHORT_REQUEST)[1].settings)


def test_motion_channels_are_made_with_the_picture_and_cut_off_before_decoding():
    tiny = tiny_bundle()
    from rushes.models.transformer import WanTransformer  # noqa: PLC0415
    from rushes.training.warm_start import load_grown  # noqa: PLC0415

    torch.manual_seed(1)
    wider = WanTransformer(replace(tiny.experts[0].transformer.config, in_channels=18, out_channels=18))
    wider.init_weights()
    load_grown(wider, tiny.experts[0].transformer.state_dict())
    expert = replace(tiny.experts[1], transformer=wider.eval().requires_grad_(False))
    conventions = Conventions(any_tokens=True, motion_channels=2)
    bundle = replace(tiny, experts=(expert,), conventions=conventions)
    given = going_on(CLIP[:5], 9, MINI)
    frames, latents = made(bundle, given)
    assert frames.shape == (9, 64, 64, 3)
    assert latents.shape == (1, 18, 3, 4, 4)
    assert not latents[:, 16:, :2].any()
    assert isinstance(known_part(bundle, given, torch.device("cpu")), KnownTokens)


@pytest.mark.parametrize(
    ("given", "wanted", "lengths"),
    [(61, 361, [61] * 6 + [53]), (61, 65, [21]), (1, 61, [61]), (6, 30, [29]), (9, 90, [61, 49])],
)
def test_windows_reach_the_length_with_overlaps_of_up_to_seventeen_frames(given, wanted, lengths):
    made = windows(given, wanted, 61, MINI)
    assert made == lengths
    reached = given
    for length in made:
        reached += length - overlap_frames(reached, MINI)
    assert wanted <= reached < wanted + 4


def test_a_crossing_begins_near_the_old_and_ends_near_the_new():
    old, new = np.zeros((4, 1, 1, 3), np.uint8), np.full((4, 1, 1, 3), 100, np.uint8)
    assert crossed(old, new)[:, 0, 0, 0].tolist() == [20, 40, 60, 80]


def test_a_seam_is_seen_where_the_clip_jumps():
    frames = np.arange(30, dtype=np.uint8)[:, None, None, None].repeat(3, axis=-1)
    assert seam_ratio(frames, 15) == pytest.approx(1.0)
    frames = frames.copy()
    frames[15:] += 20
    assert seam_ratio(frames, 15) == pytest.approx(21.0)


def test_frames_held_for_delivery_come_back_as_they_were_made():
    frames = [np.full((1, 1, 3), index, np.uint8) for index in range(6) for _ in range(2)]
    assert to_rate(frames, Fraction(24), Fraction(12))[:, 0, 0, 0].tolist() == list(range(6))
