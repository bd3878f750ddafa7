"""One generation: words -> context -> latents -> frames, as an iterator of events."""

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rushes.core.errors import GenerationError
from rushes.core.request import Request
from rushes.core.shapes import ClipShape
from rushes.diffusion.conditioning import Condition
from rushes.diffusion.denoiser import ExpertSwitch
from rushes.diffusion.noise import member_noise, share_over_time
from rushes.diffusion.sampler import SampleStep, sample
from rushes.diffusion.schedule import SCHEDULES, explicit_sigmas
from rushes.diffusion.step_rule import STEP_RULES, StepRule
from rushes.engine.edits import editing
from rushes.engine.events import (
    CandidateScored,
    Event,
    Finished,
    FramesDecoded,
    Preview,
    Resumed,
    StageDone,
    StageName,
    StageStarted,
    StepDone,
    TextsEncoded,
)
from rushes.engine.experts import experts_under, guidance_scales, path_of
from rushes.engine.first_frame import condition_of, starting_with
from rushes.engine.given import GivenClip, check_given, clean_latents, known_part
from rushes.engine.pace import Pace
from rushes.engine.pictures import Picture, preview, to_pictures
from rushes.engine.plan import check_sliders
from rushes.engine.reframing import Reframing, reframing_of
from rushes.engine.run import PLAIN_RUN, Run, cancellable
from rushes.engine.saved_run import Progress
from rushes.engine.stills import draw_stills
from rushes.engine.texts import Texts, encode_texts
from rushes.engine.work import Work
from rushes.models.bundle import Bundle


@dataclass(frozen=True)
class Walk:
    """Everything the denoising stage walks with."""

    denoiser: ExpertSwitch
    sigmas: Tensor
    step_rule: StepRule
    latents: Tensor
    pace: Pace
    reframing: Reframing | None
    first: int = 0


def generate(bundle: Bundle, request: Request, run: Run = PLAIN_RUN) -> Iterator[Event]:
    """Make the clip of ``request`` with ``bundle``, and one more for each of the run's further seeds.

    Of a request with several candidates the one with the highest score of the run is sent.

    The same request on the same machine, threads and dtype gives the same latents, byte for byte; in a batch
    each clip has the noise of its seed and equals the clip made alone within rounding. Raises UsageError
    before any work when the model cannot make the size or the number of frames, or use the first frame or the
    sliders, and GenerationError when values stop being finite.
    """
    if request.candidates > 1 and (run.score is None or run.more_seeds):
        raise ValueError("candidates need a score to choose by, and a batch of their own")
    check_given(bundle, request, run.given)
    check_sliders(bundle.facts, dict(request.sliders))
    if run.latents is None:
        walk = yield from _begin(bundle, request, run)
        latents, pace = (yield from _denoise(bundle, walk, run)), walk.pace
    else:
        latents, pace = run.latents.to(run.device), Pace((), bundle.conventions.decode_forwards)
    if request.candidates > 1:
        latents = yield from _decode_best(bundle, request, latents, run)
    else:
        yield from _decode(bundle, latents, request.num_frames - request.trim, pace, run.given)
    yield Finished(latents)


def _begin(bundle: Bundle, request: Request, run: Run) -> Generator[Event, None, Walk]:
    """What denoising walks with: words, noise and what the run keeps to."""
    shape = ClipShape(request.num_frames, request.height, request.width).latent(
        bundle.codec.compression, bundle.latent_channels
    )
    condition = _condition(bundle, request, run)
    texts = run.texts or (yield from _encode_text(bundle, request))
    if texts.uncond is None and request.sampling.is_guided:
        raise ValueError("guidance needs the context of a negative prompt, which may be empty")
    noise = run.noise
    if noise is None:
        count = request.edit.noises if request.edit else request.candidates
        noise = member_noise([*range(request.seed, request.seed + count), *run.more_seeds], shape)
    noise = share_over_time(noise, bundle.conventions.shared_noise, path_of(bundle, request))
    texts, noise = texts.to(run.device), noise.to(run.device)
    if request.sampling.still_shift and run.first_frame is None and run.given is None:
        stills = draw_stills(bundle, request, texts, noise[:, :, :1], run.guide)
        condition = starting_with(bundle, stills, noise.shape[2])
        if run.previews:
            yield Preview(0, preview(bundle.codec, stills[:1, : bundle.codec.latent_channels]))
    if request.edit:
        assert run.given is not None
        clean = clean_latents(bundle, run.given, run.device)
        denoiser, start = editing(bundle, request, texts, clean, noise, run.guide), clean
    else:
        denoiser, start = experts_under(bundle, request, texts, condition, run.guide), condition.start(noise)
    return _prepare(bundle, request, denoiser, condition, start)


def _condition(bundle: Bundle, request: Request, run: Run) -> Condition:
    """What the run keeps to beside its text."""
    if run.given is not None and run.given.known.any():
        return known_part(bundle, run.given, run.device)
    return condition_of(bundle, request, run.first_frame, run.device)


def _encode_text(bundle: Bundle, request: Request) -> Generator[Event, None, Texts]:
    yield StageStarted(StageName.ENCODE_TEXT)
    work = Work(StageName.ENCODE_TEXT)
    with work:
        texts = encode_texts(bundle, request)
    yield TextsEncoded(texts)
    yield StageDone(StageName.ENCODE_TEXT, work.seconds)
    return texts


def _prepare(
    bundle: Bundle, request: Request, denoiser: ExpertSwitch, condition: Condition, start: Tensor
) -> Walk:
    sampling = request.sampling
    sigmas = (
        explicit_sigmas(sampling.sigmas)
        if sampling.sigmas
        else SCHEDULES[sampling.schedule](sampling.steps, sampling.shift)
    )
    first = int((sigmas > request.edit.from_sigma).sum()) if request.edit else 0
    scales = guidance_scales(bundle, request)
    forwards = [1 if scales[denoiser.index(sigma)] == 1 else 2 for sigma in sigmas[:-1].tolist()]
    step_rule = condition.hold(STEP_RULES[sampling.step_rule]())
    pace = Pace(forwards, bundle.conventions.decode_forwards)
    reframing = reframing_of(bundle, request, sigmas)
    return Walk(denoiser, sigmas, step_rule, start, pace, reframing, first)


def _denoise(bundle: Bundle, walk: Walk, run: Run) -> Generator[Event, None, Tensor]:
    """Latents (B, C, T, H, W) float32 at sigma 0."""
    yield StageStarted(StageName.DENOISE)
    work = Work(StageName.DENOISE)
    total = len(walk.sigmas) - 1
    latents, first = walk.latents, walk.first
    if run.saved is not None and (progress := run.saved.load()):
        latents, first = progress.latents.to(run.device), progress.step
        walk.step_rule.load_state_dict({k: v.to(run.device) for k, v in progress.solver.items()})
        yield Resumed(first, total)
    steps = sample(walk.denoiser, latents, walk.sigmas, walk.step_rule, first)
    walk.pace.start()
    for step in range(first + 1, total + 1):
        with work, cancellable(bundle, run.is_cancelled), _rescuing(run, walk, latents, step - 1):
            record = next(steps)
            _check_finite(record, step, total)
            if walk.reframing and step == walk.reframing.step:
                walk.reframing.write_into(record)
        latents = record.latents
        if run.saved is not None:
            run.saved.after(Progress(step, latents, walk.step_rule.state_dict()), total)
        left = walk.pace.after_step(step)
        expert = walk.denoiser.index(record.sigma)
        yield StepDone(step, total, expert, record.sigma, latents, record.denoised, left)
        if run.previews and step % run.previews == 0:
            yield Preview(step, preview(bundle.codec, record.denoised[:1, : bundle.codec.latent_channels]))
    yield StageDone(StageName.DENOISE, work.seconds)
    return latents


@contextmanager
def _rescuing(run: Run, walk: Walk, latents: Tensor, step: int) -> Iterator[None]:
    """Keep what stood before a step that breaks off: stopped by hand, out of memory."""
    before = Progress(step, latents, walk.step_rule.state_dict()) if run.saved else None
    try:
        yield
    except BaseException:
        if run.saved and before:
            run.saved.rescue(before)
        raise


def _check_finite(record: SampleStep, step: int, total: int) -> None:
    if not torch.isfinite(record.latents).all():
        raise GenerationError(
            f"step {step} of {total} (sigma {record.sigma:.4f}) gave numbers that are not finite: "
            "verify the model's files, or compute in float32"
        )


def _decode(
    bundle: Bundle, latents: Tensor, total: int, pace: Pace, given: GivenClip | None
) -> Iterator[Event]:
    """The frames of ``latents`` chunk by chunk, clip after clip, ``total`` of each."""
    yield StageStarted(StageName.DECODE)
    work = Work(StageName.DECODE)
    pace.start()
    members = len(latents)
    for member in range(members):
        done = 0
        for frames in _pictures(bundle, latents[member : member + 1], total, work, given):
            done += len(frames)
            left = pace.after_frames(member * total + done, members * total)
            yield FramesDecoded(frames, done, total, member, left)
    yield StageDone(StageName.DECODE, work.seconds)


def _decode_best(
    bundle: Bundle, request: Request, latents: Tensor, run: Run
) -> Generator[Event, None, Tensor]:
    """Decode every candidate and send the frames of the best; its latents (1, C, T, H, W)."""
    yield StageStarted(StageName.DECODE)
    work = Work(StageName.DECODE)
    assert run.score is not None
    total, best, most, kept = request.num_frames - request.trim, 0, -math.inf, None
    for number in range(request.candidates):
        frames = np.concatenate([*_pictures(bundle, latents[number : number + 1], total, work, run.given)])
        with work:
            points = run.score(frames)
        yield CandidateScored(number + 1, request.candidates, request.seed + number, points)
        if kept is None or points > most:
            best, most, kept = number, points, frames
    assert kept is not None
    yield FramesDecoded(kept, total, total, 0, 0.0)
    yield StageDone(StageName.DECODE, work.seconds)
    return latents[best : best + 1]


def _pictures(
    bundle: Bundle, latents: Tensor, total: int, work: Work, given: GivenClip | None
) -> Iterator[Picture]:
    """The first ``total`` frames of one clip, chunk by chunk, with what is kept of a given one."""
    chunks = bundle.codec.decode_stream(latents[:, : bundle.codec.latent_channels])
    done = 0
    while done < total:
        with work, torch.inference_mode():
            frames = to_pictures(next(chunks))[: total - done]
            if given is not None:
                frames = given.put_back(frames, done)
        done += len(frames)
        yield frames
