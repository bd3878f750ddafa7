"""Parts of films one after the other in one film, at one frame rate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rushes.core.timebase import held_frames
from rushes.media.picture import cover
from rushes.media.video import VideoFacts, VideoWriter, read_frames, video_writer


@dataclass(frozen=True)
class Part:
    """A film and which of its frames, [in, out) counted at the reel's rate, come in."""

    path: Path
    facts: VideoFacts
    in_frame: int
    out_frame: int


def write_reel(parts: Sequence[Part], frame_rate: Fraction, output: Path) -> int:
    """Write an MP4 of ``parts`` in their order, of the first one's size; the number of its frames.

    Frames are held, never blended. Pictures of another size fill the frame; what sticks out is cut off.
    """
    first = parts[0].facts
    with video_writer(output, first.width, first.height, frame_rate) as writer:
        for part in parts:
            _append(writer, part, frame_rate)
        return writer.num_frames


def _append(writer: VideoWriter, part: Part, frame_rate: Fraction) -> None:
    facts = part.facts
    shown = held_frames(facts.num_frames, facts.frame_rate, frame_rate)
    wanted = Counter(shown[part.in_frame : part.out_frame])
    for number, picture in enumerate(read_frames(part.path)):
        if number > max(wanted):
            return
        if wanted[number]:
            writer.write(cover(picture, writer.stream.width, writer.stream.height), wanted[number])
