"""Native size, delivered size and first picture, from what was asked and what the model makes."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from rushes.cli.framing import frame
from rushes.core.errors import UsageError
from rushes.core.model_facts import MINI_CONVENTIONS, ModelDefaults, ModelFacts
from rushes.core.recipe import picture_digest
from rushes.core.request import Sampling
from rushes.core.shapes import CODEC_COMPRESSION


def facts(kind, size, crop, sizes=()):
    defaults = ModelDefaults(
        *size, crop, Fraction(16), (5, 81), Fraction(5), Sampling(4, 4.0, 3.0, 3.0), "", sizes
    )
    return ModelFacts("model", defaults, MINI_CONVENTIONS, CODEC_COMPRESSION[kind])


MINI = facts("mini", (256, 160), (8, 0, 144, 256))
A14B = facts("wan2.1", (1280, 720), (0, 0, 720, 1280), ((720, 1280), (832, 480)))
TI2V = facts("wan2.2", (1280, 704), (0, 0, 704, 1280))


@pytest.fixture
def picture(tmp_path):
    def write(width, height):
        path = tmp_path / f"{width}x{height}.png"
        ramp = np.linspace(0, 255, width * height * 3).astype(np.uint8).reshape(height, width, 3)
        cv2.imwrite(str(path), ramp)
        return path

    return write


@pytest.mark.parametrize(
    ("model", "asked", "native", "delivered"),
    [
        (MINI, None, (256, 160), (1280, 720)),
        (MINI, (640, 360), (256, 160), (640, 360)),
        (A14B, None, (1280, 720), (1280, 720)),
        (A14B, (640, 360), (1280, 720), (640, 360)),
        (A14B, (832, 480), (832, 480), (832, 480)),
        (A14B, (720, 1280), (720, 1280), (720, 1280)),
        (TI2V, None, (1280, 704), (1280, 704)),
    ],
)
def test_a_size_the_model_makes_is_made_natively(model, asked, native, delivered):
    framing = frame(model, asked, None)
    assert (framing.native, framing.delivered) == (native, delivered)
    assert (framing.picture, framing.digest) == (None, "")
    ratio = Fraction(framing.crop.width, framing.crop.height)
    assert ratio == Fraction(*delivered)


@pytest.mark.parametrize(("model", "asked"), [(MINI, (832, 480)), (A14B, (480, 832)), (A14B, (1001, 563))])
def test_other_shapes_are_refused(model, asked):
    with pytest.raises(UsageError, match=f"{asked[0]}x{asked[1]} cannot be made"):
        frame(model, asked, None)


def test_a_picture_decides_the_aspect_unless_a_size_is_asked(picture):
    square = frame(A14B, None, picture(300, 300))
    assert square.native == square.delivered == (960, 960)
    assert square.picture.shape == (960, 960, 3)
    asked = frame(A14B, (832, 480), picture(300, 300))
    assert asked.picture.shape == (480, 832, 3)
    assert asked.digest == picture_digest(832, 480, asked.picture.tobytes())
    assert asked.digest != square.digest
    assert frame(TI2V, None, picture(300, 300)).native == (928, 928)


def test_a_picture_fills_the_frame_and_keeps_its_colours(tmp_path):
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((90, 400, 3), (0, 0, 200), np.uint8))
    picture = frame(A14B, (832, 480), path).picture
    assert (np.abs(picture.astype(int) - (200, 0, 0)) <= 1).all()


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
def test_what_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.png"):
        frame(A14B, None, path)
