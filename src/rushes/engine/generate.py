"""One generation: words -> context -> latents -> frames, as an iterator of events."""

from collections.abc import Generator, Iterator
from time import perf_counter
from types import TracebackType

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.request import Request
from rushes.core.shapes import ClipShape
from rushes.diffusion.denoiser import ExpertSwitch, SigmaRange, TextDenoiser
from rushes.diffusion.guidance import Guided
from rushes.diffusion.noise import member_noise
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import flow_sigmas
from rushes.diffusion.step_rule import EulerStep
from rushes.engine.events import Event, Finished, FramesDecoded, StageDone, StageName, StageStarted, StepDone
from rushes.models.bundle import Bundle


class Stopwatch:
    """Adds up the time spent inside its ``with`` blocks: a stage's own work, not its caller's."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += perf_counter() - self._since


def generate(bundle: Bundle, request: Request) -> Iterator[Event]:
    """Make the clip of ``request`` with ``bundle``.

    The same request on the same machine, threads and dtype gives the same latents, byte for byte. Raises
    UsageError before any work when the model cannot make the size or the number of frames.
    """
    shape = ClipShape(request.num_frames, request.height, request.width).latent(
        bundle.codec.compression, bundle.codec.latent_channels
    )
    cond, uncond = yield from _encode_text(bundle, request)
    latents = yield from _denoise(_denoiser(bundle, request, cond, uncond), request, shape)
    yield from _decode(bundle, latents, request.num_frames)
    yield Finished(latents)


def _encode_text(bundle: Bundle, request: Request) -> Generator[Event, None, tuple[Tensor, Tensor]]:
    """Context (1, L, D) of the prompt and of the negative prompt."""
    yield StageStarted(StageName.ENCODE_TEXT)
    watch = Stopwatch()
    with watch, torch.inference_mode():
        length = bundle.experts[0].transformer.config.text_len
        ids, mask = bundle.tokenizer.encode([request.context_text, request.negative_prompt], length)
        cond, uncond = bundle.text_encoder(ids, mask).split(1)
    yield StageDone(StageName.ENCODE_TEXT, watch.seconds)
    return cond, uncond


def _denoiser(bundle: Bundle, request: Request, cond: Tensor, uncond: Tensor) -> ExpertSwitch:
    """The bundle's experts, each with its guidance scale: ``guidance_high`` first, ``guidance_low`` after."""
    sampling = request.sampling
    scales = [sampling.guidance_high] + [sampling.guidance_low] * (len(bundle.experts) - 1)
    return ExpertSwitch(
        tuple(
            SigmaRange(
                expert.from_sigma,
                Guided(
                    TextDenoiser(expert.transformer, cond), TextDenoiser(expert.transformer, uncond), scale
                ),
            )
            for expert, scale in zip(bundle.experts, scales, strict=True)
        )
    )


def _denoise(
    denoiser: ExpertSwitch, request: Request, shape: tuple[int, ...]
) -> Generator[Event, None, Tensor]:
    """Latents (1, *shape) float32 of the request's seed."""
    yield StageStarted(StageName.DENOISE)
    watch = Stopwatch()
    total = request.sampling.steps
    latents = member_noise([request.seed], shape)
    steps = sample(denoiser, latents, flow_sigmas(total, request.sampling.shift), EulerStep())
    for _ in range(total):
        with watch:
            record = next(steps)
        latents = record.latents
        yield StepDone(record.index + 1, total, denoiser.index(record.sigma), record.sigma, record.denoised)
    yield StageDone(StageName.DENOISE, watch.seconds)
    return latents


def _decode(bundle: Bundle, latents: Tensor, total: int) -> Iterator[Event]:
    """The frames of ``latents`` chunk by chunk."""
    yield StageStarted(StageName.DECODE)
    watch = Stopwatch()
    chunks = bundle.codec.decode_stream(latents)
    done = 0
    while done < total:
        with watch, torch.inference_mode():
            frames = to_pictures(next(chunks))
        done += len(frames)
        yield FramesDecoded(frames, done, total)
    yield StageDone(StageName.DECODE, watch.seconds)


def to_pictures(frames: Tensor) -> NDArray[np.uint8]:
    """One clip's frames (1, 3, t, H, W) in [-1, 1] -> uint8 (t, H, W, 3), rounded."""
    levels = ((frames.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return rearrange(levels, "1 c t h w -> t h w c").contiguous().cpu().numpy()
