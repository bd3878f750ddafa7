from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError, WeightsError
from rushes.core.request import Request, Sampling
from rushes.diffusion.denoiser import TextDenoiser
from rushes.diffusion.noise import member_noise
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import flow_sigmas
from rushes.diffusion.step_rule import EulerStep
from rushes.engine.events import (
    Finished,
    FramesDecoded,
    StageDone,
    StageName,
    StageStarted,
    StepDone,
    TextsEncoded,
)
from rushes.engine.generate import generate
from rushes.engine.pictures import to_pictures
from rushes.engine.placement import compute_dtype, machine_facts
from rushes.engine.plan import Order, plan
from rushes.engine.provenance import engine_stages
from rushes.models.bundle import load_bundle

REQUEST = Request(
    prompt="a red fox",
    context_text="a red fox leaps over the snow",
    num_frames=9,
    frame_rate=Fraction(12),
    height=32,
    width=64,
    seed=3,
    sampling=Sampling(steps=5, guidance_high=4.0, guidance_low=3.0, shift=3.0),
)


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def bundle(request, tiny_model):
    return load_bundle(tiny_model, request.param, "cpu")


def latents(bundle, request=REQUEST):
    *_, last = generate(bundle, request)
    assert isinstance(last, Finished)
    return last.latents


def guided(**scales):
    return replace(REQUEST, sampling=replace(REQUEST.sampling, **scales))


def test_events_tell_the_whole_story_in_order(bundle):
    events = list(generate(bundle, REQUEST))
    kinds = [type(event) for event in events]
    assert kinds == [
        StageStarted, TextsEncoded, StageDone,
        StageStarted, *[StepDone] * 5, StageDone,
        StageStarted, *[FramesDecoded] * 3, StageDone,
        Finished,
    ]  # fmt: skip
    assert [event.stage for event in events if isinstance(event, StageStarted)] == list(StageName)
    assert all(event.seconds > 0 for event in events if isinstance(event, StageDone))
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(step.step, step.total) for step in steps] == [(n, 5) for n in range(1, 6)]
    assert [step.expert for step in steps] == [0 if step.sigma >= 0.875 else 1 for step in steps]
    assert {0, 1} == {step.expert for step in steps}


def test_frames_come_in_chunks_and_equal_the_whole(bundle):
    events = list(generate(bundle, REQUEST))
    chunks = [event for event in events if isinstance(event, FramesDecoded)]
    assert [chunk.frames.shape for chunk in chunks] == [(1, 32, 64, 3), (4, 32, 64, 3), (4, 32, 64, 3)]
    assert [(chunk.done, chunk.total) for chunk in chunks] == [(1, 9), (5, 9), (9, 9)]
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=bundle.dtype == torch.bfloat16),
    ):
        whole = to_pictures(bundle.codec.decode(events[-1].latents))
    streamed = np.concatenate([chunk.frames for chunk in chunks])
    assert np.abs(streamed.astype(int) - whole).max() <= 1


def test_the_same_request_gives_the_same_bytes(bundle):
    first, second = latents(bundle), latents(bundle)
    assert first.dtype == torch.float32
    assert torch.equal(first, second)


def test_a_batch_equals_its_members(tiny_model):
    bundle = load_bundle(tiny_model, torch.float32, "cpu")
    context = torch.randn(1, 6, 16, generator=torch.Generator().manual_seed(0))
    denoiser = TextDenoiser(bundle.experts[0].transformer, context)

    def film(seeds):
        *_, last = sample(denoiser, member_noise(seeds, (16, 3, 2, 4)), flow_sigmas(5, 3.0), EulerStep())
        return last.latents

    torch.testing.assert_close(film([7, 8]), torch.cat([film([7]), film([8])]), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"context_text": "一位红斗篷女战士跃下古城墙"},
        {"negative_prompt": "snow"},
        {"sampling": replace(REQUEST.sampling, shift=5.0)},
        {"sampling": replace(REQUEST.sampling, guidance_high=5.0)},
        {"sampling": replace(REQUEST.sampling, guidance_low=5.0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_in_the_request_matters(bundle, change):
    assert not torch.equal(latents(bundle), latents(bundle, replace(REQUEST, **change)))


def test_guidance_of_one_ignores_the_negative_prompt(bundle):
    plain = guided(guidance_high=1.0, guidance_low=1.0)
    assert torch.equal(latents(bundle, plain), latents(bundle, replace(plain, negative_prompt="snow")))


def test_the_guidance_scales_belong_to_their_experts(bundle):
    steps = {
        name: [
            event.denoised for event in generate(bundle, guided(**{name: 9.0})) if isinstance(event, StepDone)
        ]
        for name in ("guidance_high", "guidance_low")
    }
    plain = [event.denoised for event in generate(bundle, REQUEST) if isinstance(event, StepDone)]
    assert not torch.equal(steps["guidance_high"][0], plain[0])
    assert torch.equal(steps["guidance_low"][0], plain[0])
    assert not torch.equal(steps["guidance_low"][-1], plain[-1])


def test_stopping_ends_the_work(bundle):
    calls = []
    transformer = bundle.experts[0].transformer
    handle = transformer.register_forward_hook(lambda *_: calls.append(1))
    try:
        events = generate(bundle, REQUEST)
        while not isinstance(next(events), StepDone):
            pass
        events.close()
    finally:
        handle.remove()
    assert len(calls) == 2


@pytest.mark.parametrize(("change", "message"), [({"num_frames": 8}, "4n"), ({"width": 70}, "multiple")])
def test_impossible_shapes_stop_before_any_event(bundle, change, message):
    with pytest.raises(UsageError, match=message):
        next(generate(bundle, replace(REQUEST, **change)))


def test_pictures_are_rounded_and_clipped():
    values = torch.tensor([-1.0, 1.0, 0.0, 2.0, -3.0, 1 / 255 + 0.001])
    levels = to_pictures(values.view(1, 1, 1, 1, 6).expand(1, 3, 1, 1, 6))
    assert levels.shape == (1, 1, 6, 3)
    assert levels[0, 0, :, 0].tolist() == [0, 255, 128, 255, 0, 128]


def test_an_order_with_gaps_takes_the_models_defaults(bundle):
    request, duration = plan(bundle.facts, Order("a fox", "a red fox", seed=7))
    assert (request.num_frames, request.height, request.width, request.frame_rate) == (37, 160, 256, 12)
    assert request.sampling == bundle.defaults.sampling
    assert duration.describe() == "3 s asked -> 37 frames at 12 fps = 3.08 s"
    request, _ = plan(bundle.facts, Order("a fox", "a red fox", 7, Fraction(1), 9, guidance_low=1.0))
    assert request.num_frames == 13
    assert request.sampling == Sampling(steps=9, guidance_high=4.0, guidance_low=1.0, shift=3.0)


@pytest.mark.parametrize("seconds", ["3.3", "0", "-1", "100"])
def test_durations_outside_the_model_are_refused(bundle, seconds):
    with pytest.raises(UsageError, match="seconds"):
        plan(bundle.facts, Order("a fox", "a red fox", 7, Fraction(seconds)))


def test_every_weight_file_stands_in_exactly_one_stage(bundle):
    stages = engine_stages(bundle, REQUEST)
    listed = [name for stage in stages for name in stage.settings["weights"]]
    assert sorted(listed) == sorted(bundle.sha256)
    assert len(listed) == 5


def test_machine_facts_name_what_decides_the_last_bits():
    facts = machine_facts(compute_dtype())
    assert facts["dtype"] in ("bfloat16", "float32")
    assert facts["threads"] == torch.get_num_threads()
    assert facts["torch"] == torch.__version__


def test_a_truncated_weight_file_is_named(tiny_model, tmp_path):
    for path in tiny_model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    cut = tmp_path / "codec.safetensors"
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"codec\.safetensors is cut off"):
        load_bundle(tmp_path, torch.float32, "cpu")


def test_clean_latents_stay_within_the_limits_of_the_model(bundle):
    limits = (0.5,) * bundle.latent_channels
    limited = replace(bundle, conventions=replace(bundle.conventions, latent_limits=limits))
    seen = [event for event in generate(limited, REQUEST) if isinstance(event, StepDone)]
    assert max(event.denoised.abs().max().item() for event in seen) <= 0.5 + 1e-5
    free = [event for event in generate(bundle, REQUEST) if isinstance(event, StepDone)]
    assert max(event.denoised.abs().max().item() for event in free) > 0.5
    assert engine_stages(limited, REQUEST)[1].settings["latent_limits"] == limits
    assert "latent_limits" not in engine_stages(bundle, REQUEST)[1].settings
