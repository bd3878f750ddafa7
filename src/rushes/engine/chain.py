"""A clip that goes on: windows one after the other, each beginning with the end of what there is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rushes.core.request import Request
from rushes.core.shapes import Compression
from rushes.engine.events import Event, Finished, FramesDecoded, StageDone, StageName, TextsEncoded
from rushes.engine.given import crossed, going_on, overlap_frames, seam_ratio, windows
from rushes.engine.pictures import Picture
from rushes.engine.run import Run

# Frames over which a clip passes from what was given to how the codec shows it.
CROSSED = 4

Generate = Callable[[Request, Run], Iterator[Event]]


@dataclass(frozen=True)
class Continuation:
    """How a given clip goes on: ``generate`` makes each window, of at most ``limit`` frames."""

    generate: Generate
    limit: int
    compression: Compression
    seam: Callable[[int, float], None]
    """Told of each window's first new frame and how the clip jumps there: 1 is no more than around it."""

    def __call__(self, request: Request, run: Run) -> Iterator[Event]:
        """The events of the clip ``request`` asks for, which begins with all frames of the given one.

        ``request`` has the whole length, which no model need make at once; each window has the next seed.
        The frames come at the end, in one event.
        """
        assert run.given is not None
        frames, texts, spent = run.given.frames, run.texts, dict.fromkeys(StageName, 0.0)
        total = request.num_frames - request.trim
        last = None
        for number, length in enumerate(windows(len(frames), total, self.limit, self.compression)):
            overlap = overlap_frames(len(frames), self.compression)
            piece = going_on(frames[-overlap:], length, self.compression)
            window = replace(
                request, num_frames=length, trim=0, seed=request.seed + number, given=piece.digest
            )
            made: list[Picture] = []
            for event in self.generate(window, replace(run, given=piece, texts=texts, saved=None)):
                if isinstance(event, FramesDecoded):
                    made.append(event.frames)
                elif isinstance(event, StageDone):
                    spent[event.stage] += event.seconds
                elif isinstance(event, Finished):
                    last = event
                else:
                    yield event
                if isinstance(event, TextsEncoded):
                    texts = event.texts
            seam = len(frames)
            frames = _joined(frames, made, overlap)
            self.seam(seam, seam_ratio(frames, seam))
        yield from (StageDone(stage, seconds) for stage, seconds in spent.items())
        yield FramesDecoded(frames[:total], total, total, 0, 0.0)
        if last is not None:
            yield last


def _joined(before: Picture, made: Sequence[Picture], overlap: int) -> Picture:
    """What there was and what follows; in the last frames they share one passes into the other."""
    shared = min(CROSSED, overlap)
    after = np.concatenate(made)[overlap - shared :]
    return np.concatenate([before[:-shared], crossed(before[-shared:], after[:shared]), after[shared:]])
