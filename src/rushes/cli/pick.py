"""``rushes pick``: which of several clips shows best what the words ask for."""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.evaluation.reading import Clip

NATIVE_RATE = Fraction(12)
NATIVE_WIDTH = 256


@dataclass(frozen=True)
class Ranked:
    """A clip with its score; ``shown_instead``: slot -> id, where something else was asked."""

    clip: str
    score: float
    shown_instead: dict[str, str]


def pick(
    clips: Annotated[list[Path], typer.Argument(help="Clips of one prompt, MP4.")],
    *,
    prompt: Annotated[str, typer.Option(help="What they should show, in any of the four languages.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the ranking as JSON.")] = False,
) -> None:
    """Rank clips, the best first, by the network that chooses among mini's candidates."""
    for path in clips:
        if not path.is_file():
            raise UsageError(f"clip {str(path)!r} is no file: give MP4 files")

    from rushes.evaluation.picking import picker
    from rushes.evaluation.reading import read, visible

    chooser = picker(prompt, {})
    ranking = []
    for path in clips:
        frames = _frames(path)
        [reading] = read(chooser.network, [frames], chooser.known)
        shown = reading.shown()
        wrong = {slot: shown[slot] for slot, value in visible(chooser.wanted).items() if shown[slot] != value}
        ranking.append(Ranked(str(path), chooser(frames), wrong))
    ranking.sort(key=lambda entry: -entry.score)
    if as_json:
        document = {"wanted": dict(chooser.wanted), "ranking": [asdict(entry) for entry in ranking]}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for place, entry in enumerate(ranking, 1):
        instead = ", ".join(f"{slot} {value}" for slot, value in entry.shown_instead.items())
        print(f"{place}  {entry.score:8.3f}  {entry.clip}" + (f"  shows {instead}" if instead else ""))


def _frames(path: Path) -> "Clip":
    """A clip as mini makes them, 12 frames a second and 256 pixels wide: gaits are read from neighbours."""
    import av
    import cv2
    import numpy as np

    from rushes.media.video import probe, read_frames

    try:
        rate = probe(path).frame_rate
        step = max(1, round(rate / NATIVE_RATE))
        frames = []
        for number, frame in enumerate(read_frames(path)):
            if number % step == 0:
                size = (NATIVE_WIDTH, round(NATIVE_WIDTH * frame.shape[0] / frame.shape[1]))
                frames.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    except (av.FFmpegError, IndexError) as error:
        raise UsageError(f"clip {str(path)!r} cannot be read as a film: give MP4 files") from error
    return np.stack(frames)
