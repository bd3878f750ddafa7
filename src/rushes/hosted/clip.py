"""Clips that came from elsewhere: looked at frame by frame, and put into a file players can open at once."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from rushes.core.errors import HostedError
from rushes.media.files import replacing
from rushes.media.picture import write_png
from rushes.media.sheet import contact_sheet, sheet_indices
from rushes.media.video import VideoFacts, probe, read_some_frames

REVISION = 1
# How much shorter than asked a clip may be: services count frames their own way.
SHORTEST = Fraction(9, 10)


def check_clip(path: Path, seconds: int) -> VideoFacts:
    """What a clip is, after decoding every frame of it.

    Raises HostedError for what is no clip, or one that ends before ``seconds`` are over.
    """
    try:
        facts = probe(path)
    except (av.FFmpegError, IndexError, ValueError, ZeroDivisionError) as error:
        raise HostedError(f"the service sent what is no clip ({error}): it is fetched again") from error
    if not facts.num_frames or not facts.frame_rate:
        raise HostedError("the service sent a clip without pictures: it is fetched again")
    length = facts.num_frames / facts.frame_rate
    if length < SHORTEST * seconds:
        raise HostedError(
            f"the service sent {float(length):.1f} s of {seconds} s, the rest is missing: it is fetched again"
        )
    return facts


def repackage(source: Path, target: Path) -> None:
    """The same pictures, packet for packet, as an MP4 with its index first."""
    options = {"movflags": "+faststart"}
    with (
        replacing(target) as partial,
        av.open(str(source)) as given,
        av.open(str(partial), "w", format="mp4", options=options) as made,
    ):
        before = given.streams.video[0]
        after = made.add_stream_from_template(before)
        for packet in given.demux(before):
            if packet.dts is not None:
                packet.stream = after
                made.mux(packet)


def draw_sheet(clip: Path, num_frames: int, frame_rate: Fraction, target: Path) -> Iterator[float]:
    """The clip's contact sheet as PNG; yields the share of frames seen."""
    pictures, times = [], []
    for number, picture in read_some_frames(clip, set(sheet_indices(num_frames))):
        pictures.append(picture)
        times.append(number / frame_rate)
        yield number / num_frames
    write_png(target, contact_sheet(pictures, times))
