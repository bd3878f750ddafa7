"""The fake's stages with a clip that is one: a bright bar walks through noise, sharpest in the middle."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rushes.media.video import video_writer
from rushes.studio.fake import fake_steps
from rushes.studio.production import Made

WIDTH, HEIGHT, NUM_FRAMES, RATE = 320, 180, 30, Fraction(12)
SHARPEST = 13


def frame(number):
    """Frame ``number`` (180, 320, 3): flat, but for the sharp one in the middle, and noise at the end."""
    picture = np.full((HEIGHT, WIDTH, 3), 40 + 5 * number, np.uint8)
    if number == SHARPEST:
        picture[::4] = 230
    if number >= NUM_FRAMES - 2:
        picture[:] = np.random.default_rng(number).integers(0, 255, picture.shape)
    return picture


def filmed_steps(take, job):
    """``fake_steps`` with a true clip."""
    return tuple(
        replace(step, make=_finish) if step.name == "finish" else step for step in fake_steps(take, job)
    )


def _finish(work, folder):
    clip, sheet = folder / "clip.mp4", folder / "sheet.png"
    with video_writer(clip, WIDTH, HEIGHT, RATE) as writer:
        for number in range(NUM_FRAMES):
            writer.write(frame(number))
    sheet.write_bytes(b"sheet")
    yield Made({"clip": clip, "sheet": sheet})
