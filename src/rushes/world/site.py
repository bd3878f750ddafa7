"""The easel of a place: depths, light, ground. What every environment paints with."""

from collections.abc import Callable

from rushes.world.camera import CameraPath, window_of
from rushes.world.layer import Layer, LayerPainter
from rushes.world.motif import puddles
from rushes.world.palette import Palette, Rgb, mix, rgb

FAR, MIDDLE, NEAR, BACK_GROUND, GROUND_DEPTH = 7.0, 3.5, 1.9, 1.3, 1.0
_DISTANCE = {FAR: 1.0, MIDDLE: 0.6, NEAR: 0.3, BACK_GROUND: 0.16, GROUND_DEPTH: 0.03}
_SNOW_GROUND = rgb(0xEEF2F8)


class Site:
    """Paints the layers of one place in turn, from far to near."""

    def __init__(self, palette: Palette, camera: CameraPath, offsets: dict[float, float]) -> None:
        self.palette = palette
        self.layers: list[Layer] = []
        self._camera = camera
        self._offsets = offsets

    def painter(self, depth: float) -> LayerPainter:
        """A painter for the layer at ``depth``."""
        return LayerPainter(
            self.palette, window_of(self._camera, depth), _DISTANCE[depth], self._offsets.get(depth, 0.0)
        )

    def add(self, painter: LayerPainter, top: float, mist: float, edged: bool = True) -> None:
        """Finish a painter's layer, which reaches up to world y ``top``; an ink wash always runs out at
        its foot.
        """
        if self.palette.style == "ink" and edged:
            mist = 0.4 + 0.5 * mist
        self.layers.append(painter.finish(top, 150.0 if edged else 230.0, mist, edged))

    @property
    def lamps(self) -> float:
        """How much artificial light shows: 1 at night, little by day."""
        return {"day": 0.12, "dusk": 0.65, "night": 1.0}[self.palette.time]

    def window(self, on: Rgb, off: Rgb) -> Rgb:
        """A lit window at this hour, under the style's grade."""
        share = max(self.lamps, 0.35 if self.palette.style == "cyberpunk" else 0.0)
        shone = mix(self.palette.material(off, 0.3), on, share)
        if self.palette.style == "noir":
            grey = sum(shone) / 3
            return (grey, grey, grey)
        return mix(shone, self.palette.material(on, 0.3), 0.5) if self.palette.style == "ink" else shone

    def ground(self, far: Rgb, near: Rgb, details: Callable[[LayerPainter], None] | None = None) -> None:
        """Two strips of ground; snow and sand cover them in their weathers."""
        weather = self.palette.weather
        if weather == "snow":
            far, near = mix(far, _SNOW_GROUND, 0.8), mix(near, _SNOW_GROUND, 0.75)
        elif weather == "sandstorm":
            far, near = mix(far, rgb(0xC99A5A), 0.6), mix(near, rgb(0xC99A5A), 0.5)
        elif weather == "rain":
            far, near = mix(far, rgb(0x4A5058), 0.35), mix(near, rgb(0x3A4048), 0.4)
        middle = mix(far, near, 0.45)
        back = self.painter(BACK_GROUND)
        # An ink painting leaves the ground to the paper.
        bare = 0.7 if self.palette.style == "ink" else 0.0

        def tone(color: Rgb, distance: float) -> Rgb:
            return mix(self.palette.material(color, distance), self.palette.horizon, bare)

        back.slope(108, 126, (tone(far, 0.34), tone(middle, 0.1)))
        self.add(back, 108, 0.0, edged=False)
        front = self.painter(GROUND_DEPTH)
        front.slope(122, 160, (tone(middle, 0.08), tone(near, 0.0)))
        if weather == "rain":
            puddles(front, 3)
        if details is not None:
            details(front)
        self.add(front, 122, 0.0, edged=False)


def fire_color(palette: Palette, color: Rgb) -> Rgb:
    """Fire keeps its own light in every weather; noir and ink take most of its hue."""
    grey = 0.3 + 0.7 * sum(color) / 3
    share = {"noir": 0.9, "ink": 0.35}.get(palette.style, 0.0)
    return mix(color, (grey, grey, grey), share)
