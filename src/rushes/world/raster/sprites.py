"""Where every sheet is in every frame: the maps, opacities and tints of a scene's pictures, back to front."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array, invert
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.flow import Movers, movers_of
from rushes.world.footing import MIRRORED, SHADOW, footing_of
from rushes.world.part import Part, drawing_order
from rushes.world.raster.sheets import Column, Portfolio, each_column
from rushes.world.stage import Stage
from rushes.world.weather import HAZE_DEPTH, HAZE_TOP

BODY = -1
"""In place of a sheet: the picture of the subject in that frame."""

NOBODY = -1
_TEXELS = 2.0
"""Texels a screen pixel of what moves on its own: bilinear reading there is close to exact coverage."""

_FLAT = 1e-3


@dataclass(frozen=True)
class SpriteTable:
    """Sprites of T frames, N a frame, each drawn over those before it.

    frame (T, N): the frame's number. sheet (T, N): index, or BODY. texel (T, N, 6): screen pixel (x, y) ->
    texel, rows of the 2x3 map. opacity (T, N), 0 hides it. tint (T, N, 4): a colour instead of the sheet's
    where the fourth is 1. box (T, N, 4): left, top, right, bottom pixels outside which it shows nothing.
    mover (T, N): what ``Movers`` calls it, or NOBODY.
    """

    frame: Column
    sheet: Column
    texel: Column
    opacity: Column
    tint: Column
    box: Column
    mover: Column


class _Sprites:
    """Collects the columns of a table: one sprite over all frames each."""

    def __init__(self, portfolio: Portfolio, num_frames: int) -> None:
        self._portfolio = portfolio
        self._frames = num_frames
        self._columns: list[tuple[int, Array, Array | float, tuple[float, ...], Array | None, int]] = []

    def add(
        self,
        sheet: int,
        to_screen: Array,
        opacity: Array | float = 1.0,
        tint: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0),
        mover: int = NOBODY,
        box: Array | None = None,
    ) -> None:
        """Draw ``sheet`` under ``to_screen`` (T, 2, 3) from its own space, inside ``box`` (T, 4)."""
        self._columns.append((sheet, to_screen, opacity, tint, box, mover))

    def table(self) -> SpriteTable:
        """The columns as arrays."""
        sheets = np.array([column[0] for column in self._columns], np.int32)
        maps = np.stack([column[1] for column in self._columns], 1)
        opacity = np.stack([np.broadcast_to(column[2], self._frames) for column in self._columns], 1)
        areas = np.abs(np.linalg.det(maps[..., :2]))
        solid = areas > _FLAT
        inverse = invert(np.where(solid[..., None, None], maps, np.eye(2, 3)))
        body = (0.0, 0.0, 1.0, WIDTH, HEIGHT, False, False)
        frame = np.array(
            [
                body if sheet == BODY else (s.left, s.top, s.scale, s.width, s.height, *s.wraps)
                for sheet in sheets.tolist()
                for s in [self._portfolio.sheets[max(sheet, 0)]]
            ]
        )
        inverse[..., 2] -= frame[:, :2]
        inverse *= frame[:, 2, None, None]
        boxes = _bounds(maps, frame)
        for index, column in enumerate(self._columns):
            if column[4] is not None:
                boxes[:, index] = column[4]
        mover = np.array([column[5] for column in self._columns], np.int32)
        shape = opacity.shape
        frames = np.arange(shape[0], dtype=np.int32)
        return SpriteTable(
            np.broadcast_to(frames[:, None], shape),
            np.broadcast_to(sheets, shape),
            inverse.reshape(*shape, 6).astype(np.float32),
            np.where(solid, opacity, 0.0).astype(np.float32),
            np.broadcast_to(np.array([column[3] for column in self._columns], np.float32), (*shape, 4)),
            boxes.astype(np.int32),
            np.broadcast_to(mover, shape),
        )


def _bounds(maps: Array, frame: Array) -> Array:
    """(T, N, 4): screen pixels a sheet touches; all of the screen in a direction in which it wraps."""
    left, top, scale, width, height, across, down = (frame[:, column] for column in range(7))
    xs = np.stack([left, left + width / scale], -1)[..., [0, 1, 0, 1]]
    ys = np.stack([top, top + height / scale], -1)[..., [0, 0, 1, 1]]
    x = maps[..., 0, 0, None] * xs + maps[..., 0, 1, None] * ys + maps[..., 0, 2, None]
    y = maps[..., 1, 0, None] * xs + maps[..., 1, 1, None] * ys + maps[..., 1, 2, None]
    low = np.stack([np.where(across, 0.0, x.min(-1)), np.where(down, 0.0, y.min(-1))], -1)
    high = np.stack([np.where(across, WIDTH, x.max(-1)), np.where(down, HEIGHT, y.max(-1))], -1)
    screen = np.array([WIDTH, HEIGHT])
    return np.concatenate([np.clip(np.floor(low), 0, screen), np.clip(np.ceil(high), 0, screen)], -1)


def body_sprites(stage: Stage, movers: Movers, portfolio: Portfolio) -> SpriteTable:
    """The parts of the subject, in the drawing order of each frame."""
    num_frames = len(stage.motion.times)
    sprites = _Sprites(portfolio, num_frames)
    first = len(movers.layers) + len(movers.props)
    for number, part in enumerate(movers.subject, first):
        _add_part(sprites, portfolio, part, number)
    table = sprites.table()
    order = drawing_order(movers.subject, num_frames)
    return each_column(table, lambda column: np.take_along_axis(column, _deep(order, column.ndim), axis=1))


def _deep(order: Column, depth: int) -> Column:
    return order.reshape(*order.shape, *(1,) * (depth - order.ndim))


def scene_sprites(stage: Stage, movers: Movers, body: SpriteTable, portfolio: Portfolio) -> SpriteTable:
    """Everything on screen; the subject as a picture of its own in every frame."""
    times = stage.motion.times
    sprites = _Sprites(portfolio, len(times))
    for index, layer in enumerate(movers.layers):
        sprites.add(portfolio.layer(layer), movers.to_screen[index], mover=index)
        for number, (part, over) in enumerate(
            zip(movers.props, movers.over, strict=True), len(movers.layers)
        ):
            if over == index:
                _add_part(sprites, portfolio, part, number)
        if stage.haze is not None and index == stage.layer_of(HAZE_DEPTH):
            view = stage.camera.view(HAZE_DEPTH)
            drift = np.zeros_like(view)
            scale = view[:, 0, 0]
            drift[:, 0, 0] = drift[:, 1, 1] = scale
            drift[:, 0, 2] = scale * stage.haze.places(view, times)
            drift[:, 1, 2] = view[:, 1, 2] + scale * HAZE_TOP
            sprites.add(portfolio.haze(stage.haze), drift)
    still = np.broadcast_to(np.eye(2, 3), (len(times), 2, 3))
    if stage.flash is not None:
        sprites.add(portfolio.plain(stage.flash.color), still, stage.flash.strength)
    _add_subject(sprites, stage, body, portfolio)
    for veil in stage.veils:
        moved = still.copy()
        moved[:, :, 2] = veil.places(stage.camera, times)
        sprites.add(portfolio.tile(veil.tile), moved)
    return sprites.table()


def pack_sprites(stage: Stage, portfolio: Portfolio) -> tuple[SpriteTable, SpriteTable, Movers]:
    """(parts of the subject, everything on screen, the movers they name), sheets added to ``portfolio``."""
    movers = movers_of(stage)
    body = body_sprites(stage, movers, portfolio)
    return body, scene_sprites(stage, movers, body, portfolio), movers


def _add_part(sprites: _Sprites, portfolio: Portfolio, part: Part, mover: int) -> None:
    size = float(np.linalg.norm(part.placement[..., :2], axis=1).max())
    scale = _TEXELS * min(max(size, 0.25), 4.0)
    opacity = 1.0 if part.opacity is None else part.opacity
    sprites.add(portfolio.part(part, scale), part.placement, opacity, mover=mover if part.solid else NOBODY)


def _add_subject(sprites: _Sprites, stage: Stage, body: SpriteTable, portfolio: Portfolio) -> None:
    """Reflection, shadow, edge and body; each only where the parts reach."""
    footing = footing_of(stage)
    low, high = body.box[..., :2].min(axis=1), body.box[..., 2:].max(axis=1)
    still = np.broadcast_to(np.eye(2, 3), (len(low), 2, 3))
    if footing.mirror is not None:
        sprites.add(BODY, footing.mirror, MIRRORED, box=_mirrored(footing.mirror, low, high))
    sprites.add(portfolio.disc(SHADOW), footing.shadow, footing.shadow_opacity)
    for offset in footing.edge_offsets:
        moved = still.copy()
        moved[:, :, 2] = offset
        sprites.add(BODY, moved, tint=(*footing.edge, 1.0), box=_on_screen(low + offset, high + offset))
    sprites.add(BODY, still, box=_on_screen(low, high))


def _mirrored(mirror: Array, low: Array, high: Array) -> Array:
    bottom = mirror[:, 1, 1] * low[:, 1] + mirror[:, 1, 2]
    top = mirror[:, 1, 1] * high[:, 1] + mirror[:, 1, 2]
    return _on_screen(np.stack([low[:, 0], np.floor(top)], -1), np.stack([high[:, 0], np.ceil(bottom)], -1))


def _on_screen(low: Array, high: Array) -> Array:
    screen = np.array([WIDTH, HEIGHT])
    boxed: Array = np.concatenate([np.clip(low, 0, screen), np.clip(high, 0, screen)], -1)
    return boxed
