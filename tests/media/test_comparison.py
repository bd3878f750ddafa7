from fractions import Fraction

import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.media.comparison import GAP, LABEL_HEIGHT, side_by_side, wipe, write_comparison
from rushes.media.video import probe, read_frames, video_writer

RED, BLUE = (200, 30, 30), (30, 30, 200)


def clip(path, colors, rate=24, size=(128, 72)):
    with video_writer(path, *size, Fraction(rate)) as writer:
        for color in colors:
            writer.write(np.full((size[1], size[0], 3), color, np.uint8))
    return path


def near(picture, color):
    return np.abs(picture.astype(int) - color).mean() < 6


def test_side_by_side_shows_both_at_every_frame(tmp_path):
    clips = clip(tmp_path / "a.mp4", [RED] * 6), clip(tmp_path / "b.mp4", [BLUE] * 6)
    write_comparison(clips, tmp_path / "c.mp4", side_by_side, ("a", "b"))
    facts = probe(tmp_path / "c.mp4")
    assert (facts.width, facts.height, facts.num_frames) == (2 * 128 + GAP, 72 + LABEL_HEIGHT, 6)
    for frame in read_frames(tmp_path / "c.mp4"):
        assert near(frame[8:64, 8:120], RED)
        assert near(frame[8:64, 128 + GAP + 8 : -8], BLUE)


def test_the_wipe_goes_from_the_first_clip_to_the_second(tmp_path):
    clips = clip(tmp_path / "a.mp4", [RED] * 9), clip(tmp_path / "b.mp4", [BLUE] * 9)
    write_comparison(clips, tmp_path / "c.mp4", wipe, ("a", "b"))
    frames = list(read_frames(tmp_path / "c.mp4"))
    assert near(frames[0][8:64, 8:110], RED)
    assert near(frames[4][8:64, 8:56], RED)
    assert near(frames[4][8:64, 72:120], BLUE)
    assert near(frames[-1][8:64, 16:], BLUE)


def test_the_second_clip_takes_the_size_and_rate_of_the_first_and_the_shorter_holds(tmp_path):
    first = clip(tmp_path / "a.mp4", [RED] * 4)
    second = clip(tmp_path / "b.mp4", [RED] * 2 + [BLUE] * 2, rate=12, size=(256, 144))
    write_comparison((first, second), tmp_path / "c.mp4", side_by_side, ("a", "b"))
    rights = [frame[8:64, 128 + GAP + 8 : -8] for frame in read_frames(tmp_path / "c.mp4")]
    assert [near(right, BLUE) for right in rights] == [False] * 4 + [True] * 4


def test_what_is_no_film_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "b.mp4").write_text("no film")
    with pytest.raises(UsageError, match="is no film"):
        write_comparison(
            (clip(tmp_path / "a.mp4", [RED]), tmp_path / "b.mp4"), tmp_path / "c.mp4", wipe, ("a", "b")
        )
    assert not (tmp_path / "c.mp4").exists()
