"""Words to pictures beside diffusers' Wan pipelines, with the same random weights, noise and settings."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.engine.wan import SAMPLING, build
from tests.models.references import error

from rushes.core.model_facts import Conventions, FirstFrame
from rushes.core.recipe import picture_digest
from rushes.diffusion.noise import member_noise
from rushes.engine.events import Finished, FramesDecoded, StepDone
from rushes.engine.generate import generate
from rushes.engine.plan import Order, plan
from rushes.engine.run import Run

BOUND = 1e-4
SEED = 11


def shoot(bundle, request, run=None):
    events = list(generate(bundle, request, run or Run()))
    assert isinstance(events[-1], Finished)
    return events


def request_for(bundle, **changes):
    request, _ = plan(bundle.facts, Order("a red fox", "a red fox leaps", SEED, **changes))
    return request


@pytest.fixture(scope="module")
def t2v():
    return build(FirstFrame.NONE, num_experts=2)


@pytest.fixture(scope="module")
def reference(t2v):
    """Latents of diffusers' WanPipeline for the request's text, noise and settings."""
    from diffusers import WanPipeline  # noqa: PLC0415 - slow to import

    pipeline = WanPipeline(tokenizer=None, text_encoder=None, scheduler=t2v.scheduler(), **t2v.parts)
    pipeline.set_progress_bar_config(disable=True)
    request = request_for(t2v.bundle)
    cond, uncond = t2v.texts(request.context_text, request.negative_prompt)
    return pipeline(
        prompt_embeds=cond, negative_prompt_embeds=uncond, height=32, width=64, num_frames=9,
        num_inference_steps=8, guidance_scale=4.0, guidance_scale_2=3.0,
        latents=member_noise([SEED], (4, 3, 4, 8)), output_type="latent",
    ).frames  # fmt: skip


def test_two_experts_equal_diffusers_to_the_latents(t2v, reference):
    events = shoot(t2v.bundle, request_for(t2v.bundle))
    assert {event.expert for event in events if isinstance(event, StepDone)} == {0, 1}
    assert error(events[-1].latents, reference) <= BOUND


def test_the_frames_equal_diffusers_too(t2v, reference):
    events = shoot(t2v.bundle, request_for(t2v.bundle))
    vae = t2v.parts["vae"]
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1, 1)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    with torch.no_grad():
        frames = vae.decode(reference * std + mean).sample
    expected = ((frames[0].clamp(-1, 1) + 1) * 127.5).permute(1, 2, 3, 0).numpy()
    ours = np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
    assert ours.shape == (9, 32, 64, 3)
    assert np.abs(ours - expected).max() < 0.6


def swapped_guidance(bundle, request):
    return bundle, replace(request, sampling=replace(SAMPLING, guidance_high=3.0, guidance_low=4.0))


def other_shift(bundle, request):
    return bundle, replace(request, sampling=replace(SAMPLING, shift=12.0))


def other_grid(bundle, request):
    return bundle, replace(request, sampling=replace(SAMPLING, schedule="official"))


def other_solver(bundle, request):
    return bundle, replace(request, sampling=replace(SAMPLING, step_rule="euler"))


def exact_timesteps(bundle, request):
    return replace(bundle, conventions=Conventions(whole_timesteps=False)), request


def other_boundary(bundle, request):
    high, low = bundle.experts
    return replace(bundle, experts=(replace(high, from_sigma=0.7), low)), request


def no_negative_prompt(bundle, request):
    return bundle, replace(request, negative_prompt="")


@pytest.mark.parametrize(
    "plant",
    [
        swapped_guidance,
        other_shift,
        other_grid,
        other_solver,
        exact_timesteps,
        other_boundary,
        no_negative_prompt,
    ],
    ids=lambda plant: plant.__name__,
)
def test_every_planted_trap_is_seen(t2v, reference, plant):
    """Traps 3, 4 and 6 of the fact sheet, and their like."""
    assert error(shoot(*plant(t2v.bundle, request_for(t2v.bundle)))[-1].latents, reference) > 10 * BOUND


@pytest.mark.parametrize("first_frame", [FirstFrame.CHANNELS, FirstFrame.TOKENS])
def test_a_first_frame_equals_diffusers(first_frame):
    from diffusers import WanImageToVideoPipeline  # noqa: PLC0415 - slow to import

    wan = build(first_frame, num_experts=1)
    height, width, channels = 32, 64, (4, 3, *((4, 8) if first_frame is FirstFrame.CHANNELS else (2, 4)))
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    request = request_for(wan.bundle, first_frame=picture_digest(width, height, picture.tobytes()))
    pipeline = WanImageToVideoPipeline(
        tokenizer=None, text_encoder=None, image_encoder=None, image_processor=None,
        scheduler=wan.scheduler(), expand_timesteps=first_frame is FirstFrame.TOKENS, **wan.parts,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    cond, uncond = wan.texts(request.context_text, request.negative_prompt)
    expected = pipeline(
        image=torch.from_numpy(picture).permute(2, 0, 1)[None] / 255,
        prompt_embeds=cond, negative_prompt_embeds=uncond, height=height, width=width, num_frames=9,
        num_inference_steps=8, guidance_scale=4.0, latents=member_noise([SEED], channels),
        output_type="latent",
    ).frames  # fmt: skip
    latents = shoot(wan.bundle, request, Run(first_frame=picture))[-1].latents
    assert error(latents, expected) <= BOUND
    other = shoot(
        wan.bundle,
        replace(request, first_frame=picture_digest(width, height, (255 - picture).tobytes())),
        Run(first_frame=255 - picture),
    )
    assert error(other[-1].latents, expected) > 10 * BOUND
