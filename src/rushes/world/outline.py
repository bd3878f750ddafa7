"""Skia paths of the shapes everything is drawn with. Pixels at the subject's depth, y down."""

import math
from collections.abc import Iterable, Sequence

import skia

Point = tuple[float, float]


def polygon(points: Iterable[Point]) -> skia.Path:
    """A closed polygon."""
    path = skia.Path()
    path.addPoly([skia.Point(x, y) for x, y in points], True)
    return path


def curve(points: Sequence[Point]) -> skia.Path:
    """A closed smooth curve through ``points`` (Catmull-Rom, tension 1/6)."""
    path = skia.Path()
    count = len(points)
    path.moveTo(*points[0])
    for index in range(count):
        before, start, end, after = (points[(index + step) % count] for step in (-1, 0, 1, 2))
        path.cubicTo(
            start[0] + (end[0] - before[0]) / 6,
            start[1] + (end[1] - before[1]) / 6,
            end[0] - (after[0] - start[0]) / 6,
            end[1] - (after[1] - start[1]) / 6,
            end[0],
            end[1],
        )
    path.close()
    return path


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> skia.Path:
    """An upright rectangle, with round corners where ``radius`` is given."""
    path = skia.Path()
    path.addRoundRect(skia.Rect(left, top, right, bottom), radius, radius)
    return path


def ellipse(x: float, y: float, radius_x: float, radius_y: float | None = None) -> skia.Path:
    """An upright ellipse, a circle without ``radius_y``."""
    height = radius_x if radius_y is None else radius_y
    path = skia.Path()
    path.addOval(skia.Rect(x - radius_x, y - height, x + radius_x, y + height))
    return path


def limb(length: float, start: float, end: float) -> skia.Path:
    """A tapered capsule from (0, 0) to (length, 0) with those two radii."""
    lean = math.asin(max(-1.0, min(1.0, (start - end) / length)))
    sin, cos = math.sin(lean), math.cos(lean)
    turn = math.degrees(lean)
    path = skia.Path()
    path.moveTo(start * sin, -start * cos)
    path.lineTo(length + end * sin, -end * cos)
    path.arcTo(skia.Rect(length - end, -end, length + end, end), -90 + turn, 180 - 2 * turn, False)
    path.lineTo(start * sin, start * cos)
    path.arcTo(skia.Rect(-start, -start, start, start), 90 - turn, 180 + 2 * turn, False)
    path.close()
    return path


def joined(*paths: skia.Path) -> skia.Path:
    """Several outlines as one."""
    whole = skia.Path()
    for path in paths:
        whole.addPath(path)
    return whole


def shifted(path: skia.Path, x: float, y: float, scale: float = 1.0) -> skia.Path:
    """The outline scaled about its origin, then moved."""
    copy = skia.Path(path)
    copy.transform(skia.Matrix.MakeAll(scale, 0, x, 0, scale, y, 0, 0, 1))
    return copy
