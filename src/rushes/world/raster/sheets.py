"""What is drawn once per scene: sheets of texels, surfaces painted on them, the sides of their outlines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rushes.world.layer import GLOW_SHARES, GLOW_STOPS, PERIOD, RASTER, SLOPE_FOOT, Fill, Glow, Layer, Mark
from rushes.world.outline import Outline, box, ellipse, shifted
from rushes.world.palette import Rgb
from rushes.world.part import Part
from rushes.world.weather import (
    HAZE_BLOBS,
    HAZE_HEIGHT,
    HAZE_PERIOD,
    HAZE_SHARES,
    TILE,
    Haze,
    Tile,
)

Column = NDArray[Any]
"""float32, int32 or bool, as its name says in the table that has it."""

_TOLERANCE = 0.05
"""Texels a flattened curve may stray."""

_FLAT_STOPS = (0.0, 1.0, 2.0, 3.0)
_BLOCK = 32
"""Texels a side of the blocks that decide which surfaces may be painted at once."""


@dataclass(frozen=True)
class Sheet:
    """A picture to be drawn. A place (x, y) of its own space lies at texel ((x - left) * scale, (y - top) *
    scale).

    wraps: whether it repeats across and down. edges: (colour, x, y) as ``Layer.edges``. mist: (colour, share,
    first y, last y) or None.
    """

    left: float
    top: float
    scale: float
    width: int
    height: int
    wraps: tuple[bool, bool] = (False, False)
    edges: tuple[tuple[Rgb, float, float], ...] = ()
    mist: tuple[Rgb, float, float, float] | None = None


@dataclass(frozen=True)
class Surface:
    """An outline on a sheet, moved by (x, y) of its space, and its colour: from the first to the second while
    t = hypot((x, y) / reach) around ``centre`` goes from 0 to 1, with ``alphas`` at ``stops`` of t.

    solid: hides what is behind it and moves with its sheet.
    """

    sheet: int
    outline: Outline
    x: float
    y: float
    colors: tuple[Rgb, Rgb]
    centre: tuple[float, float]
    reach: tuple[float, float]
    """Infinite where t does not depend on x or y."""
    stops: tuple[float, ...]
    alphas: tuple[float, ...]
    solid: bool


@dataclass(frozen=True)
class SheetTable:
    """Sheets, surfaces and outline sides of some scenes as arrays.

    size (C, 2), wraps (C, 2), edge_count (C,), edge_color (C, 2, 3), edge_shift (C, 2, 2) in texels, mist
    (C, 6): colour, share, slope and offset of its growth with the texel row; nothing has a share of 0.

    sheet (M,) of every surface, level (M,): surfaces of one level of a sheet do not overlap and are painted
    at once, lower ones first; box (M, 4) texels left, top, right, bottom; colors (M, 2, 3); centre, reach
    (M, 2): t = hypot((texel - centre) * reach); stops, alphas (M, 4); solid (M,).

    sides (E, 4): x, y, x, y in texels of the surface ``owner`` (E,).
    """

    size: Column
    wraps: Column
    edge_count: Column
    edge_color: Column
    edge_shift: Column
    mist: Column
    sheet: Column
    level: Column
    box: Column
    colors: Column
    centre: Column
    reach: Column
    stops: Column
    alphas: Column
    solid: Column
    sides: Column
    owner: Column


Table = TypeVar("Table")


def each_column(table: Table, change: Callable[[Column], Column]) -> Table:
    """A table with every column changed in the same way."""
    columns: dict[str, Any] = {name: change(column) for name, column in vars(table).items()}
    return type(table)(**columns)


class Portfolio:
    """Collects sheets and what is painted on them."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self._surfaces: list[Surface] = []

    def layer(self, layer: Layer) -> int:
        """Add a layer's sheet; returns its number."""
        width, height = layer.size
        mist = None
        if layer.mist is not None:
            mist = (layer.mist.colors[1], layer.mist.opacities[1], layer.mist.top, layer.mist.bottom)
        number = self._sheet(
            Sheet(
                layer.left,
                layer.top,
                RASTER,
                round(PERIOD * RASTER) if layer.repeats else width,
                height,
                (layer.repeats, False),
                tuple((edge.color, edge.x, edge.y) for edge in layer.edges),
                mist,
            )
        )
        shift_x = layer.offset + sum(edge.x for edge in layer.edges)
        shift_y = sum(edge.y for edge in layer.edges)
        for copy in layer.copies:
            for mark in layer.marks:
                self._surfaces.append(_marked(number, mark, copy * PERIOD + shift_x, shift_y))
        return number

    def part(self, part: Part, scale: float) -> int:
        """Add a part's sheet of ``scale`` texels a pixel; returns its number."""
        bounds = np.array([_hull(shape.path) for shape in part.shapes])
        (left, top), (right, bottom) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
        margin = 1.0 / scale
        number = self._sheet(
            Sheet(
                float(left - margin),
                float(top - margin),
                scale,
                int(np.ceil((right - left) * scale)) + 2,
                int(np.ceil((bottom - top) * scale)) + 2,
            )
        )
        for shape in part.shapes:
            solid = shape.opacity == 1.0 and part.opacity is None
            self._surfaces.append(_flat(number, shape.path, 0.0, 0.0, shape.color, shape.opacity, solid))
        return number

    def tile(self, tile: Tile) -> int:
        """Add a sheet of particles; returns its number."""
        number = self._sheet(Sheet(0.0, 0.0, 1.0, TILE, TILE, (True, True)))
        left, top, right, bottom = tile.outline.bounds
        for x, y in tile.places.tolist():
            for over in (x - TILE, x, x + TILE):
                for down in (y - TILE, y, y + TILE):
                    if left + over < TILE and right + over > 0 and top + down < TILE and bottom + down > 0:
                        outline = shifted(tile.outline, over, down)
                        self._surfaces.append(
                            _flat(number, outline, 0.0, 0.0, tile.color, tile.opacity, False)
                        )
        return number

    def haze(self, haze: Haze) -> int:
        """Add the drifting band; returns its number."""
        number = self._sheet(Sheet(0.0, 0.0, 1.0, HAZE_PERIOD, HAZE_HEIGHT, (True, False)))
        stops, alphas = (0.0, 0.5, 1.0, 2.0), (*HAZE_SHARES, 0.0)
        for x, y, half_x, half_y in HAZE_BLOBS:
            for shift in (-HAZE_PERIOD, 0, HAZE_PERIOD):
                outline = box(x - half_x, y - half_y, x + half_x, y + half_y)
                self._surfaces.append(
                    Surface(
                        number,
                        outline,
                        float(shift),
                        0.0,
                        (haze.color, haze.color),
                        (x, y),
                        (half_x, half_y),
                        stops,
                        alphas,
                        False,
                    )
                )
        return number

    def disc(self, color: Rgb) -> int:
        """Add a disc of radius 1 around (0, 0), 32 texels a radius; returns its number."""
        number = self._sheet(Sheet(-34 / 32, -34 / 32, 32.0, 68, 68))
        self._surfaces.append(_flat(number, ellipse(0.0, 0.0, 1.0), 0.0, 0.0, color, 1.0, False))
        return number

    def plain(self, color: Rgb) -> int:
        """Add a colour without borders; returns its number."""
        number = self._sheet(Sheet(0.0, 0.0, 1.0, 1, 1, (True, True)))
        self._surfaces.append(_flat(number, box(-1.0, -1.0, 2.0, 2.0), 0.0, 0.0, color, 1.0, False))
        return number

    def table(self) -> SheetTable:
        """Everything as arrays. Surfaces outside their sheets are left out."""
        outlines = {id(surface.outline): surface.outline for surface in self._surfaces}
        rows = {key: row for row, key in enumerate(outlines)}
        use = np.array([rows[id(surface.outline)] for surface in self._surfaces])
        sheet = np.array([surface.sheet for surface in self._surfaces], np.int32)
        shift = np.array([(surface.x, surface.y) for surface in self._surfaces])
        frame = np.array([(s.left, s.top, s.scale, s.width, s.height) for s in self.sheets])
        origin, scale, size = frame[sheet, :2], frame[sheet, 2:3], frame[sheet, 3:]
        sides, counts = _sides(list(outlines.values()), float(frame[:, 2].max()))
        starts = np.cumsum(counts) - counts
        ends = sides.reshape(-1, 2, 2)
        low = np.minimum.reduceat(ends.min(axis=1), starts)[use]
        high = np.maximum.reduceat(ends.max(axis=1), starts)[use]
        low = np.clip(np.floor((low + shift - origin) * scale), 0, size)
        high = np.clip(np.ceil((high + shift - origin) * scale), 0, size)
        seen = np.flatnonzero((low < high).all(axis=1))
        owner = np.repeat(np.arange(len(seen)), counts[use[seen]])
        within = np.arange(len(owner)) - np.repeat(
            np.cumsum(counts[use[seen]]) - counts[use[seen]], counts[use[seen]]
        )
        placed = ends[starts[use[seen]][owner] + within]
        move, stretch = (shift - origin)[seen], scale[seen]
        texels = (placed + move[owner][:, None]) * stretch[owner][:, None]
        surfaces = [self._surfaces[index] for index in seen.tolist()]
        boxes = np.concatenate([low, high], axis=1)[seen].astype(np.int32)
        columns: dict[str, Any] = _sheet_columns(self.sheets)
        return SheetTable(
            **columns,
            sheet=sheet[seen],
            level=_levels(sheet[seen], boxes),
            box=boxes,
            colors=np.array([surface.colors for surface in surfaces], np.float32),
            centre=((np.array([s.centre for s in surfaces]) + move) * stretch).astype(np.float32),
            reach=(1.0 / (np.array([s.reach for s in surfaces]) * stretch)).astype(np.float32),
            stops=np.array([surface.stops for surface in surfaces], np.float32),
            alphas=np.array([surface.alphas for surface in surfaces], np.float32),
            solid=np.array([surface.solid for surface in surfaces]),
            sides=texels.reshape(-1, 4).astype(np.float32),
            owner=owner.astype(np.int32),
        )

    def _sheet(self, sheet: Sheet) -> int:
        self.sheets.append(sheet)
        return len(self.sheets) - 1


def _flat(
    sheet: int, outline: Outline, x: float, y: float, color: Rgb, opacity: float, solid: bool
) -> Surface:
    everywhere = (np.inf, np.inf)
    return Surface(
        sheet, outline, x, y, (color, color), (0.0, 0.0), everywhere, _FLAT_STOPS, (opacity,) * 4, solid
    )


def _marked(sheet: int, mark: Mark, x: float, y: float) -> Surface:
    if isinstance(mark, Fill):
        return _flat(sheet, mark.outline, x, y, mark.color, mark.opacity, True)
    if isinstance(mark, Glow):
        outline = box(mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius)
        alphas = tuple(mark.opacity * share for share in GLOW_SHARES)
        return Surface(
            sheet,
            outline,
            x,
            y,
            (mark.color, mark.color),
            (mark.x, mark.y),
            (mark.radius, mark.radius),
            GLOW_STOPS,
            alphas,
            True,
        )
    outline = box(-PERIOD / 2, mark.top, PERIOD / 2 + 1, SLOPE_FOOT)
    first, second = mark.opacities
    return Surface(
        sheet,
        outline,
        x,
        y,
        mark.colors,
        (0.0, mark.top),
        (np.inf, mark.bottom - mark.top),
        _FLAT_STOPS,
        (first, second, second, second),
        True,
    )


def _hull(outline: Outline) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of points and handles, which hold the curves between them."""
    points = [contour.points for contour in outline.contours]
    points += [c.handles.reshape(-1, 2) for c in outline.contours if c.handles is not None]
    corners = np.concatenate(points)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return (left, top, right, bottom)


def _sides(outlines: Sequence[Outline], scale: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(sides (E, 4) of all outlines one after the other, how many each has), curves flattened for sheets of
    up to ``scale`` texels a pixel. The arithmetic of ``Contour.flattened`` for all at once.
    """
    contours = [contour for outline in outlines for contour in outline.contours]
    lengths = np.array([len(contour.points) for contour in contours])
    owner = np.repeat(np.arange(len(outlines)), [len(outline.contours) for outline in outlines])
    start = np.concatenate([contour.points for contour in contours])
    last = np.cumsum(lengths) - 1
    following = np.arange(len(start)) + 1
    following[last] = last - lengths + 1
    end = start[following]
    first, second = (2 * start + end) / 3, (start + 2 * end) / 3
    curved = np.repeat([contour.handles is not None for contour in contours], lengths)
    handles = [contour.handles for contour in contours if contour.handles is not None]
    if handles:
        pulls = np.concatenate(handles)
        first[curved], second[curved] = pulls[:, 0], pulls[:, 1]
    bend = np.maximum(
        np.abs(start - 2 * first + second).sum(axis=-1), np.abs(first - 2 * second + end).sum(axis=-1)
    )
    counts = np.maximum(np.ceil(np.sqrt(0.75 * bend * scale / _TOLERANCE) - 1e-6), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    t = (step / counts[piece])[:, None]
    s = 1.0 - t
    corner = (
        s**3 * start[piece] + 3 * s * s * t * first[piece] + 3 * s * t * t * second[piece] + t**3 * end[piece]
    )
    of_contour = np.repeat(np.arange(len(contours)), lengths)[piece]
    total = np.bincount(of_contour, minlength=len(contours))
    final = np.cumsum(total) - 1
    following = np.arange(len(corner)) + 1
    following[final] = final - total + 1
    return np.concatenate([corner, corner[following]], axis=1), np.bincount(
        owner[of_contour], minlength=len(outlines)
    )


def _levels(sheet: Column, boxes: Column) -> Column:
    """For every surface one more than the highest of those before it that share a block of texels with it."""
    blocks = np.concatenate([boxes[:, :2] // _BLOCK, -(-boxes[:, 2:] // _BLOCK)], axis=1).tolist()
    painted: dict[int, NDArray[np.int32]] = {}
    width, height = (int(boxes[:, side].max()) // _BLOCK + 1 for side in (2, 3))
    levels = np.empty(len(boxes), np.int32)
    for index, (number, (left, top, right, bottom)) in enumerate(zip(sheet.tolist(), blocks, strict=True)):
        if number not in painted:
            painted[number] = np.zeros((height, width), np.int32)
        under = painted[number][top:bottom, left:right]
        levels[index] = level = under.max()
        under[...] = level + 1
    return levels


def _sheet_columns(sheets: Sequence[Sheet]) -> dict[str, Column]:
    edge_color, edge_shift = np.zeros((len(sheets), 2, 3)), np.zeros((len(sheets), 2, 2))
    mist = np.zeros((len(sheets), 6))
    for row, sheet in enumerate(sheets):
        for index, (color, x, y) in enumerate(sheet.edges):
            edge_color[row, index], edge_shift[row, index] = color, (x * sheet.scale, y * sheet.scale)
        if sheet.mist is not None:
            color, share, top, bottom = sheet.mist
            # The row's centre: y = top of the sheet + (row + 0.5) / scale.
            slope = 1.0 / (sheet.scale * (bottom - top))
            mist[row] = (*color, share, slope, (sheet.top + 0.5 / sheet.scale - top) / (bottom - top))
    return {
        "size": np.array([(sheet.width, sheet.height) for sheet in sheets], np.int32),
        "wraps": np.array([sheet.wraps for sheet in sheets]),
        "edge_count": np.array([len(sheet.edges) for sheet in sheets], np.int32),
        "edge_color": edge_color.astype(np.float32),
        "edge_shift": edge_shift.astype(np.float32),
        "mist": mist.astype(np.float32),
    }
