"""Frames, latent frames and sizes: the 4n+1 rule and its refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.core.shapes import ClipShape, Compression, parse_size, size_near

WAN = Compression(time=4, height=8, width=8)
MINI = Compression(time=4, height=16, width=16)

compressions = st.builds(
    Compression, time=st.integers(1, 16), height=st.integers(1, 64), width=st.integers(1, 64)
)


@pytest.mark.parametrize(("num_frames", "latents"), [(1, 1), (5, 2), (37, 10), (61, 16), (81, 21), (97, 25)])
def test_known_lengths(num_frames, latents):
    assert MINI.latent_frames(num_frames) == latents
    assert MINI.num_frames(latents) == num_frames


@given(compressions, st.integers(1, 10_000))
def test_latent_frames_inverts_num_frames(compression, latents):
    assert compression.latent_frames(compression.num_frames(latents)) == latents


@given(compressions, st.integers(-100, 10_000))
def test_every_count_is_converted_or_refused_with_counts_that_work(compression, num_frames):
    if num_frames >= 1 and (num_frames - 1) % compression.time == 0:
        assert compression.num_frames(compression.latent_frames(num_frames)) == num_frames
        return
    with pytest.raises(UsageError) as refusal:
        compression.latent_frames(num_frames)
    words = str(refusal.value).split()
    assert words[0] == str(num_frames)
    for offered in (int(words[-4]), int(words[-2])):
        assert compression.num_frames(compression.latent_frames(offered)) == offered


def test_refusal_offers_the_neighbours():
    with pytest.raises(UsageError, match=r"^60 frames is not 4n\+1: use 57 or 61 frames$"):
        MINI.latent_frames(60)


def test_latent_shapes_of_both_models():
    assert ClipShape(61, 160, 256).latent(MINI, 16) == (16, 16, 10, 16)
    assert ClipShape(81, 720, 1280).latent(WAN, 16) == (16, 21, 90, 160)


@pytest.mark.parametrize(("height", "width"), [(150, 256), (160, 250)])
def test_a_picture_off_the_grid_is_refused_with_its_size(height, width):
    with pytest.raises(UsageError, match=f"{width}x{height} is not a multiple of 16x16"):
        ClipShape(61, height, width).latent(MINI, 16)


@given(st.integers(0, 99_999), st.integers(0, 99_999), st.sampled_from("xX*"))
def test_sizes_are_read_back(width, height, sign):
    assert parse_size(f"{width}{sign}{height}") == (width, height)


@pytest.mark.parametrize("text", ["", "1280", "1280x", "x720", "1280x720x3", "-1x720", "12.5x7", "widexhigh"])
def test_what_is_no_size_is_refused_and_named(text):
    with pytest.raises(UsageError, match="write it like 1280x720") as refusal:
        parse_size(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((1280, 720), (1280, 720)),
        ((720, 1280), (720, 1280)),
        ((4000, 3000), (1104, 816)),
        ((1000, 1000), (960, 960)),
        ((1, 1), (960, 960)),
    ],
)
def test_a_picture_gets_the_size_of_its_aspect(picture, size):
    assert size_near(*picture, 1280 * 720, 16) == size


@given(st.integers(100, 5000), st.integers(100, 5000), st.sampled_from([16, 32]))
def test_a_size_near_a_picture_fits_cells_and_area(width, height, cell):
    made_width, made_height = size_near(width, height, 1280 * 704, cell)
    assert made_width % cell == made_height % cell == 0
    assert 0 < made_width * made_height <= 1280 * 704
