"""Exact time: durations to frames, held frames, and 24000/1001 without drift."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.core.timebase import Duration, frames_covering, frames_for, held_frames

FILM = Fraction(24000, 1001)
LIMITS = (1, 100_001)

rates = st.sampled_from([Fraction(12), Fraction(16), Fraction(24), Fraction(25), FILM, Fraction(30000, 1001)])


@pytest.mark.parametrize(("seconds", "num_frames"), [(3, 37), (5, 61), (8, 97)])
def test_lengths_of_mini(seconds, num_frames):
    duration = frames_for(Fraction(seconds), Fraction(12), 4, (5, 97))
    assert duration.num_frames == num_frames
    assert duration.asked_s == seconds


@given(st.fractions(Fraction(1, 10), 60, max_denominator=1000), rates, st.sampled_from([1, 4, 8]))
def test_the_nearest_length_is_taken(seconds, rate, step):
    num_frames = frames_for(seconds, rate, step, LIMITS).num_frames
    assert (num_frames - 1) % step == 0
    assert abs((num_frames - 1) / rate - seconds) <= step / (2 * rate)


def test_the_change_is_shown():
    duration = frames_for(Fraction(5), Fraction(12), 4, (5, 97))
    assert duration.describe() == "5 s asked -> 61 frames at 12 fps = 5.08 s"


def test_a_thousand_and_one_seconds_of_film_are_exactly_24000_frames():
    assert Duration(Fraction(1001), 24000, FILM).seconds == 1001


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_duration_is_refused(seconds):
    with pytest.raises(UsageError, match=f"^{seconds} seconds is not a duration"):
        frames_for(Fraction(seconds), Fraction(12), 4, LIMITS)


@pytest.mark.parametrize("seconds", ["0.01", "9", "3600"])
def test_out_of_range_names_the_value_and_the_range(seconds):
    with pytest.raises(UsageError, match=r"ask for 0\.333333 to 8 seconds$") as refusal:
        frames_for(Fraction(seconds), Fraction(12), 4, (5, 97))
    assert str(refusal.value).startswith(f"{float(seconds):g} seconds")


def test_the_offered_ends_of_the_range_work():
    """The range in the refusal is in seconds to ask for, not in seconds made: 8 s are 97 frames."""
    assert frames_for(Fraction("0.333333"), Fraction(12), 4, (5, 97)).num_frames == 5
    assert frames_for(Fraction(8), Fraction(12), 4, (5, 97)).num_frames == 97


@given(st.integers(1, 121), rates)
def test_any_number_of_frames_is_covered_by_the_next_4n_plus_1(asked, rate):
    duration = frames_covering(asked, rate, 4, (1, 121))
    assert duration.num_frames % 4 == 1
    assert 0 <= duration.trim < 4
    assert duration.num_frames - duration.trim == asked
    assert duration.seconds == duration.asked_s == asked / rate


def test_a_model_that_makes_no_fewer_frames_cuts_more_off():
    duration = frames_covering(2, Fraction(16), 4, (13, 81))
    assert (duration.num_frames, duration.trim) == (13, 11)
    assert duration.describe() == "2 frames asked -> 13 made, the last 11 cut off, at 16 fps = 0.12 s"


@pytest.mark.parametrize("asked", [-1, 0, 82])
def test_frames_outside_the_model_are_named(asked):
    with pytest.raises(UsageError, match=f"{asked} frames cannot be made: ask for 1 to 81 frames"):
        frames_covering(asked, Fraction(16), 4, (13, 81))


def test_twelve_to_twenty_four_shows_every_frame_twice():
    assert held_frames(3, Fraction(12), Fraction(24)) == [0, 0, 1, 1, 2, 2]


@given(st.integers(1, 500), rates)
def test_the_same_rate_changes_nothing(num_frames, rate):
    assert held_frames(num_frames, rate, rate) == list(range(num_frames))


@given(st.integers(1, 500), rates, rates)
def test_each_held_frame_is_the_one_on_screen_at_that_instant(num_frames, source, target):
    for index, shown in enumerate(held_frames(num_frames, source, target)):
        assert 0 <= shown < num_frames
        assert shown / source <= index / target < (shown + 1) / source


@given(st.integers(1, 500), rates, rates)
def test_held_frames_keep_the_length(num_frames, source, target):
    held = len(held_frames(num_frames, source, target))
    assert 0 <= num_frames / source - held / target < 1 / target
