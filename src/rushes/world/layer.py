"""One parallax layer: marks that repeat sideways, moved by one map a frame. Nothing is drawn here."""

import math
from dataclasses import dataclass

from rushes.world.outline import Outline
from rushes.world.palette import Palette, Rgb, mix

PERIOD = 512
"""World pixels after which a layer repeats."""

RASTER = 1.25
"""Pixels of a layer's picture a world pixel."""

OVERHANG = 96.0
"""How far art may stand out of its period on either side."""


@dataclass(frozen=True)
class Window:
    """What a clip sees at ``depth``, in world pixels."""

    depth: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Fill:
    """An outline in one colour."""

    outline: Outline
    color: Rgb
    opacity: float


@dataclass(frozen=True)
class Slope:
    """A band from world y ``top`` down to 260 that fades from the first colour to the second at ``bottom``,
    where it stays.
    """

    top: float
    bottom: float
    colors: tuple[Rgb, Rgb]
    opacities: tuple[float, float]


@dataclass(frozen=True)
class Glow:
    """A soft round light: ``opacity`` times ``GLOW_SHARES`` at ``GLOW_STOPS`` of its radius."""

    x: float
    y: float
    radius: float
    color: Rgb
    opacity: float


Mark = Fill | Slope | Glow
GLOW_STOPS, GLOW_SHARES = (0.0, 0.3, 0.65, 1.0), (1.0, 0.45, 0.12, 0.0)
SLOPE_FOOT = 260.0


@dataclass(frozen=True)
class Edge:
    """The layer's silhouette in a colour, that peeps out where the art is pushed in by (x, y)."""

    color: Rgb
    x: float
    y: float


@dataclass(frozen=True)
class Layer:
    """depth: distance in units of the subject's. The picture covers world ``left``..``right`` and
    ``top``..``bottom``, RASTER pixels a world pixel.

    marks: the art from back to front, drawn at every multiple of PERIOD plus ``offset``, inside its own
    silhouette pushed in by ``edges``. mist: lies over all of it, only where there is art.
    """

    depth: float
    left: float
    top: float
    right: float
    bottom: float
    repeats: bool
    """Whether the clip sees more than one PERIOD, so that copies of the picture stand side by side."""
    offset: float
    marks: tuple[Mark, ...]
    edges: tuple[Edge, ...]
    mist: Slope | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return math.ceil((self.right - self.left) * RASTER), math.ceil((self.bottom - self.top) * RASTER)

    @property
    def copies(self) -> range:
        """Multiples of PERIOD whose art reaches into the picture."""
        reach = PERIOD / 2 + OVERHANG
        return range(math.ceil((self.left - reach) / PERIOD), math.floor((self.right + reach) / PERIOD) + 1)


class LayerPainter:
    """Collects the art of one layer in world pixels, x in -256..256, and colours it for its distance."""

    def __init__(self, palette: Palette, window: Window, distance: float, offset: float = 0.0) -> None:
        """``distance`` 0..1 is how much fog lies in front; ``offset`` shifts the art sideways."""
        self.palette = palette
        self.depth = window.depth
        self._window = window
        self.distance = distance
        self._offset = offset
        self._marks: list[Mark] = []

    def fill(self, path: Outline, color: Rgb, opacity: float = 1.0) -> None:
        """A surface under the scene's light."""
        self.flat(path, self.palette.material(color, self.distance), opacity)

    def flat(self, path: Outline, color: Rgb, opacity: float = 1.0) -> None:
        """A colour as it is: lamps, windows, fire."""
        if opacity > 0.0:
            self._marks.append(Fill(path, color, opacity))

    def slope(
        self, top: float, bottom: float, colors: tuple[Rgb, Rgb], opacities: tuple[float, float] = (1.0, 1.0)
    ) -> None:
        """A band over the whole width that fades from the first colour to the second."""
        self._marks.append(Slope(top, bottom, colors, opacities))

    def glow(self, x: float, y: float, radius: float, color: Rgb, opacity: float) -> None:
        """A soft round light."""
        if opacity > 0.0:
            self._marks.append(Glow(x, y, radius, color, opacity))

    def finish(self, top: float, bottom: float, mist: float = 0.0, edged: bool = True) -> Layer:
        """The layer with what the window shows between world y ``top`` and ``bottom``.

        ``mist`` 0..1 veils the foot of the layer; ``edged`` layers get snow caps and edge light.
        """
        window = self._window
        repeats = window.right - window.left >= PERIOD
        # Multiples of 4 world pixels are whole raster pixels: the grid is the same whatever the clip sees.
        left = 4.0 * math.floor((-PERIOD / 2 if repeats else window.left) / 4.0)
        first = 4.0 * math.floor(max(top, window.top) / 4.0)
        fog = self.palette.horizon
        return Layer(
            self.depth,
            left,
            first,
            left + PERIOD + 2.0 if repeats else window.right,
            max(min(bottom, window.bottom), first + 1.0),
            repeats,
            self._offset,
            tuple(self._marks),
            tuple(self._edges()) if edged else (),
            Slope(top, bottom, (fog, fog), (0.0, mist)) if mist > 0.0 else None,
        )

    def _edges(self) -> list[Edge]:
        """Snow lies on top; drawn styles have a contour, the others an edge of light on the sun's side."""
        edges = []
        if self.palette.weather == "snow":
            edges.append(Edge(self.palette.material((0.95, 0.97, 1.0), self.distance), 0.0, 3.2))
        if self.palette.style == "cyberpunk":
            neon = (0.25, 0.95, 1.0) if self.depth > 2.0 else (1.0, 0.25, 0.75)
            lit = mix(neon, self.palette.horizon, 0.55 * self.distance)
            edges.append(Edge(lit, -self.palette.sun_side, 1.3))
        elif self.palette.style == "ink":
            contour = mix((0.1, 0.1, 0.12), self.palette.horizon, 0.25 + 0.55 * self.distance)
            edges.append(Edge(contour, 0.0, 1.3))
        elif self.palette.weather == "clear":
            lit = mix(self.palette.sun, self.palette.material((0.6, 0.6, 0.6), self.distance), 0.35)
            edges.append(Edge(lit, -0.9 * self.palette.sun_side, 0.9))
        return edges
