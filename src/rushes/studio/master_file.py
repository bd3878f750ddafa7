"""A take's raw master: every native frame as it was decoded, lossless (FFV1 in Matroska), at its rate.

A clip that came from a hosted model is a master as it came: it is lossy already, and FFV1 would only make it
many times larger.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from rushes.media.video import read_frames

Frames = NDArray[np.uint8]
REVISION = 1


@dataclass(frozen=True)
class MasterFacts:
    """What a master holds."""

    width: int
    height: int
    num_frames: int
    frame_rate: Fraction


class MasterWriter:
    """Takes frames in order."""

    def __init__(self, container: "av.container.OutputContainer", frame_rate: Fraction) -> None:
        self._container, self._frame_rate = container, frame_rate
        self._stream: av.VideoStream | None = None
        self._count = 0

    def write(self, frames: Frames) -> None:
        """The next frames, uint8 (t, H, W, 3) RGB; the first decide the size."""
        if self._stream is None:
            self._stream = self._container.add_stream("ffv1", rate=self._frame_rate)
            self._stream.height, self._stream.width = frames.shape[1:3]
            self._stream.pix_fmt = "bgr0"
        for picture in frames:
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
                format="bgr0"
            )
            frame.pts, frame.time_base = self._count, 1 / self._frame_rate
            self._container.mux(self._stream.encode(frame))
            self._count += 1

    def end(self) -> None:
        """No more frames will come."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())


@contextmanager
def master_writer(path: Path, frame_rate: Fraction) -> Iterator[MasterWriter]:
    """Write a master; equal frames give equal files."""
    options = {"fflags": "+bitexact"}
    with av.open(str(path), "w", format="matroska", options=options) as container:
        writer = MasterWriter(container, frame_rate)
        yield writer
        writer.end()


def read_master(path: Path) -> Iterator[Frames]:
    """The frames one by one, uint8 (1, H, W, 3) RGB, bit for bit as they were written."""
    for picture in read_frames(path):
        yield picture[None]


def master_facts(path: Path) -> MasterFacts:
    """Size, length and rate; every frame is a packet, so none need be decoded."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        num_frames = sum(1 for packet in container.demux(stream) if packet.size)
        return MasterFacts(stream.width, stream.height, num_frames, Fraction(stream.average_rate or 0))
