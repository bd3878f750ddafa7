"""The decoding stage: latents -> frames, chunk by chunk."""

from collections.abc import Iterator

import torch
from torch import Tensor

from rushes.engine.events import Event, FramesDecoded, StageDone, StageName, StageStarted
from rushes.engine.given import GivenClip
from rushes.engine.pace import Pace
from rushes.engine.pictures import Picture, to_pictures
from rushes.engine.work import Work
from rushes.models.bundle import Bundle


def decode(
    bundle: Bundle, latents: Tensor, total: int, pace: Pace, given: GivenClip | None
) -> Iterator[Event]:
    """The frames of ``latents`` (B, C, T, H, W), clip after clip, ``total`` of each."""
    yield StageStarted(StageName.DECODE)
    work = Work(StageName.DECODE)
    pace.start()
    members = len(latents)
    for member in range(members):
        done = 0
        for frames in pictures_of(bundle, latents[member : member + 1], total, work, given):
            done += len(frames)
            left = pace.after_frames(member * total + done, members * total)
            yield FramesDecoded(frames, done, total, member, left)
    yield StageDone(StageName.DECODE, work.seconds)


def pictures_of(
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
