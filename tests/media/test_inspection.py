"""Files from elsewhere: what they are, and that nothing in them reaches further than one small child."""

import os
import struct
import zlib
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.media.inspection import USUAL, MediaFacts, Sizes, inspect_media
from rushes.media.video import video_writer

PICTURE = np.full((36, 64, 3), 90, np.uint8)


def clip(path, num_frames=5):
    with video_writer(path, 64, 36, Fraction(24000, 1001)) as writer:
        writer.write(PICTURE, num_frames)
    return path


def png(width, height, rows=b""):
    """A PNG that says it has so many pixels, with these compressed rows."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("ending", "kind"), [("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")]
)
def test_a_picture_is_known_by_its_bytes(tmp_path, ending, kind):
    path = tmp_path / "named.mp4"
    path.write_bytes(cv2.imencode(f".{ending}", PICTURE)[1].tobytes())
    assert inspect_media(path) == MediaFacts(kind, 64, 36, 1, Fraction(0))


def test_a_clip_tells_its_exact_rate(tmp_path):
    assert inspect_media(clip(tmp_path / "a")) == MediaFacts("video/mp4", 64, 36, 5, Fraction(24000, 1001))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"GIF89a", b"<svg/>", b"#EXTM3U\nfile:///etc/passwd", b"ffconcat version 1.0\nfile x",
        b"PK\3\4", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\0\0\0\x18ftypisom",
        b"\x1a\x45\xdf\xa3", os.urandom(100),
    ],
    ids=["empty", "gif", "svg", "playlist", "list", "zip", "png", "jpeg", "mp4", "webm", "noise"],
)  # fmt: skip
def test_what_is_no_whole_picture_or_clip_is_refused(tmp_path, content):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r": (send|save)"):
        inspect_media(path)


def test_a_bomb_is_refused_before_it_unfolds(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(60000, 60000, bytes(10_000_000)))
    with pytest.raises(UsageError, match="fewer pixels"):
        inspect_media(path)


def test_bounds_hold(tmp_path):
    path = clip(tmp_path / "long.mp4", 40)
    with pytest.raises(UsageError, match="more than 30 frames"):
        inspect_media(path, sizes=Sizes(most_frames=30))
    with pytest.raises(UsageError, match="64x36"):
        inspect_media(path, sizes=Sizes(most_pixels=100))
    with pytest.raises(UsageError, match="examined"):
        inspect_media(path, replace(USUAL, memory_bytes=60 * 2**20))
    with pytest.raises(UsageError, match=r"within 0\.001 s"):
        inspect_media(path, replace(USUAL, timeout_s=0.001))


def test_a_clip_that_ends_early_is_counted_as_far_as_it_goes(tmp_path):
    path = clip(tmp_path / "cut.mp4", 40)
    path.write_bytes(path.read_bytes()[:-300])
    assert 0 < inspect_media(path).num_frames < 40
