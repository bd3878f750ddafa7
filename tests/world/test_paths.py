import numpy as np
import pytest

from rushes.world.paths import bump, glide, hop, minimum_jerk, smooth_noise, spring

FINE = np.linspace(-0.2, 1.2, 14001)


@pytest.mark.parametrize("curve", [minimum_jerk, bump, hop])
def test_acceleration_does_not_jump_even_at_the_ends(curve):
    step = FINE[1] - FINE[0]
    acceleration = np.diff(curve(FINE), 2) / step**2
    # A jump would not shrink with the step: neighbours would differ by as much as the values themselves.
    assert np.abs(np.diff(acceleration)).max() < 0.02 * np.abs(acceleration).max()


def test_easings_start_and_end_where_they_should():
    for curve in (minimum_jerk, glide):
        assert curve(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.0, 0.5, 1.0])
        assert (np.diff(curve(FINE)) >= 0).all()
    assert hop(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.0, 1.0, 0.0])


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
