"""One generation: words -> context -> latents -> frames, as an iterator of events."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from rushes.core.errors import GenerationError
from rushes.core.request import Request
from rushes.core.shapes import ClipShape
from rushes.diffusion.conditioning import Condition
from rushes.diffusion.denoiser import ExpertSwitch
from rushes.diffusion.noise import member_noise, share_over_time
from rushes.diffusion.sampler import SampleStep
from rushes.diffusion.schedule import SCHEDULES, explicit_sigmas
from rushes.diffusion.step_rule import STEP_RULES
from rushes.engine.candidates import best_of, decode_best, judge
from rushes.engine.decode import decode
from rushes.engine.edits import editing
from rushes.engine.events import (
    CandidateScored,
    Event,
    Finished,
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
from rushes.engine.given import check_given, clean_latents, known_part
from rushes.engine.pace import Pace
from rushes.engine.pictures import preview
from rushes.engine.plan import check_sliders
from rushes.engine.reframing import reframing_of
from rushes.engine.run import PLAIN_RUN, Run, cancellable
from rushes.engine.stills import draw_stills
from rushes.engine.texts import Texts, encode_texts
from rushes.engine.walk import Walk
from rushes.engine.work import Work
from rushes.models.bundle import Bundle


def generate(bundle: Bundle, request: Request, run: Run = PLAIN_RUN) -> Iterator[Event]:
    """Make the clip of ``request`` with ``bundle``, and one more for each of the run's further seeds.

    Of a request with several candidates the best is sent (:mod:`rushes.engine.candidates`).

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
        walk = yield from _denoise(bundle, request, walk, run)
        if request.candidates > 1:
            latents = yield from decode_best(bundle, request, walk, run)
            yield Finished(latents)
            return
        latents, pace = walk.latents, walk.pace
    else:
        latents, pace = run.latents.to(run.device), Pace((), bundle.conventions.decode_forwards)
    yield from decode(bundle, latents, request.num_frames - request.trim, pace, run.given)
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
        return _prepare(bundle, request, lambda _: denoiser, condition, start)

    def under(condition: Condition) -> ExpertSwitch:
        return experts_under(bundle, request, texts, condition, run.guide)

    return _prepare(bundle, request, under, condition, condition.start(noise))


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
    bundle: Bundle,
    request: Request,
    under: Callable[[Condition], ExpertSwitch],
    condition: Condition,
    start: Tensor,
) -> Walk:
    sampling = request.sampling
    sigmas = (
        explicit_sigmas(sampling.sigmas)
        if sampling.sigmas
        else SCHEDULES[sampling.schedule](sampling.steps, sampling.shift)
    )
    first = int((sigmas > request.edit.from_sigma).sum()) if request.edit else 0
    scales, denoiser = guidance_scales(bundle, request), under(condition)
    forwards = [1 if scales[denoiser.index(sigma)] == 1 else 2 for sigma in sigmas[:-1].tolist()]
    for step in range(len(forwards)):
        forwards[step] *= request.candidates if step < request.halving_step else request.finalists
    new_rule = STEP_RULES[sampling.step_rule]
    pace = Pace(forwards, bundle.conventions.decode_forwards)
    reframing = reframing_of(bundle, request, sigmas)
    step_rule = condition.hold(new_rule())
    return Walk(
        under, new_rule, condition, denoiser, step_rule, sigmas, start, tuple(range(len(start))), pace,
        reframing, first,
    )  # fmt: skip


def _denoise(bundle: Bundle, request: Request, walk: Walk, run: Run) -> Generator[Event, None, Walk]:
    """The walk at its end, at sigma 0; of several candidates the finalists'."""
    yield StageStarted(StageName.DENOISE)
    work = Work(StageName.DENOISE)
    walk, scores = yield from _taken_up(request, walk, run)
    steps = walk.steps()
    walk.pace.start()
    for step in range(walk.first + 1, walk.total + 1):
        with work, cancellable(bundle, run.is_cancelled), _rescuing(run, walk, scores):
            record = next(steps)
            _check_finite(record, step, walk.total)
            if walk.reframing and step == walk.reframing.step:
                walk.reframing.write_into(record)
        walk = walk.after(step, record.latents)
        if step == request.halving_step and request.finalists < request.candidates:
            judged = yield from judge(bundle, request, walk, record.denoised, run, work)
            scores = tuple(each.score for each in judged)
            finalists = best_of(scores, request.finalists)
            walk, record = walk.of(finalists), record.of(finalists)
            steps = walk.steps()
        if run.saved is not None:
            run.saved.after(walk.progress(scores), walk.total)
        left = walk.pace.after_step(step)
        expert = walk.denoiser.index(record.sigma)
        yield StepDone(step, walk.total, expert, record.sigma, record.latents, record.denoised, left)
        if run.previews and step % run.previews == 0:
            yield Preview(step, preview(bundle.codec, record.denoised[:1, : bundle.codec.latent_channels]))
    yield StageDone(StageName.DENOISE, work.seconds)
    return walk


def _taken_up(
    request: Request, walk: Walk, run: Run
) -> Generator[Event, None, tuple[Walk, tuple[float, ...]]]:
    """The walk from where a saved run stood, and the scores of its candidates if they were halved."""
    progress = run.saved.load() if run.saved is not None else None
    if progress is None:
        return walk, ()
    for number, points in enumerate(progress.scores):
        yield CandidateScored(number + 1, request.candidates, request.seed + number, points)
    if progress.scores:
        walk = walk.of(best_of(progress.scores, request.finalists))
    walk.step_rule.load_state_dict({name: value.to(run.device) for name, value in progress.solver.items()})
    yield Resumed(progress.step, walk.total)
    return walk.after(progress.step, progress.latents.to(run.device)), progress.scores


@contextmanager
def _rescuing(run: Run, walk: Walk, scores: tuple[float, ...]) -> Iterator[None]:
    """Keep what stood before a step that breaks off: stopped by hand, out of memory."""
    before = walk.progress(scores) if run.saved else None
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
