"""Pictures of a clip for players: a frame that stands for it, and a sheet of small ones with their times.

``python -m rushes.media.stills CLIP FOLDER`` writes them, so that no server decodes in its own process.
"""

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange

from rushes.media.files import replacing
from rushes.media.picture import LANCZOS, Picture, lanczos

REVISION = 1
THUMBNAIL, SPRITES, CUES = "thumbnail.webp", "sprites.jpg", "sprites.vtt"
TILE_WIDTH, COLUMNS, MOST_TILES = 160, 5, 25
THUMBNAIL_WIDTH, PREVIEW_WIDTH = 640, 320
# What the cues call the sheet: the name beside them, wherever both are served from.
SHEET_NAME = "sprites"
_QUALITY = 82


def write_stills(clip: Path, folder: Path) -> None:
    """THUMBNAIL, SPRITES and CUES of ``clip`` in ``folder``.

    The thumbnail is the sharpest of the sheet's frames from the middle three fifths: clips often begin and
    end in blur. Sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000).
    """
    tiles, starts = [], []
    best, thumbnail = -1.0, None
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = Fraction(stream.average_rate or 1)
        num_frames = stream.frames or sum(1 for _ in container.decode(stream))
        wanted = tile_indices(num_frames)
        container.seek(0)
        for index, frame in _only(container.decode(stream), wanted):
            tile = _drawn(frame, TILE_WIDTH)
            tiles.append(tile)
            starts.append(index / rate)
            sharpness = float(cv2.Laplacian(cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())
            is_middle = num_frames / 5 <= index <= num_frames * 4 / 5
            if thumbnail is None or sharpness + 1e6 * is_middle > best:
                best, thumbnail = sharpness + 1e6 * is_middle, _drawn(frame, THUMBNAIL_WIDTH)
    assert thumbnail is not None
    _write(folder / THUMBNAIL, thumbnail, cv2.IMWRITE_WEBP_QUALITY)
    _write(folder / SPRITES, sprite_sheet(tiles), cv2.IMWRITE_JPEG_QUALITY)
    height, width = tiles[0].shape[:2]
    (folder / CUES).write_text(cues(starts, num_frames / rate, width, height), encoding="utf-8")


def tile_indices(num_frames: int) -> list[int]:
    """Frames on the sheet: evenly through the clip, at most MOST_TILES."""
    count = min(num_frames, MOST_TILES)
    return [number * num_frames // count for number in range(count)]


def sprite_sheet(tiles: Sequence[Picture]) -> Picture:
    """Tiles (h, w, 3) in rows of COLUMNS without gaps, the rest black; RGB (rows h, columns w, 3)."""
    height, width = tiles[0].shape[:2]
    columns, rows = min(COLUMNS, len(tiles)), -(-len(tiles) // COLUMNS)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = number // COLUMNS * height, number % COLUMNS * width
        sheet[y : y + height, x : x + width] = tile
    return sheet


def cues(starts: Sequence[Fraction], end: Fraction, width: int, height: int) -> str:
    """WebVTT: a cue for each tile says from when on, in seconds, which part of the sheet is shown.

    The part is written as a media fragment (W3C Media Fragments URI 1.0, 4.2.2).
    """
    lines = ["WEBVTT", ""]
    for number, (start, stop) in enumerate(zip(starts, (*starts[1:], end), strict=True)):
        x, y = number % COLUMNS * width, number // COLUMNS * height
        lines += [f"{_clock(start)} --> {_clock(stop)}", f"{SHEET_NAME}#xywh={x},{y},{width},{height}", ""]
    return "\n".join(lines)


def preview_jpeg(pictures: Picture) -> bytes:
    """Pictures (n, H, W, 3) side by side, each PREVIEW_WIDTH wide at most, as a JPEG of some 20 kB."""
    width = min(PREVIEW_WIDTH, pictures.shape[2])
    height = max(1, round(pictures.shape[1] * width / pictures.shape[2]))
    row = np.concatenate([lanczos(picture, width, height) for picture in pictures], axis=1)
    return _encoded(row, ".jpg", cv2.IMWRITE_JPEG_QUALITY)


def _clock(seconds: Fraction) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{milliseconds:03d}"


def _only(frames: Any, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """The frames with these numbers; reading stops behind the last."""
    left = list(wanted)
    for index, frame in enumerate(frames):
        if index == left[0]:
            yield left.pop(0), frame
        if not left:
            return


def _drawn(frame: VideoFrame, width: int) -> Picture:
    """The frame (H, W, 3) RGB, ``width`` wide at most, by its own colour tags."""
    width = min(width, frame.width)
    drawn = frame.reformat(
        width, max(1, round(frame.height * width / frame.width)), format="rgb24",
        src_colorspace=frame.colorspace, src_color_range=frame.color_range,
        dst_color_range=ColorRange.JPEG, interpolation=LANCZOS,
    ).to_ndarray()  # fmt: skip
    return drawn.astype(np.uint8, copy=False)


def _write(path: Path, picture: Picture, quality: int) -> None:
    """Write ``picture`` (H, W, 3) in the format of the name, whole or not at all."""
    with replacing(path) as partial:
        partial.write_bytes(_encoded(picture, path.suffix, quality))


def _encoded(picture: Picture, suffix: str, quality: int) -> bytes:
    flags = [quality, _QUALITY]
    encoded: bytes = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), flags)[1].tobytes()
    return encoded


if __name__ == "__main__":
    write_stills(Path(sys.argv[1]), Path(sys.argv[2]))
