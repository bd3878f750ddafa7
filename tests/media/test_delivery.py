from fractions import Fraction

import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.media.delivery import Crop, Delivery, check_size, deliver
from rushes.media.video import probe, read_frames

CROP = Crop(top=8, left=0, height=144, width=256)


def native(count):
    """Frames (count, 160, 256, 3) that brighten over time, with black bars where the crop cuts."""
    frames = np.zeros((count, 160, 256, 3), np.uint8)
    frames[:, 8:152] = (50 + 20 * np.arange(count))[:, None, None, None]
    return frames


def test_chunks_become_a_clip_at_double_rate_and_a_sheet(tmp_path):
    delivery = Delivery(9, Fraction(12), CROP, 640, 360, Fraction(24))
    with deliver(tmp_path / "a.mp4", tmp_path / "a.png", delivery) as clip:
        for chunk in np.split(native(9), [1, 5]):
            clip.write(chunk)
    facts = probe(tmp_path / "a.mp4")
    assert (facts.width, facts.height, facts.frame_rate, facts.num_frames) == (640, 360, 24, 18)
    pictures = list(read_frames(tmp_path / "a.mp4"))
    levels = [round(picture[180, 320].mean()) for picture in pictures]
    assert levels == pytest.approx([50 + 20 * (i // 2) for i in range(18)], abs=3)
    # no bar of the native picture's edge is left
    assert pictures[0][0].mean() == pytest.approx(50, abs=3)
    assert (tmp_path / "a.png").stat().st_size > 0


def test_a_rate_that_does_not_divide_holds_by_the_clock(tmp_path):
    delivery = Delivery(5, Fraction(16), CROP, 256, 144, Fraction(24))
    with deliver(tmp_path / "a.mp4", tmp_path / "a.png", delivery) as clip:
        clip.write(native(5))
    levels = [round(picture.mean()) for picture in read_frames(tmp_path / "a.mp4")]
    assert levels == pytest.approx([50, 50, 70, 90, 90, 110, 130], abs=3)


def test_a_stopped_clip_leaves_no_file(tmp_path):
    delivery = Delivery(9, Fraction(12), CROP, 256, 144, Fraction(24))

    def half():
        with deliver(tmp_path / "a.mp4", tmp_path / "a.png", delivery) as clip:
            clip.write(native(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (1920, 1080), (256, 144), (3840, 2160)])
def test_sizes_of_the_models_aspect_can_be_made(size):
    check_size(*size, CROP)


@pytest.mark.parametrize("size", [(1280, 721), (720, 1280), (48, 27), (16, 9), (7680, 4320), (0, 0)])
def test_other_sizes_are_refused_with_what_is_possible(size):
    with pytest.raises(UsageError, match=rf"{size[0]}x{size[1]} .*16:9.*640x360, 1280x720, 1920x1080"):
        check_size(*size, CROP)
