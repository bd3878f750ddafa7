from fractions import Fraction

import av
import numpy as np
import pytest

from rushes.media.picture import lanczos
from rushes.media.video import probe, read_frames, video_writer

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 160, 40), (20, 90, 120), (128, 128, 128)]


def flat(color, height=72, width=128):
    return np.full((height, width, 3), color, np.uint8)


def write(path, pictures, width=128, height=72, frame_rate=Fraction(24)):
    with video_writer(path, width, height, frame_rate) as writer:
        for picture in pictures:
            writer.write(picture)


def test_the_file_says_what_was_promised(tmp_path):
    path = tmp_path / "a.mp4"
    write(path, [flat(COLORS[0], 144, 256)] * 5, 1280, 720)
    facts = probe(path)
    assert (facts.width, facts.height, facts.frame_rate, facts.num_frames) == (1280, 720, 24, 5)
    assert (facts.codec, facts.profile, facts.pixel_format) == ("h264", "High", "yuv420p")
    assert facts.color == (1, 1, 1)
    assert facts.limited_range
    assert facts.faststart


@pytest.mark.parametrize("color", COLORS)
def test_colours_survive_the_round_trip(tmp_path, color):
    # A BT.601 matrix or a full-range mix-up moves these patches by 10 levels and more.
    path = tmp_path / "a.mp4"
    write(path, [flat(color)] * 3)
    for frame in read_frames(path):
        assert np.abs(frame.astype(int) - color).max() <= 4


def test_luma_follows_bt709(tmp_path):
    path = tmp_path / "a.mp4"
    write(path, [flat((0, 255, 0))])
    with av.open(str(path)) as container:
        planes = next(container.decode(video=0)).to_ndarray()
    assert abs(int(planes[30, 60]) - (16 + 219 * 0.7152)) <= 2


def test_a_held_picture_is_repeated(tmp_path):
    path = tmp_path / "a.mp4"
    with video_writer(path, 128, 72, Fraction(24)) as writer:
        writer.write(flat((255, 255, 255)), times=2)
        writer.write(flat((9, 9, 9)), times=0)
        writer.write(flat((0, 0, 0)), times=3)
    levels = [frame.mean() for frame in read_frames(path)]
    assert len(levels) == 5
    assert [level > 128 for level in levels] == [True, True, False, False, False]


def test_exact_ntsc_rate(tmp_path):
    path = tmp_path / "a.mp4"
    write(path, [flat(COLORS[1])] * 24, frame_rate=Fraction(24000, 1001))
    assert probe(path).frame_rate == Fraction(24000, 1001)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_clip_leaves_nothing_and_keeps_the_old_file(tmp_path, stop):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def half():
        with video_writer(path, 128, 72, Fraction(24)) as writer:
            writer.write(flat(COLORS[0]))
            raise stop

    with pytest.raises(stop):
        half()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"


def test_the_same_pictures_give_the_same_bytes(tmp_path):
    pictures = [np.random.default_rng(i).integers(0, 256, (72, 128, 3), dtype=np.uint8) for i in range(6)]
    write(tmp_path / "a.mp4", pictures)
    write(tmp_path / "b.mp4", pictures)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_enlarging_in_the_writer_is_lanczos(tmp_path):
    ramp = np.linspace(0, 255, 128, dtype=np.uint8)
    picture = np.broadcast_to(ramp[None, :, None], (72, 128, 3))
    write(tmp_path / "a.mp4", [picture], 640, 360)
    decoded = next(read_frames(tmp_path / "a.mp4")).astype(int)
    assert np.abs(decoded - lanczos(picture, 640, 360)).mean() < 1.5
