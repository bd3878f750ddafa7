"""Pictures as uint8 arrays (H, W, 3) RGB: cut out, resize by Lanczos, write as PNG."""

from pathlib import Path

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from rushes.core.errors import UsageError
from rushes.media.files import replacing

Picture = NDArray[np.uint8]

# swscale's exact paths: no fast approximations, chroma taken from every pixel rather than every second one.
LANCZOS = (
    Interpolation.LANCZOS
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


def lanczos(picture: Picture, width: int, height: int) -> Picture:
    """``picture`` (H, W, 3) resized to (height, width, 3); low-passed first when it shrinks."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    resized = frame.reformat(width, height, format="rgb24", interpolation=LANCZOS).to_ndarray()
    return resized.astype(np.uint8, copy=False)


def cover(picture: Picture, width: int, height: int) -> Picture:
    """``picture`` resized to fill (height, width, 3), what sticks out cut off evenly."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    wide, high = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    left, top = (wide - width) // 2, (high - height) // 2
    return np.ascontiguousarray(lanczos(picture, wide, high)[top : top + height, left : left + width])


def read_picture(path: Path) -> Picture:
    """A picture file (PNG, JPEG, WebP ...) as (H, W, 3) RGB. Raises UsageError when it cannot be read."""
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise UsageError(
            f"picture {str(path)!r} cannot be read ({error.strerror}): choose another file"
        ) from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if picture is None:
        raise UsageError(f"{str(path)!r} is no picture: give a PNG or JPEG file")
    return picture.astype(np.uint8, copy=False)


def write_png(path: Path, picture: Picture) -> None:
    """Write ``picture`` (H, W, 3) as PNG, whole or not at all."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with replacing(path) as partial:
        partial.write_bytes(encoded.tobytes())
