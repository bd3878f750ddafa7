"""Outlines, colours and maps of the world as skia knows them."""

import skia

from rushes.world.affine import Array
from rushes.world.layer import GLOW_SHARES, GLOW_STOPS, PERIOD, SLOPE_FOOT, Fill, Glow, Mark, Slope
from rushes.world.outline import Outline
from rushes.world.palette import Rgb
from rushes.world.part import Part

SMOOTH = skia.SamplingOptions(skia.FilterMode.kLinear)
NEAREST = skia.SamplingOptions()


def skia_matrix(matrix: Array) -> skia.Matrix:
    """One (2, 3) map for skia."""
    (a, b, c), (d, e, f) = matrix.tolist()
    return skia.Matrix.MakeAll(a, b, c, d, e, f, 0.0, 0.0, 1.0)


def skia_path(outline: Outline) -> skia.Path:
    """The outline as a path."""
    path = skia.Path()
    for contour in outline.contours:
        points = contour.points.tolist()
        if contour.handles is None:
            path.addPoly([skia.Point(x, y) for x, y in points], True)
            continue
        path.moveTo(*points[0])
        for (first, second), end in zip(contour.handles.tolist(), [*points[1:], points[0]], strict=True):
            path.cubicTo(*first, *second, *end)
        path.close()
    return path


def skia_paint(color: Rgb, opacity: float = 1.0) -> skia.Paint:
    """An anti-aliased paint of one colour."""
    return skia.Paint(Color4f=skia.Color4f(*color, opacity), AntiAlias=True)


class PartPainter:
    """Draws one part, frame by frame."""

    def __init__(self, part: Part) -> None:
        """``part`` in the coordinates of the canvas."""
        self._part = part
        self._shapes = [
            (skia_path(shape.path), skia_paint(shape.color, shape.opacity), shape.opacity)
            for shape in part.shapes
        ]

    def draw(self, canvas: skia.Canvas, frame: int, view: skia.Matrix | None = None) -> skia.Rect:
        """Draw the part seen through ``view``; returns what it may have touched."""
        matrix = skia_matrix(self._part.placement[frame])
        if view is not None:
            matrix.postConcat(view)
        canvas.setMatrix(matrix)
        touched = skia.Rect.MakeEmpty()
        for path, paint, opacity in self._shapes:
            if self._part.opacity is not None:
                paint.setAlphaf(opacity * float(self._part.opacity[frame]))
            canvas.drawPath(path, paint)
            touched.join(matrix.mapRect(path.getBounds()))
        return touched


def draw_mark(canvas: skia.Canvas, mark: Mark) -> None:
    """Draw one mark of a layer in world pixels."""
    if isinstance(mark, Fill):
        canvas.drawPath(skia_path(mark.outline), skia_paint(mark.color, mark.opacity))
    elif isinstance(mark, Slope):
        canvas.drawRect(
            skia.Rect(-PERIOD / 2, mark.top, PERIOD / 2 + 1, SLOPE_FOOT),
            skia.Paint(Shader=slope_shader(mark)),
        )
    elif isinstance(mark, Glow):
        ends = [skia.Color4f(*mark.color, mark.opacity * share).toColor() for share in GLOW_SHARES]
        shader = skia.GradientShader.MakeRadial(
            skia.Point(mark.x, mark.y), mark.radius, ends, list(GLOW_STOPS)
        )
        canvas.drawCircle(mark.x, mark.y, mark.radius, skia.Paint(Shader=shader, AntiAlias=True))


def slope_shader(slope: Slope) -> skia.Shader:
    """The colours of a slope at every height."""
    ends = [
        skia.Color4f(*color, opacity).toColor()
        for color, opacity in zip(slope.colors, slope.opacities, strict=True)
    ]
    return skia.GradientShader.MakeLinear([skia.Point(0, slope.top), skia.Point(0, slope.bottom)], ends)
