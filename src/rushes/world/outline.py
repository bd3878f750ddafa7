"""Outlines everything is drawn with: closed chains of lines and cubic curves, known to no drawing library.

Pixels at the subject's depth, y down. Overlapping contours that turn the same way are united (non-zero rule).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contour:
    """A closed chain. points: (N, 2), where each piece starts. handles: (N, 2, 2), its two Bezier handles;
    None where every piece is straight.
    """

    points: Array
    handles: Array | None = None

    def flattened(self, tolerance: float) -> Array:
        """Corners (M, 2) of a closed polygon at most ``tolerance`` pixels off the curves.

        A cubic split into n pieces strays by at most 3/4 |second difference of its points| / n^2.
        """
        if self.handles is None:
            return self.points
        start, (first, second) = self.points, np.moveaxis(self.handles, 1, 0)
        end = np.concatenate([start[1:], start[:1]])
        bend = np.maximum(
            np.linalg.norm(start - 2 * first + second, axis=-1),
            np.linalg.norm(first - 2 * second + end, axis=-1),
        )
        counts = np.maximum(np.ceil(np.sqrt(0.75 * bend / tolerance)), 1).astype(np.int64)
        piece = np.repeat(np.arange(len(counts)), counts)
        step = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
        t = (step / counts[piece])[:, None]
        s = 1.0 - t
        bent: Array = (
            s**3 * start[piece]
            + 3 * s * s * t * first[piece]
            + 3 * s * t * t * second[piece]
            + t**3 * end[piece]
        )
        return bent


@dataclass(frozen=True, eq=False)
class Outline:
    """The border of a surface."""

    contours: tuple[Contour, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        corners = np.concatenate([contour.flattened(0.02) for contour in self.contours])
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        return (left, top, right, bottom)


def polygon(points: Iterable[Point]) -> Outline:
    """A closed polygon."""
    return Outline((Contour(np.array(list(points), np.float64)),))


def curve(points: Sequence[Point]) -> Outline:
    """A closed smooth curve through ``points`` (Catmull-Rom, tension 1/6)."""
    start = np.array(points, np.float64)
    tangent = (np.concatenate([start[1:], start[:1]]) - np.concatenate([start[-1:], start[:-1]])) / 6
    leaving = start + tangent
    arriving = start - tangent
    return Outline((Contour(start, np.stack([leaving, np.concatenate([arriving[1:], arriving[:1]])], 1)),))


def strokes(start: Point, *pieces: Sequence[Point]) -> Outline:
    """A closed chain, piece by piece: one point is a line to it, two a quadratic, three a cubic curve."""
    here = start
    points, handles = [], []
    for piece in pieces:
        end = piece[-1]
        if len(piece) == 3:
            first, second = piece[0], piece[1]
        else:
            pull = piece[0] if len(piece) == 2 else None
            first, second = (_toward(side, pull, here, end) for side in (here, end))
        points.append(here)
        handles.append((first, second))
        here = end
    if here != start:
        points.append(here)
        handles.append((_toward(here, None, here, start), _toward(start, None, here, start)))
    return Outline((Contour(np.array(points, np.float64), np.array(handles, np.float64)),))


def _toward(side: Point, pull: Point | None, start: Point, end: Point) -> Point:
    """The cubic handle at ``side`` of a quadratic piece with handle ``pull``, of a straight one without."""
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2) if pull is None else pull
    return (side[0] + 2 / 3 * (middle[0] - side[0]), side[1] + 2 / 3 * (middle[1] - side[1]))


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Outline:
    """An upright rectangle, with round corners where ``radius`` is given."""
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    if radius <= 0.0:
        return polygon([(left, top), (right, top), (right, bottom), (left, bottom)])
    points, handles = [], []
    corners = (
        (right - radius, top + radius, -0.25),
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, 0.25),
        (left + radius, top + radius, 0.5),
    )
    for x, y, turn in corners:
        own, pulls, end = _arc((x, y), radius, 2 * math.pi * turn, math.pi / 2)
        points += [*own, end]
        handles += [*pulls, (end, end)]
    return _chain(points, handles)


def ellipse(x: float, y: float, radius_x: float, radius_y: float | None = None) -> Outline:
    """An upright ellipse, a circle without ``radius_y``."""
    height = radius_x if radius_y is None else radius_y
    size, centre = np.array([radius_x, height]), np.array([x, y])
    return Outline((Contour(_ROUND_POINTS * size + centre, _ROUND_HANDLES * size + centre),))


def limb(length: float, start: float, end: float) -> Outline:
    """A tapered capsule from (0, 0) to (length, 0) with those two radii."""
    lean = math.asin(max(-1.0, min(1.0, (start - end) / length)))
    points, handles, tip = _arc((length, 0.0), end, -math.pi / 2 + lean, math.pi - 2 * lean)
    more, pulls, heel = _arc((0.0, 0.0), start, math.pi / 2 - lean, math.pi + 2 * lean)
    return _chain([*points, tip, *more, heel], [*handles, (tip, tip), *pulls, (heel, heel)])


def joined(*outlines: Outline) -> Outline:
    """Several outlines as one."""
    return Outline(tuple(contour for outline in outlines for contour in outline.contours))


def shifted(outline: Outline, x: float, y: float, scale: float = 1.0) -> Outline:
    """The outline scaled about its origin, then moved."""
    move = np.array([x, y])
    return Outline(
        tuple(
            Contour(
                contour.points * scale + move,
                None if contour.handles is None else contour.handles * scale + move,
            )
            for contour in outline.contours
        )
    )


def _arc(
    centre: Point, radius: float, start: float, sweep: float
) -> tuple[list[Point], list[tuple[Point, Point]], Point]:
    """(starts, handles, end) of cubic pieces of at most a quarter turn, angles in radians.

    Handles of length 4/3 tan(step / 4) r keep a quarter within 0.03 % of the circle.
    """
    count = max(1, math.ceil(sweep / (math.pi / 2) - 1e-9))
    step = sweep / count
    pull = 4 / 3 * math.tan(step / 4) * radius
    spots = []
    for index in range(count + 1):
        cos, sin = math.cos(start + index * step), math.sin(start + index * step)
        at = (centre[0] + radius * cos, centre[1] + radius * sin)
        spots.append((at, (at[0] - pull * sin, at[1] + pull * cos), (at[0] + pull * sin, at[1] - pull * cos)))
    handles = [(spots[index][1], spots[index + 1][2]) for index in range(count)]
    return [spot[0] for spot in spots[:-1]], handles, spots[-1][0]


def _chain(points: list[Point], handles: list[tuple[Point, Point]]) -> Outline:
    """A contour whose pieces with both handles at their start are straight."""
    starts, pulls = np.array(points, np.float64), np.array(handles, np.float64)
    ends = np.concatenate([starts[1:], starts[:1]])
    straight = (pulls == starts[:, None]).all(axis=(1, 2))
    pulls[straight] = np.stack([(2 * starts + ends) / 3, (starts + 2 * ends) / 3], 1)[straight]
    return Outline((Contour(starts, pulls),))


_ROUND = _arc((0.0, 0.0), 1.0, 0.0, 2 * math.pi)
_ROUND_POINTS, _ROUND_HANDLES = np.array(_ROUND[0]), np.array(_ROUND[1])
