from pathlib import Path

import cv2
import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.media.files import check_writable, replacing
from rushes.media.picture import lanczos, write_png


def waves(height, width):
    y, x = np.mgrid[:height, :width]
    red = 127 + 90 * np.sin(x / width * 20)
    return np.stack([red, 127 + 90 * np.cos(y / height * 15), (x + y) % 256], -1).astype(np.uint8)


def test_enlarging_agrees_with_opencv():
    picture = waves(144, 256)[..., :2]
    picture = np.concatenate([picture, picture[..., :1]], -1)
    ours = lanczos(picture, 1280, 720).astype(int)
    theirs = cv2.resize(picture, (1280, 720), interpolation=cv2.INTER_LANCZOS4).astype(int)
    assert np.abs(ours - theirs).mean() < 0.6
    assert np.abs(ours - theirs).max() <= 6


def test_a_flat_picture_stays_flat():
    assert np.abs(lanczos(np.full((9, 16, 3), 200, np.uint8), 160, 90).astype(int) - 200).max() <= 1


def test_shrinking_does_not_alias():
    stripes = np.zeros((90, 160, 3), np.uint8)
    stripes[:, ::2] = 255
    small = lanczos(stripes, 40, 90)[:, 4:-4].astype(int)
    assert np.abs(small - 127).max() < 20


def test_png_round_trip(tmp_path):
    picture = waves(20, 30)
    write_png(tmp_path / "a.png", picture)
    read = cv2.cvtColor(cv2.imread(str(tmp_path / "a.png")), cv2.COLOR_BGR2RGB)
    assert (read == picture).all()


def test_replacing_gives_ordinary_permissions(tmp_path):
    (tmp_path / "plain").write_text("x")
    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("x")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "plain"]


def test_unwritable_places_are_named(tmp_path):
    check_writable(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="does not exist"):
        check_writable(tmp_path / "nowhere" / "a.mp4")
    with pytest.raises(UsageError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be written to.*choose another"):
        check_writable(Path("/proc/a.mp4"))
