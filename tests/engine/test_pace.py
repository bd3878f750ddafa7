"""The time left, with a clock of our own."""

import pytest

from rushes.engine.pace import Pace


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_steps_left_and_the_decoder_are_counted_in_forwards(clock):
    # two guided steps of an expert, then two unguided ones, and a decoder worth three forwards
    pace = Pace([2, 2, 1, 1], 3.0, clock)
    clock.now = 100.0
    pace.start()
    left = []
    for step, seconds in enumerate([20.0, 20.0, 10.0, 10.0], 1):
        clock.now += seconds
        left.append(pace.after_step(step))
    assert left == [10 * (2 + 1 + 1 + 3), 10 * (1 + 1 + 3), 10 * (1 + 3), 10 * 3]


def test_a_pace_that_changes_is_followed(clock):
    pace = Pace([1] * 20, 0.0, clock)
    for step in range(1, 16):
        clock.now += 1.0 if step <= 10 else 4.0
        left = pace.after_step(step)
    assert left == 4.0 * 5


def test_the_decoder_is_guessed_until_its_second_chunk(clock):
    pace = Pace([1], 8.0, clock)
    clock.now = 2.0
    pace.after_step(1)
    pace.start()
    clock.now += 1.0
    assert pace.after_frames(1, 9) == 2.0 * 8 - 1
    clock.now += 6.0
    assert pace.after_frames(5, 9) == 6.0
    clock.now += 10.0
    assert pace.after_frames(9, 9) == 0.0


def test_a_run_taken_up_at_its_end_knows_nothing_before_two_chunks(clock):
    pace = Pace([1], 8.0, clock)
    pace.start()
    assert pace.after_frames(1, 9) is None
    clock.now = 4.0
    assert pace.after_frames(5, 9) == 4.0
