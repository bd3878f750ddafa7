"""Words to pictures beside diffusers' Wan pipelines, with the same random weights, noise and settings."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.engine.wan import SAMPLING, build
from tests.models.references import error

from rushes.core.model_facts import Conventions, FirstFrame
from rushes.core.recipe import picture_digest
from rushes.diffusion.denoiser import whole_timestep
from rushes.diffusion.noise import member_noise
from rushes.diffusion.schedule import SCHEDULES
from rushes.engine.events import Finished, FramesDecoded, Preview, StepDone
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


def rounded_levels(bundle, request):
    """Sigma itself must not be cut down with the timestep."""
    sigmas = SCHEDULES[SAMPLING.schedule](SAMPLING.steps, SAMPLING.shift)
    rounded = tuple(whole_timestep(sigma) / 1000 for sigma in sigmas.tolist())
    return bundle, replace(request, sampling=replace(SAMPLING, sigmas=rounded))


def swapped_experts(bundle, request):
    high, low = bundle.experts
    experts = (replace(high, transformer=low.transformer), replace(low, transformer=high.transformer))
    return replace(bundle, experts=experts), request


class StatesBehindTheWords(torch.nn.Module):
    """An encoder that leaves its states at the padding, as transformers' does."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder, self.config = encoder, encoder.config
        self.token_embedding = encoder.token_embedding

    def forward(self, ids, mask):
        return self.encoder(ids, mask) + (~mask).unsqueeze(-1)


def states_behind_the_words(bundle, request):
    return replace(bundle, text_encoder=StatesBehindTheWords(bundle.text_encoder)), request


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
        rounded_levels,
        swapped_experts,
        states_behind_the_words,
    ],
    ids=lambda plant: plant.__name__,
)
def test_every_planted_trap_is_seen(t2v, reference, plant):
    """Traps 2, 3, 4 and 6 of the fact sheet, and their like."""
    assert error(shoot(*plant(t2v.bundle, request_for(t2v.bundle)))[-1].latents, reference) > 10 * BOUND


def test_timesteps_rounded_to_the_nearest_are_seen(t2v, reference, monkeypatch):
    """Trap 6: they are cut down."""
    monkeypatch.setattr("rushes.engine.experts.whole_timestep", lambda sigma: round(1000 * sigma))
    assert error(shoot(t2v.bundle, request_for(t2v.bundle))[-1].latents, reference) > 10 * BOUND


def noise_in_bfloat16(shape):
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.bfloat16).float()


def noise_of_another_shape(shape):
    channels, frames, height, width = shape
    turned = member_noise([SEED], (frames, channels, height, width))
    return turned.transpose(1, 2)


@pytest.mark.parametrize("draw", [noise_in_bfloat16, noise_of_another_shape], ids=lambda draw: draw.__name__)
def test_noise_drawn_otherwise_is_seen(t2v, reference, draw):
    """Trap 12: one seed gives another clip where dtype or order of axes differ."""
    events = shoot(t2v.bundle, request_for(t2v.bundle), Run(noise=draw((4, 3, 4, 8))))
    assert error(events[-1].latents, reference) > 10 * BOUND


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_same_request_gives_the_same_bytes(t2v, dtype):
    """Of a published model too: text encoder, two experts, solver and codec."""
    transformers = [copy.deepcopy(expert.transformer).to(dtype) for expert in t2v.bundle.experts]
    experts = tuple(
        replace(expert, transformer=narrow)
        for expert, narrow in zip(t2v.bundle.experts, transformers, strict=True)
    )
    bundle = replace(t2v.bundle, experts=experts)
    first, second = (shoot(bundle, request_for(bundle)) for _ in range(2))
    assert torch.equal(first[-1].latents, second[-1].latents)
    frames = [
        np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
        for events in (first, second)
    ]
    assert np.array_equal(*frames)


def test_previews_of_a_published_model_are_its_decoders_stills(t2v):
    shown = shoot(t2v.bundle, request_for(t2v.bundle), Run(previews=8))
    (preview,) = [each for each in shown if isinstance(each, Preview)]
    frames = np.concatenate([each.frames for each in shown if isinstance(each, FramesDecoded)])
    assert preview.pictures.shape == (3, 32, 64, 3)
    # the last estimate is the clip; its first still is decoded as the clip's first frame is
    assert np.abs(preview.pictures[0].astype(int) - frames[0]).max() <= 1


def test_the_texts_keys_are_made_once_for_prompt_and_expert(t2v):
    calls = {id(expert.transformer): [] for expert in t2v.bundle.experts}
    handles = []
    for expert in t2v.bundle.experts:
        seen = calls[id(expert.transformer)]
        for block in expert.transformer.blocks:
            for layer in (block.cross_attn.k, block.cross_attn.v):
                handles.append(layer.register_forward_hook(lambda *_, seen=seen: seen.append(1)))
    try:
        shoot(t2v.bundle, request_for(t2v.bundle))
    finally:
        for handle in handles:
            handle.remove()
    # two contexts, two blocks, keys and values: whatever the number of steps
    assert [len(seen) for seen in calls.values()] == [8, 8]


def test_the_time_path_runs_once_a_forward_whatever_the_number_of_tokens(t2v):
    rows = []
    layer = t2v.bundle.experts[0].transformer.time_projection
    handle = layer.register_forward_hook(lambda _layer, _given, made: rows.append(tuple(made.shape)))
    try:
        shoot(t2v.bundle, request_for(t2v.bundle))
    finally:
        handle.remove()
    assert set(rows) == {(1, 6 * 24)}


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
