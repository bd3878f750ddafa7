"""Pictures as uint8 arrays (H, W, 3) RGB: cut out, resize by Lanczos, write as PNG."""

from pathlib import Path

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

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


def write_png(path: Path, picture: Picture) -> None:
    """Write ``picture`` (H, W, 3) as PNG, whole or not at all."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with replacing(path) as partial:
        partial.write_bytes(encoded.tobytes())
