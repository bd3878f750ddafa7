import numpy as np
import pytest

from rushes.world.paths import bump, glide, hermite, minimum_jerk, smooth_noise, spring

FINE = np.linspace(-0.2, 1.2, 14001)


@pytest.mark.parametrize("curve", [minimum_jerk, bump])
def test_acceleration_does_not_jump_even_at_the_ends(curve):
    step = FINE[1] - FINE[0]
    acceleration = np.diff(curve(FINE), 2) / step**2
    # A jump would not shrink with the step: neighbours would differ by as much as the values themselves.
    assert np.abs(np.diff(acceleration)).max() < 0.02 * np.abs(acceleration).max()


def test_easings_start_and_end_where_they_should():
    for curve in (minimum_jerk, glide):
        assert curve(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.0, 0.5, 1.0])
        assert (np.diff(curve(FINE)) >= 0).all()


def test_a_spring_follows_without_overshoot():
    target = np.where(np.arange(60) < 5, 0.0, 1.0)
    followed = spring(target, 12.0, 6.0)
    assert followed[:5] == pytest.approx(0.0)
    assert (np.diff(followed) >= 0).all()
    assert followed[-1] == pytest.approx(1.0, abs=1e-3)
    assert followed.max() <= 1.0


def test_hand_tremor_is_slow_and_bounded():
    noise = smooth_noise(np.arange(0, 8, 1 / 120), np.arange(5.0))
    assert np.abs(noise).max() < 2.0
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(len(noise)))) ** 2
    hertz = np.fft.rfftfreq(len(noise), 1 / 120)
    assert spectrum[hertz > 2.2].sum() < 1e-3 * spectrum.sum()


def test_a_hermite_piece_has_the_ends_it_is_given():
    places = np.array([0.0, 1e-4, 2e-4, 1.0 - 2e-4, 1.0 - 1e-4, 1.0])
    ends = ((2.0, -3.0, 4.0), (-1.0, 5.0, 6.0))
    path = hermite(places, 0.5, *ends)
    step = 0.5e-4
    for three, (place, speed, pull) in zip((path[:3], path[:2:-1]), ends, strict=True):
        away = step if place == 2.0 else -step
        assert three[0] == pytest.approx(place)
        assert (three[1] - three[0]) / away == pytest.approx(speed, abs=2e-3)
        assert (three[2] - 2 * three[1] + three[0]) / step**2 == pytest.approx(pull, rel=0.03)
    assert hermite(np.array([-1.0, 2.0]), 0.5, *ends) == pytest.approx([2.0, -1.0])
