"""One sampled shot of the film world: a value for every slot and slider, and a seed for the rest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from rushes.core.errors import UsageError
from rushes.core.vocabulary import PLAIN_SKY, SKIES, SLOTS, VALID_ACTIONS, camera_sliders

TRAVELLING = frozenset({"walk", "run", "leap", "fly", "carry"})
"""Actions that carry the subject along the ground; only these can be tracked."""

REVISION = 4
"""Goes up whenever a seed gives another scene or other pictures; what was rendered before is not mixed in."""

SPEEDS = (0.5, 2.0)
SWEEPS = (0.75, 1.15)
_PLAIN_SHARE = 0.45
_PAIRS_HELD_OUT = 20
_PATIENCE = 4000
_STRONG, _WEAK = 0.72, 0.28
_QUICK, _SLOW = 1.55, 0.65

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Scene:
    """Attributes of one shot. ``seed`` moves only what no slot names: offsets, phases, sizes within a few
    per cent.

    strength: of the weather, 0 to 1; 0.5 for clear air. speed: of the action, 0.5 to 2, 1 its usual pace.
    sweep: how far the camera moves, 0.75 to 1.15. Raises ``UsageError`` for a value outside the vocabulary or
    the sliders, and for an impossible combination.
    """

    subject: str
    color: str
    action: str
    direction: str
    environment: str
    weather: str
    time: str
    style: str
    camera: str
    seed: int
    sky: str = PLAIN_SKY
    strength: float = 0.5
    speed: float = 1.0
    sweep: float = 1.0

    def __post_init__(self) -> None:
        for slot, value in self.attributes().items():
            if value not in SLOTS[slot]:
                raise UsageError(
                    f"{slot} {value!r} is not in the world; choose one of {', '.join(SLOTS[slot])}"
                )
        sliders = {"strength": (0.0, 1.0), "speed": SPEEDS, "sweep": SWEEPS}
        for name, (low, high) in sliders.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} is {getattr(self, name)}; give a number from {low:g} to {high:g}")
        if not is_valid(self.attributes()):
            raise UsageError(
                f"subject {self.subject!r}, action {self.action!r}, camera {self.camera!r} and sky "
                f"{self.sky!r} do not match; it can {', '.join(VALID_ACTIONS[self.subject])}, track needs "
                f"one of {', '.join(sorted(TRAVELLING))}, and this sky stands over "
                f"{' or '.join(SKIES[self.sky][0])} by {' or '.join(SKIES[self.sky][1])}"
            )

    def attributes(self) -> dict[str, str]:
        """Slot -> id, every slot of the vocabulary."""
        return {slot: getattr(self, slot) for slot in SLOTS}

    def told(self) -> dict[str, str]:
        """What a caption can say: the attributes, and words for sliders that stand near one of their ends."""
        told = self.attributes()
        if self.weather != "clear" and not _WEAK < self.strength < _STRONG:
            told["strength"] = "fierce" if self.strength >= _STRONG else "slight"
        if not _SLOW < self.speed < _QUICK:
            told["speed"] = "fast" if self.speed >= _QUICK else "slow"
        return told

    def sliders(self) -> Mapping[str, float]:
        """The camera's over the shot, speed and strength; each within about -1 to 1, 0 where there is nothing
        to see of it.
        """
        sliders = camera_sliders(self.attributes(), self.sweep, self.speed)
        sliders["orbit"] *= self.orbit_side
        sliders["speed"] = math.log2(self.speed)
        sliders["strength"] = 2.0 * self.strength - 1.0
        return sliders

    @property
    def orbit_side(self) -> float:
        """Where a camera that goes round the subject goes: 1 right, -1 left."""
        return 1.0 if self.random("orbit").random() < 0.5 else -1.0

    def random(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that one use never shifts another."""
        return np.random.default_rng([self.seed & _MASK, *purpose.encode()])


def is_valid(attributes: Mapping[str, str]) -> bool:
    """Whether the subject can do that, a tracked one travels, and the sky suits weather and time."""
    if attributes["action"] not in VALID_ACTIONS[attributes["subject"]]:
        return False
    weathers, times = SKIES[attributes.get("sky", PLAIN_SKY)]
    if attributes["weather"] not in weathers or attributes["time"] not in times:
        return False
    return attributes["camera"] != "track" or attributes["action"] in TRAVELLING


def is_held_out(attributes: Mapping[str, str]) -> bool:
    """Whether training never sees this subject in this place, or doing this.

    A fixed twentieth of the pairs, by checksum; its number keeps the documented prompts out of it.
    """
    pairs = (("environment", attributes["environment"]), ("action", attributes["action"]))
    return any(
        crc32(f"495 {attributes['subject']} {slot} {value}".encode()) % _PAIRS_HELD_OUT == 0
        for slot, value in pairs
    )


def sample_scene(seed: int, known: Mapping[str, tuple[str, ...]] = SLOTS, *, held_out: bool = False) -> Scene:
    """Draw a scene, uniform over the valid combinations; the same arguments give the same scene.

    known: slot -> ids to draw from, such as those that older weights were trained on. held_out: only scenes
    with a held-out pair instead of none.
    """
    return _draw({slot: known.get(slot, (PLAIN_SKY,)) for slot in SLOTS}, seed, held_out)


def scene_showing(attributes: Mapping[str, str], seed: int) -> Scene:
    """A scene with those attributes (slot -> id, told degrees of the sliders); the seed draws the rest.

    Raises ``UsageError`` where they do not go together.
    """
    ids = {slot: (attributes[slot],) if slot in attributes else SLOTS[slot] for slot in SLOTS}
    scene = _draw(ids, seed, None)
    strength = {"slight": 0.12, "fierce": 0.88}.get(attributes.get("strength", ""), scene.strength)
    speed = {"slow": 0.58, "fast": 1.72}.get(attributes.get("speed", ""), scene.speed)
    return replace(scene, strength=strength, speed=speed)


def _draw(ids: Mapping[str, tuple[str, ...]], seed: int, held_out: bool | None) -> Scene:
    generator = np.random.default_rng(seed & _MASK)
    for _ in range(_PATIENCE):
        drawn = {
            slot: values[int(generator.integers(len(values)))]
            for slot, values in ids.items()
            if slot != "sky"
        }
        sky = _sky(drawn, ids["sky"], seed)
        attributes: dict[str, Any] = {**drawn, "sky": sky or PLAIN_SKY}
        if sky and is_valid(attributes) and held_out in (None, is_held_out(attributes)):
            return _with_sliders(Scene(**attributes, seed=seed))
    raise UsageError(f"no scene shows all of {', '.join(v[0] for v in ids.values() if len(v) == 1)}")


def _sky(drawn: Mapping[str, str], skies: tuple[str, ...], seed: int) -> str | None:
    """Any of the ``skies`` that can stand over what was drawn, most often the plain one; None without any."""
    draws = np.random.default_rng([seed & _MASK, *b"sky"])
    fitting = [sky for sky in skies if drawn["weather"] in SKIES[sky][0] and drawn["time"] in SKIES[sky][1]]
    if PLAIN_SKY in fitting and (len(fitting) == 1 or draws.random() < _PLAIN_SHARE):
        return PLAIN_SKY
    special = [sky for sky in fitting if sky != PLAIN_SKY]
    return special[int(draws.random() * len(special))] if special else None


def _with_sliders(scene: Scene) -> Scene:
    strength, speed, sweep = scene.random("sliders").random(3).tolist()
    return replace(
        scene,
        strength=0.5 if scene.weather == "clear" else strength,
        speed=SPEEDS[0] * (SPEEDS[1] / SPEEDS[0]) ** speed,
        sweep=SWEEPS[0] + (SWEEPS[1] - SWEEPS[0]) * sweep,
    )
