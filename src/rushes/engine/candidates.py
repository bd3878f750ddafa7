"""Several clips of one take: all begin, the better half is walked to the end, the best is delivered.

What a clip shows stands early, the later steps draw it finer. So a look at the clips that are foreseen after
a third of the steps drops those that go wrong, and the best is chosen among clips that are done (docs/log.md
has what that costs and saves).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from rushes.core.request import Request
from rushes.engine.decode import pictures_of
from rushes.engine.events import (
    CandidateChosen,
    CandidateScored,
    Event,
    FramesDecoded,
    StageDone,
    StageName,
    StageStarted,
)
from rushes.engine.pictures import Picture
from rushes.engine.run import Run
from rushes.engine.walk import Walk
from rushes.engine.work import Work
from rushes.models.bundle import Bundle


@dataclass(frozen=True)
class Judged:
    """The frames of one candidate, and how well they show what was asked."""

    frames: Picture
    score: float


def judge(
    bundle: Bundle, request: Request, walk: Walk, latents: Tensor, run: Run, work: Work
) -> Generator[Event, None, list[Judged]]:
    """The clips of ``walk`` as ``latents`` (B, C, T, H, W) have them, done or foreseen."""
    assert run.score is not None
    total, judged = request.num_frames - request.trim, list[Judged]()
    for place, member in enumerate(walk.members):
        chunks = pictures_of(bundle, latents[place : place + 1], total, work, run.given)
        frames = np.concatenate([*chunks])
        with work:
            judged.append(Judged(frames, run.score(frames)))
        yield CandidateScored(place + 1, len(walk.members), request.seed + member, judged[-1].score)
    return judged


def decode_best(bundle: Bundle, request: Request, walk: Walk, run: Run) -> Generator[Event, None, Tensor]:
    """The decoding stage of several candidates: the frames of the best; its latents (1, C, T, H, W)."""
    yield StageStarted(StageName.DECODE)
    work = Work(StageName.DECODE)
    judged = yield from judge(bundle, request, walk, walk.latents, run, work)
    [best] = best_of([each.score for each in judged], 1)
    frames, seeds = judged[best].frames, tuple(request.seed + member for member in walk.members)
    yield CandidateChosen(seeds[best], seeds)
    yield FramesDecoded(frames, len(frames), len(frames), 0, 0.0)
    yield StageDone(StageName.DECODE, work.seconds)
    return walk.latents[best : best + 1]


def best_of(scores: Sequence[float], count: int) -> tuple[int, ...]:
    """Numbers (from 0, rising) of so many highest scores, the first of equal ones."""
    ranked = sorted(range(len(scores)), key=lambda number: -scores[number])
    return tuple(sorted(ranked[:count]))
