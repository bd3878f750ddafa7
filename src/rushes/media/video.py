"""Clips as MP4 files: H.264 High, 4:2:0, BT.709 limited range, index first; and what a file says it is."""

import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from rushes.media.files import replacing
from rushes.media.picture import LANCZOS, Picture

# Enlarged pictures are smooth: slower presets take three times as long and save no bytes.
H264_OPTIONS = {"preset": "veryfast", "crf": "16", "profile": "high"}


@dataclass
class VideoWriter:
    """An open clip; pictures of another size are resized by Lanczos on their way in."""

    container: av.container.OutputContainer
    stream: av.VideoStream
    num_frames: int = 0

    def write(self, picture: Picture, times: int = 1) -> None:
        """Append ``picture`` (H, W, 3), held for ``times`` frames."""
        if not times:
            return
        frame = self._to_video(picture)
        for _ in range(times):
            frame.pts = self.num_frames
            self.container.mux(self.stream.encode(frame))
            self.num_frames += 1

    def _to_video(self, picture: Picture) -> VideoFrame:
        """Full-range RGB -> limited-range BT.709 4:2:0 at the stream's size, in one pass of swscale."""
        source = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = source.reformat(
            self.stream.width,
            self.stream.height,
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=LANCZOS,
        )
        frame.time_base = 1 / Fraction(self.stream.codec_context.framerate)
        return frame


@contextmanager
def video_writer(path: Path, width: int, height: int, frame_rate: Fraction) -> Iterator[VideoWriter]:
    """Open ``path`` for writing; the file appears when the block ends well and never half-made."""
    with (
        replacing(path) as partial,
        av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=frame_rate, options=H264_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        codec = stream.codec_context
        codec.colorspace, codec.color_range = Colorspace.ITU709, ColorRange.MPEG
        codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        writer = VideoWriter(container, stream)
        yield writer
        container.mux(stream.encode())


@dataclass(frozen=True)
class VideoFacts:
    """What a clip's file says about itself; ``color`` is (primaries, transfer, matrix), 1 = BT.709."""

    width: int
    height: int
    frame_rate: Fraction
    num_frames: int
    codec: str
    profile: str
    pixel_format: str
    color: tuple[int, int, int]
    limited_range: bool
    faststart: bool


def probe(path: Path) -> VideoFacts:
    """Read the facts of a clip; counts frames by decoding them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        num_frames = sum(1 for _ in container.decode(stream))
        return VideoFacts(
            width=codec.width,
            height=codec.height,
            frame_rate=Fraction(stream.average_rate or 0),
            num_frames=num_frames,
            codec=codec.name,
            profile=codec.profile or "",
            pixel_format=codec.pix_fmt or "",
            color=(int(codec.color_primaries), int(codec.color_trc), int(codec.colorspace)),
            limited_range=codec.color_range == ColorRange.MPEG,
            faststart=_index_first(path),
        )


def _index_first(path: Path) -> bool:
    """Whether ``moov`` stands before ``mdat`` among the file's top boxes (ISO/IEC 14496-12, 4.2)."""
    with path.open("rb") as file:
        while header := file.read(8):
            size, kind = struct.unpack(">I4s", header)
            if kind in (b"moov", b"mdat"):
                return bool(kind == b"moov")
            body = struct.unpack(">Q", file.read(8))[0] - 16 if size == 1 else size - 8
            file.seek(body, 1)
    return False


def read_frames(path: Path) -> Iterator[Picture]:
    """The pictures of a clip as RGB (H, W, 3), converted by the colour tags of the file."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield _to_picture(frame)


def read_some_frames(path: Path, numbers: Collection[int]) -> Iterator[tuple[int, Picture]]:
    """Frames ``numbers`` of a clip with their numbers; all are decoded, the others not made into pictures."""
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in numbers:
                yield number, _to_picture(frame)


def _to_picture(frame: VideoFrame) -> Picture:
    picture = frame.reformat(
        format="rgb24",
        src_colorspace=frame.colorspace,
        src_color_range=frame.color_range,
        dst_color_range=ColorRange.JPEG,
        interpolation=LANCZOS,
    ).to_ndarray()
    return picture.astype(np.uint8, copy=False)
