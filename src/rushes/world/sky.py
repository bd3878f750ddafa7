"""The farthest layer: sky, sun or moon with its glow, a few clouds or stars."""

from rushes.world.camera import CameraPath, window_of
from rushes.world.layer import Layer, LayerPainter
from rushes.world.outline import ellipse, joined
from rushes.world.palette import Palette, mix
from rushes.world.phenomena import paint_rainbow, paint_thunderhead

FAR = 1e4
"""Depth of the sky: no parallax."""

_STARS = (
    (-190, 8),
    (-150, 44),
    (-118, 18),
    (-84, -8),
    (-62, 34),
    (-30, 12),
    (8, 40),
    (22, -2),
    (60, 22),
    (104, 6),
    (130, 48),
    (168, 20),
    (214, 38),
)
_CLOUDS = ((-168, 38, 1.0), (-20, 24, 0.8), (128, 46, 1.15))


def sky_layer(palette: Palette, camera: CameraPath, offset: float, sky: str) -> Layer:
    """Sky over the whole screen; the sun stands left by day and right at dusk, the moon left at night."""
    painter = LayerPainter(palette, window_of(camera, FAR), 0.0)
    painter.slope(-60, 122, (palette.zenith, palette.horizon))
    x, y, radius = {"day": (-74.0, 34.0, 13.0), "dusk": (40.0, 58.0, 20.0), "night": (-70.0, 36.0, 14.0)}[
        palette.time
    ]
    x += offset
    hidden = {"clear": 0.0, "fog": 0.45, "sandstorm": 0.35, "rain": 1.0, "snow": 0.85}[palette.weather]
    if palette.time == "night" and palette.weather == "clear":
        stars = joined(*(ellipse(star_x, star_y, 1.3) for star_x, star_y in _STARS))
        painter.flat(stars, mix(palette.sun, palette.zenith, 0.15))
    painter.glow(x, y, radius * 5.0, palette.sun, 0.75 * (1.0 - 0.55 * hidden))
    if hidden < 1.0:
        painter.flat(ellipse(x, y, radius), palette.sun, 1.0 - hidden)
    if palette.time == "night" and hidden < 0.9:
        painter.flat(
            joined(ellipse(x - 4, y - 3, 3.2), ellipse(x + 5, y + 4, 2.4)),
            mix(palette.sun, palette.zenith, 0.25),
            1.0 - hidden,
        )
    if sky == "rainbow":
        paint_rainbow(painter, palette, offset)
    if sky == "lightning":
        paint_thunderhead(painter, palette)
    elif sky != "aurora" and palette.weather in ("clear", "rain", "snow"):
        _clouds(painter, palette, offset)
    return painter.finish(-60, 220, edged=False)


def _clouds(painter: LayerPainter, palette: Palette, offset: float) -> None:
    white = (1.0, 1.0, 1.0) if palette.weather == "clear" else palette.zenith
    color = mix(palette.horizon, white, 0.45)
    for x, y, size in _CLOUDS:
        puffs = ((-26, 2, 20, 5), (0, 0, 26, 8), (24, 3, 18, 5), (4, -6, 14, 7))
        shape = joined(
            *(ellipse(x + offset + a * size, y + b * size, c * size, d * size) for a, b, c, d in puffs)
        )
        painter.flat(shape, color, 0.55)
