"""One parallax layer: art drawn once into a picture that repeats sideways, moved by one map a frame."""

import math
from dataclasses import dataclass

import skia

from rushes.world.affine import Array
from rushes.world.palette import Palette, Rgb, mix
from rushes.world.part import skia_matrix

PERIOD = 512
"""World pixels after which a layer repeats."""

RASTER = 1.25
_OVERHANG = 96.0
"""How far art may stand out of its period on either side."""

_SMOOTH = skia.SamplingOptions(skia.FilterMode.kLinear)


@dataclass(frozen=True)
class Window:
    """What a clip sees at ``depth``, in world pixels."""

    depth: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Layer:
    """depth: distance in units of the subject's. image: RASTER pixels a world pixel, its top at world y
    ``top``.
    """

    depth: float
    left: float
    top: float
    repeats: bool
    """Whether the clip sees more than one PERIOD, so that copies of the image stand side by side."""
    image: skia.Image

    def draw(self, canvas: skia.Canvas, view: Array, sampling: skia.SamplingOptions = _SMOOTH) -> None:
        """Draw the copies that a screen of 256 pixels can show; ``view`` is (2, 3), world -> screen."""
        canvas.setMatrix(skia_matrix(view))
        canvas.translate(self.left, self.top)
        canvas.scale(1.0 / RASTER, 1.0 / RASTER)
        if not self.repeats:
            canvas.drawImage(self.image, 0.0, 0.0, sampling, None)
            return
        scale = float(view[0, 0])
        start = (-float(view[0, 2]) - 16.0) / scale - self.left
        end = (256.0 + 16.0 - float(view[0, 2])) / scale - self.left
        for copy in range(math.floor(start / PERIOD), math.ceil(end / PERIOD)):
            canvas.drawImage(self.image, copy * PERIOD * RASTER, 0.0, sampling, None)


class LayerPainter:
    """Collects the art of one layer in world pixels, x in -256..256, and colours it for its distance."""

    def __init__(self, palette: Palette, window: Window, distance: float, offset: float = 0.0) -> None:
        """``distance`` 0..1 is how much fog lies in front; ``offset`` shifts the art sideways."""
        self.palette = palette
        self.depth = window.depth
        self._window = window
        self.distance = distance
        self._offset = offset
        self._recorder = skia.PictureRecorder()
        self._canvas = self._recorder.beginRecording(skia.Rect(-2000, -200, 2000, 400))

    def fill(self, path: skia.Path, color: Rgb, opacity: float = 1.0) -> None:
        """A surface under the scene's light."""
        self.flat(path, self.palette.material(color, self.distance), opacity)

    def flat(self, path: skia.Path, color: Rgb, opacity: float = 1.0) -> None:
        """A colour as it is: lamps, windows, fire."""
        self._canvas.drawPath(path, skia.Paint(Color4f=skia.Color4f(*color, opacity), AntiAlias=True))

    def slope(
        self, top: float, bottom: float, colors: tuple[Rgb, Rgb], opacities: tuple[float, float] = (1.0, 1.0)
    ) -> None:
        """A band over the whole width that fades from the first colour to the second."""
        ends = [
            skia.Color4f(*color, opacity).toColor() for color, opacity in zip(colors, opacities, strict=True)
        ]
        shader = skia.GradientShader.MakeLinear([skia.Point(0, top), skia.Point(0, bottom)], ends)
        self._canvas.drawRect(skia.Rect(-PERIOD / 2, top, PERIOD / 2 + 1, 260), skia.Paint(Shader=shader))

    def glow(self, x: float, y: float, radius: float, color: Rgb, opacity: float) -> None:
        """A soft round light."""
        ends = [skia.Color4f(*color, opacity * share).toColor() for share in (1.0, 0.45, 0.12, 0.0)]
        shader = skia.GradientShader.MakeRadial(skia.Point(x, y), radius, ends, [0.0, 0.3, 0.65, 1.0])
        self._canvas.drawCircle(x, y, radius, skia.Paint(Shader=shader, AntiAlias=True))

    def finish(self, top: float, bottom: float, mist: float = 0.0, edged: bool = True) -> Layer:
        """Rasterise what the window shows between world y ``top`` and ``bottom``.

        ``mist`` 0..1 veils the foot of the layer; ``edged`` layers get snow caps and edge light.
        """
        window = self._window
        repeats = window.right - window.left >= PERIOD
        # Multiples of 4 world pixels are whole raster pixels: the grid is the same whatever the clip sees.
        left = 4.0 * math.floor((-PERIOD / 2 if repeats else window.left) / 4.0)
        right = left + PERIOD + 2.0 if repeats else window.right
        first = 4.0 * math.floor(max(top, window.top) / 4.0)
        last = max(min(bottom, window.bottom), first + 1.0)
        info = skia.ImageInfo.MakeN32Premul(
            math.ceil((right - left) * RASTER), math.ceil((last - first) * RASTER)
        )
        surface = skia.Surface.MakeRaster(info)
        canvas = surface.getCanvas()
        canvas.scale(RASTER, RASTER)
        canvas.translate(-left, -first)
        picture = self._recorder.finishRecordingAsPicture()
        edges = self._edges() if edged else []
        for index, (color, _, _) in enumerate(edges):
            self._play(canvas, picture, edges[:index], color, (left, right))
        self._play(canvas, picture, edges, None, (left, right))
        if mist > 0.0:
            self._veil(canvas, top, bottom, mist)
        return Layer(self.depth, left, first, repeats, surface.makeImageSnapshot())

    def _edges(self) -> list[tuple[Rgb, float, float]]:
        """(colour, x, y) of light edges: the layer's silhouette peeps out from under itself by that much."""
        edges = []
        if self.palette.weather == "snow":
            edges.append((self.palette.material((0.95, 0.97, 1.0), self.distance), 0.0, 3.2))
        if self.palette.style == "cyberpunk":
            neon = (0.25, 0.95, 1.0) if self.depth > 2.0 else (1.0, 0.25, 0.75)
            edges.append((mix(neon, self.palette.horizon, 0.55 * self.distance), -self.palette.sun_side, 1.3))
        elif self.palette.style == "ink":
            contour = mix((0.1, 0.1, 0.12), self.palette.horizon, 0.25 + 0.55 * self.distance)
            edges.append((contour, 0.0, 1.3))
        elif self.palette.weather == "clear":
            edges.append(
                (
                    mix(self.palette.sun, self.palette.material((0.6, 0.6, 0.6), self.distance), 0.35),
                    -0.9 * self.palette.sun_side,
                    0.9,
                )
            )
        return edges

    def _play(
        self,
        canvas: skia.Canvas,
        picture: skia.Picture,
        edges: list[tuple[Rgb, float, float]],
        color: Rgb | None,
        span: tuple[float, float],
    ) -> None:
        """Draw the copies of the art that reach into ``span``, pushed in by every edge so far; flat in
        ``color`` if given.
        """
        paint = skia.Paint()
        if color is not None:
            paint.setColorFilter(
                skia.ColorFilters.Blend(skia.Color4f(*color, 1.0).toColor(), skia.BlendMode.kSrcIn)
            )
        if edges:
            paint.setBlendMode(skia.BlendMode.kSrcATop)
        layered = color is not None or bool(edges)
        if layered:
            canvas.saveLayer(None, paint)
        shift_x, shift_y = sum(edge[1] for edge in edges), sum(edge[2] for edge in edges)
        reach = PERIOD / 2 + _OVERHANG
        for copy in range(math.ceil((span[0] - reach) / PERIOD), math.floor((span[1] + reach) / PERIOD) + 1):
            canvas.save()
            canvas.translate(copy * PERIOD + self._offset + shift_x, shift_y)
            canvas.drawPicture(picture)
            canvas.restore()
        if layered:
            canvas.restore()

    def _veil(self, canvas: skia.Canvas, top: float, bottom: float, mist: float) -> None:
        fog = self.palette.horizon
        ends = [skia.Color4f(*fog, 0.0).toColor(), skia.Color4f(*fog, mist).toColor()]
        shader = skia.GradientShader.MakeLinear([skia.Point(0, top), skia.Point(0, bottom)], ends)
        paint = skia.Paint(Shader=shader, BlendMode=skia.BlendMode.kSrcATop)
        canvas.drawPaint(paint)
