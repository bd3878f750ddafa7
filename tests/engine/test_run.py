"""What a caller brings and watches: batches, texts, noise, previews, cutting off, stopping, bad numbers."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from rushes.core.errors import CancelledError, GenerationError
from rushes.core.request import Request, Sampling
from rushes.diffusion.noise import member_noise
from rushes.engine.events import Finished, FramesDecoded, Preview, Resumed, StageName, StageStarted, StepDone
from rushes.engine.generate import generate
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run
from rushes.engine.saved_run import SavedRun
from rushes.engine.texts import Texts, encode_texts
from rushes.models.bundle import load_bundle

REQUEST = Request(
    prompt="a red fox",
    context_text="a red fox leaps over the snow",
    num_frames=9,
    frame_rate=Fraction(12),
    height=32,
    width=64,
    seed=3,
    sampling=Sampling(4, guidance_high=4.0, guidance_low=3.0, shift=3.0, step_rule="unipc"),
)
SHAPE = (16, 3, 2, 4)


@pytest.fixture(scope="module")
def bundle(tiny_model):
    return load_bundle(tiny_model, torch.float32, "cpu")


def film(bundle, request=REQUEST, **run):
    return list(generate(bundle, request, Run(**run)))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("rule", ["euler", "unipc", "dpm++"])
def test_a_batch_equals_its_members(bundle, rule):
    request = replace(REQUEST, sampling=replace(REQUEST.sampling, step_rule=rule))
    batch = film(bundle, request, more_seeds=(4, 5))
    frames = of(FramesDecoded, batch)
    assert [(each.member, each.done, each.total) for each in frames] == [
        (member, done, 9) for member in range(3) for done in (1, 5, 9)
    ]
    for member, seed in enumerate((3, 4, 5)):
        alone = film(bundle, replace(request, seed=seed))
        torch.testing.assert_close(
            batch[-1].latents[member : member + 1], alone[-1].latents, rtol=0, atol=1e-5
        )
        pictures = [
            np.concatenate([each.frames for each in events])
            for events in ([each for each in frames if each.member == member], of(FramesDecoded, alone))
        ]
        assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 1
    assert [step.latents.shape[0] for step in of(StepDone, batch)] == [3] * 4


def test_noise_shared_by_a_batch_is_seen(bundle):
    """Trap 12: members must not get pieces of one long draw, nor all the same one."""
    noise = member_noise([3, 4], SHAPE)
    assert not torch.equal(noise[1], torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(3))[1])
    shared = film(bundle, noise=noise[:1].expand(2, -1, -1, -1, -1).clone())
    assert not torch.allclose(shared[-1].latents[1], film(bundle, more_seeds=(4,))[-1].latents[1], atol=1e-2)


def test_noise_and_texts_may_be_brought(bundle):
    texts = encode_texts(bundle, REQUEST)
    brought = film(bundle, texts=texts, noise=member_noise([3], SHAPE))
    assert StageStarted(StageName.ENCODE_TEXT) not in brought
    assert torch.equal(brought[-1].latents, film(bundle)[-1].latents)
    other = film(bundle, texts=Texts(texts.uncond, texts.cond))
    assert not torch.equal(other[-1].latents, brought[-1].latents)


@pytest.mark.parametrize("trim", [0, 3])
def test_latents_may_be_brought_and_are_only_decoded(bundle, trim):
    request = replace(REQUEST, trim=trim)
    made = film(bundle, REQUEST)
    brought = film(bundle, request, latents=made[-1].latents.clone())
    kinds = [event.stage for event in of(StageStarted, brought)]
    assert kinds == [StageName.DECODE]
    whole, frames = (
        np.concatenate([each.frames for each in of(FramesDecoded, each)]) for each in (made, brought)
    )
    assert np.array_equal(frames, whole[: 9 - trim])
    assert torch.equal(brought[-1].latents, made[-1].latents)


def test_latents_written_into_between_steps_are_taken_up(bundle):
    def latents(change):
        for event in generate(bundle, REQUEST):
            if isinstance(event, StepDone) and event.step == 2:
                with torch.inference_mode():
                    event.latents.mul_(change)
        assert isinstance(event, Finished)
        return event.latents

    assert torch.equal(latents(1.0), film(bundle)[-1].latents)
    assert not torch.equal(latents(0.5), film(bundle)[-1].latents)


def test_previews_come_every_so_many_steps_and_change_nothing(bundle):
    events = film(bundle, previews=2)
    shown = of(Preview, events)
    assert [each.step for each in shown] == [2, 4]
    assert all(each.pictures.shape == (3, 32, 64, 3) for each in shown)
    assert all(each.pictures.dtype == np.uint8 for each in shown)
    assert torch.equal(events[-1].latents, film(bundle)[-1].latents)


def test_the_last_preview_looks_like_the_clip(bundle):
    events = film(bundle, previews=4)
    (shown,) = of(Preview, events)
    frames = np.concatenate([each.frames for each in of(FramesDecoded, events)])
    for still, index in zip(shown.pictures, (0, 4, 8), strict=True):
        # a random codec's sketch lacks its residual network, which starts at zero
        assert np.abs(still.astype(int) - frames[index]).mean() < 6


def test_the_end_is_cut_off_and_nothing_else_changes(bundle):
    whole = np.concatenate([each.frames for each in of(FramesDecoded, film(bundle))])
    cut = of(FramesDecoded, film(bundle, replace(REQUEST, trim=2)))
    assert [(each.done, each.total) for each in cut] == [(1, 7), (5, 7), (7, 7)]
    assert np.array_equal(np.concatenate([each.frames for each in cut]), whole[:7])
    assert len(of(FramesDecoded, film(bundle, replace(REQUEST, trim=4)))) == 2


def test_the_time_left_is_told_and_falls_to_nothing(bundle):
    events = film(bundle)
    left = [event.seconds_left for event in events if isinstance(event, StepDone | FramesDecoded)]
    assert all(seconds is not None and seconds >= 0 for seconds in left)
    assert left[-1] == 0


def test_a_run_is_stopped_in_mid_step(bundle):
    asked = []

    def is_cancelled():
        asked.append(1)
        return len(asked) > 5

    events = generate(bundle, REQUEST, Run(is_cancelled=is_cancelled))
    while not isinstance(next(events), StepDone):
        pass
    # two blocks, two forwards: four blocks a step, so the sixth block lies within step 2
    with pytest.raises(CancelledError, match="mid-step"):
        next(events)
    assert len(asked) == 6
    assert film(bundle)[-1].latents.isfinite().all()
    assert len(asked) == 6


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_name_the_step(bundle, value):
    def spoil(_module, _arguments, output):
        calls.append(1)
        return output.fill_(value) if len(calls) == 5 else output

    calls = []
    handles = [expert.transformer.register_forward_hook(spoil) for expert in bundle.experts]
    try:
        with pytest.raises(GenerationError, match=r"step 3 of 4 \(sigma 0\.\d+\).*not finite"):
            film(bundle)
    finally:
        for handle in handles:
            handle.remove()


def too_large(*_arguments):
    return torch.empty(1 << 55)


def running_out(*_arguments):
    raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize("run_out", [too_large, running_out])
@pytest.mark.parametrize("stage", ["encode_text", "denoise", "decode"])
def test_the_stage_that_needs_memory_is_named(bundle, stage, run_out):
    module = {
        "encode_text": bundle.text_encoder,
        "denoise": bundle.experts[1].transformer.head,
        "decode": bundle.codec.decoder,
    }[stage]
    handle = module.register_forward_hook(run_out)
    try:
        with pytest.raises(GenerationError, match=f"memory ran out in stage {stage}"):
            film(bundle)
    finally:
        handle.remove()


def test_latents_outlive_a_step_that_runs_out_of_memory(bundle, tmp_path):
    saved = SavedRun(tmp_path, engine_stages(bundle, REQUEST), {}, 100)
    handle = bundle.experts[1].transformer.register_forward_hook(too_large)
    try:
        with pytest.raises(GenerationError, match="memory ran out"):
            film(bundle, saved=saved)
    finally:
        handle.remove()
    assert saved.load().step == 2
    again = film(bundle, saved=saved)
    assert of(Resumed, again) == [Resumed(2, 4)]
    assert torch.equal(again[-1].latents, film(bundle)[-1].latents)


def test_guidance_without_a_negative_context_is_refused(bundle):
    texts = encode_texts(bundle, REQUEST)
    with pytest.raises(ValueError, match="negative prompt"):
        film(bundle, texts=Texts(texts.cond, None))


def test_a_run_the_recipe_does_not_describe_cannot_be_saved(bundle, tmp_path):
    saved = SavedRun(tmp_path, engine_stages(bundle, REQUEST), {}, None)
    with pytest.raises(ValueError, match="cannot be saved"):
        Run(more_seeds=(4,), saved=saved)
    with pytest.raises(ValueError, match="cannot be saved"):
        Run(noise=member_noise([1], SHAPE), saved=saved)
