"""Leaps and throws under one gravity: exact parabolas in the air, smooth pushes on the ground, all C2."""

import math
from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array
from rushes.world.paths import hermite, minimum_jerk

GRAVITY = 360.0
"""World pixels a second squared, for all that leaps or is thrown. A person's 90 pixels are about 1.7 metres,
so this is 0.7 of the Earth's: at twelve frames a second a flight then takes ten of them."""

_LONGEST_PUSH, _SHORTEST_PUSH = 0.45, 0.24
_TALLEST = 30.0
_TAKE_OFF = -3.0
"""Hips when the soles leave the ground, against standing: the legs have a last bit to stretch."""

_CARRIED = 0.4
"""Share of push seconds times flight speed that the hips move while the soles stand."""


@dataclass(frozen=True)
class Leap:
    """Leaps over T moments, in world pixels; zero all over for other actions.

    rise: hips against standing, below zero while crouched. soles: height of the feet. stance: place of the
    feet along the course, against the point under the hips. air: 0 on the ground to 1 in mid flight. tilt: -1
    while rising to 1 while falling.
    """

    rise: Array
    soles: Array
    stance: Array
    air: Array
    tilt: Array


def on_the_ground(times: Array) -> Leap:
    """No leap at all."""
    still = np.zeros_like(times)
    return Leap(still, still, still, still, still)


def air_time(height: float) -> float:
    """Seconds from the top of a flight ``height`` pixels high to the ground."""
    return math.sqrt(2 * height / GRAVITY)


SHORTEST_LEAP = 2 * (air_time(_TALLEST) + _SHORTEST_PUSH)


def leaps(
    times: Array, seconds: float, count: int, distance: float, height: float = _TALLEST
) -> tuple[Leap, Array]:
    """``count`` leaps of ``height`` pixels within ``seconds``, and the course 0..``distance`` of the hips.

    Between two leaps the body stands; hips fall freely while the soles are off the ground.
    """
    period = seconds / count
    number = np.clip(np.floor(times / period), 0, count - 1)
    # Seconds from the top of the flight: what goes up comes down the same way.
    since = times - (number + 0.5) * period
    apart = np.abs(since)
    air = air_time(height)
    push = min(_LONGEST_PUSH * math.sqrt(height / _TALLEST), period / 2 - air)
    speed = distance / count / (2 * (air + _CARRIED * push))
    flown = speed * air
    landing = (apart - air) / push
    braked = hermite(landing, push, (_TAKE_OFF, -GRAVITY * air, -GRAVITY), (0.0, 0.0, 0.0))
    falling = _TAKE_OFF + height - GRAVITY / 2 * since**2
    reach = flown + _CARRIED * push * speed
    coasted = hermite(landing, push, (flown, speed, 0.0), (reach, 0.0, 0.0))
    flying = apart < air
    hips = np.where(flying, speed * since, np.sign(since) * coasted)
    above = np.clip(1.0 - (since / air) ** 2, 0.0, 1.0)
    feet = (2 * minimum_jerk((since / air + 1) / 2) - 1) * reach
    leap = Leap(
        rise=np.where(flying, falling, braked),
        soles=height * above * minimum_jerk((1.0 - apart / air) / 0.5),
        stance=feet - hips,
        air=minimum_jerk((1.0 - apart / air) / 0.6),
        tilt=_nod(since / (air + push)),
    )
    return leap, number * distance / count + hips + distance / count / 2


def _nod(place: Array) -> Array:
    """0, -1, 0, 1, 0 over place -1..1, and C2: k s (1 - s^2)^3."""
    s = np.clip(place, -1.0, 1.0)
    nodded: Array = 4.2 * s * (1.0 - s**2) ** 3
    return nodded


@dataclass(frozen=True)
class Toss:
    """Something thrown up again and again. height: world pixels above the lowest free point. since: seconds
    since the last throw, 0..``period``.
    """

    height: Array
    since: Array
    period: float


def tosses(times: Array, phase: float, height: float, contact: float) -> Toss:
    """Throws ``height`` pixels high, ``contact`` seconds of bounce between them; ``phase`` is 0..1."""
    air = air_time(height)
    period = 2 * air + contact
    since = (times + phase * period) % period
    fall = GRAVITY * air
    bounce = hermite((since - 2 * air) / contact, contact, (0.0, -fall, -GRAVITY), (0.0, fall, -GRAVITY))
    free = height - GRAVITY / 2 * (since - air) ** 2
    return Toss(np.where(since < 2 * air, free, bounce), since, period)
