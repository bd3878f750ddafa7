"""Colour of everything: style, time and weather become sky, light, fog and grade. RGB floats in 0..1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rushes.world.scene import Scene

Rgb = tuple[float, float, float]


def rgb(code: int) -> Rgb:
    """0xRRGGBB as floats."""
    return ((code >> 16) / 255.0, (code >> 8 & 255) / 255.0, (code & 255) / 255.0)


# (zenith, horizon, sun or moon) per style and time of day
_SKIES = {
    "realistic": {
        "day": (0x7FA6C6, 0xD9E4EA, 0xFFF8E4),
        "dusk": (0x51618A, 0xEFA873, 0xFFD9A0),
        "night": (0x1B2F5C, 0x54749F, 0xE6EEFA),
    },
    "cyberpunk": {
        "day": (0x6C58C8, 0xF3A9E0, 0xFFF0FF),
        "dusk": (0x40237E, 0xFF5C9E, 0xFFC37A),
        "night": (0x1A1454, 0x8A35B4, 0x8FF6FF),
    },
    "noir": {
        "day": (0x96989C, 0xE9E9E6, 0xFFFFFF),
        "dusk": (0x54565C, 0xC4C2BE, 0xFFFFFF),
        "night": (0x2C3038, 0x767C88, 0xF4F6FA),
    },
    "ink": {
        "day": (0xECE5D3, 0xF8F4EA, 0xE2D6BC),
        "dusk": (0xE2C6A4, 0xF5D6B0, 0xD8452E),
        "night": (0x8490A4, 0xC6CCD2, 0xF8F6EE),
    },
    "animation": {
        "day": (0x2F9DF2, 0xC4EEFF, 0xFFF6B0),
        "dusk": (0x7C52C8, 0xFFB45E, 0xFFF0A0),
        "night": (0x1F42A2, 0x6A9AE8, 0xFFF8C8),
    },
}
_LIGHT = {"day": (0.97, 0.98, 1.0), "dusk": (0.88, 0.68, 0.60), "night": (0.34, 0.45, 0.72)}
_LIFT = {"day": 0.0, "dusk": 0.02, "night": 0.06}
_LEVEL = {"day": 1.0, "dusk": 0.72, "night": 0.46}
_FOGGINESS = {"clear": 0.75, "rain": 1.3, "snow": 1.3, "sandstorm": 1.9, "fog": 2.7}
_WEATHER_SKY = {
    "rain": ((0.55, 0.60, 0.67), 0.62),
    "snow": ((0.84, 0.87, 0.92), 0.6),
    "sandstorm": ((0.86, 0.62, 0.34), 0.78),
    "fog": ((0.86, 0.88, 0.90), 0.55),
}
PAINTS = {
    "red": 0xDB2328,
    "blue": 0x2458E0,
    "green": 0x1FA04A,
    "yellow": 0xF5C518,
    "white": 0xF4F4F0,
    "purple": 0x8B2FC9,
}
_PAPER, _INK = np.array(rgb(0xF6F1E4)), np.array(rgb(0x23262C))

Vector = NDArray[np.float64]


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """``first`` with ``share`` of ``second`` in it."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def luminance(color: Rgb) -> float:
    """BT.709 weights on the display values; enough for a grade."""
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


def _clip(values: Vector) -> Rgb:
    red, green, blue = np.clip(values, 0.0, 1.0).tolist()
    return (red, green, blue)


@dataclass(frozen=True)
class Palette:
    """Every colour decision of a scene."""

    style: str
    time: str
    weather: str
    zenith: Rgb
    horizon: Rgb
    sun: Rgb
    paint: Rgb
    light: Rgb
    strength: float
    """Of the weather, 0..1 in few steps; 0.5 in clear air."""

    @property
    def sun_side(self) -> float:
        """-1 when the one strong light comes from the left, 1 from the right."""
        return 1.0 if self.time == "dusk" else -1.0

    def material(self, color: Rgb, distance: float = 0.0) -> Rgb:
        """A surface as the camera sees it: lit, graded, behind ``distance`` (0 the subject's, 1 the
        farthest) of fog.
        """
        lit = np.array(color) * self.light + _LIFT[self.time] * np.array([0.5, 0.8, 1.6])
        # Fog itself is told by nothing else.
        span = 1.3 if self.weather == "fog" else 0.6
        density = _FOGGINESS[self.weather] * (1.0 + span * (self.strength - 0.5))
        if self.style == "noir":
            # Hard light from behind: what is near is a dark shape.
            shade = 0.42 + 1.2 * max(0.0, luminance(color) - 0.55)
            lit = lit * (shade + (1.0 - shade) * distance)
        elif self.style == "ink":
            lit = lit * (0.55 + 0.45 * distance)
            density += 0.1
        veil = 1.0 - np.exp(-density * distance)
        return mix(self.grade(_clip(lit)), self.horizon, float(min(veil, 0.86)))

    def grade(self, color: Rgb) -> Rgb:
        """The style's treatment of a lit colour."""
        value = np.array(color)
        grey = luminance(color)
        if self.style == "realistic":
            return _clip((grey + (value - grey) * 0.72) * np.array([0.95, 1.0, 1.05]))
        if self.style == "cyberpunk":
            dark, bright = np.array(rgb(0x1C1450)), np.array(rgb(0xE67BE8))
            duotone = dark + (bright - dark) * min(1.0, grey * 1.1)
            return _clip(0.38 * value + 0.62 * duotone)
        if self.style == "noir":
            contrast = grey * grey * (3.0 - 2.0 * grey)
            return _clip(np.array([0.98, 1.0, 1.03]) * (0.07 + 0.9 * (0.35 * grey + 0.65 * contrast)))
        if self.style == "ink":
            tone = _INK + (_PAPER - _INK) * (0.06 + 0.9 * grey**0.8)
            return _clip(0.16 * value + 0.84 * tone)
        return _clip(
            (grey + (value - grey) * (1.2 if self.time == "night" else 1.45)) * np.array([1.1, 1.06, 0.98])
            + 0.02
        )

    def subject(self, color: Rgb, shade: float = 1.0) -> Rgb:
        """The subject's own colours, graded gently so that the six paints stay apart in every style."""
        keep = {"day": 0.75, "dusk": 0.7, "night": 0.68}[self.time]
        value = np.array(color) * (keep + (1 - keep) * np.array(self.light)) * shade
        grey = luminance(_clip(value))
        if self.style == "noir":
            value = 0.45 * grey * np.array([0.98, 1.0, 1.03]) + 0.55 * value
        elif self.style == "ink":
            value = 0.9 * value + 0.1 * _PAPER * (0.3 + 0.7 * grey)
        elif self.style == "cyberpunk":
            value = 0.88 * value + 0.12 * np.array(rgb(0xA040D0)) * (0.4 + grey)
        elif self.style == "animation":
            value = (grey + (value - grey) * 1.2) * 1.06
        veil = {"fog": 0.14, "sandstorm": 0.14, "snow": 0.05}.get(self.weather, 0.0)
        return mix(_clip(value), self.horizon, veil)

    @property
    def rim(self) -> Rgb:
        """The edge of light around the subject."""
        if self.style == "cyberpunk":
            return rgb(0x5CF4FF)
        if self.style == "ink":
            return rgb(0xFBF8F0)
        return mix(self.sun, (1.0, 1.0, 1.0), 0.25)


def palette_of(scene: Scene) -> Palette:
    """The palette of a scene."""
    zenith, horizon, sun = (rgb(code) for code in _SKIES[scene.style][scene.time])
    light = _LIGHT[scene.time]
    paint = rgb(PAINTS[scene.color])
    # Few steps, so that what is drawn with these colours can be drawn once and kept.
    strength = round(4.0 * scene.strength) / 4.0
    palette = Palette(scene.style, scene.time, scene.weather, zenith, horizon, sun, paint, light, strength)
    if scene.weather == "clear":
        return palette
    target, share = _WEATHER_SKY[scene.weather]
    share *= 0.85 + 0.3 * strength
    level = _LEVEL[scene.time]
    veil = palette.grade(_clip(np.array(target) * level + np.array([0.0, 0.01, 0.05]) * (1 - level)))
    # Dusk keeps its warm horizon in any weather: it is the only cue of the hour when the sun is gone.
    low = share * (0.55 if scene.time == "dusk" else 0.85)
    dimmed = _clip(np.array(light) * {"rain": 0.84, "sandstorm": 0.95}.get(scene.weather, 1.0))
    return Palette(
        scene.style,
        scene.time,
        scene.weather,
        mix(mix(zenith, horizon, 0.6 if scene.weather == "fog" else 0.0), veil, share),
        mix(horizon, veil, low),
        mix(sun, veil, 0.4),
        paint,
        dimmed,
        strength,
    )
