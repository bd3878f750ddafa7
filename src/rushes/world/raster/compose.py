"""Lays sprites over one another, tile by tile: every tile of every frame has its own list of sprites."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from einops import rearrange
from torch import Tensor

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.raster.coverage import Texels
from rushes.world.raster.sprites import BODY

TILE = 16
ROWS, COLUMNS = HEIGHT // TILE, WIDTH // TILE


@dataclass(frozen=True)
class Sprites:
    """Rows of a ``SpriteTable`` on a device, with the texels each reads.

    frame (R,): ascending, 0..F - 1. sheet (R, 5) int64: first texel, width, height, whether it wraps across
    and down. look (R, 11) float32: ``texel``, ``opacity``, ``tint``. box (R, 4), mover (R,).
    """

    frame: Tensor
    sheet: Tensor
    look: Tensor
    box: Tensor
    mover: Tensor

    def __getitem__(self, rows: Tensor) -> "Sprites":
        """Some of the rows."""
        return Sprites(*(column[rows] for column in vars(self).values()))


@dataclass(frozen=True)
class Lists:
    """Which sprites show in which tile of F frames.

    tiles (F * ROWS * COLUMNS,): by falling number of sprites. rows (pairs,): sprites, tile by tile and back
    to front; first (tiles,): where a tile's begin. active: how many tiles have a first, a second ... sprite.
    """

    tiles: Tensor
    rows: Tensor
    first: Tensor
    active: list[int]


def with_sheets(columns: dict[str, Tensor], texels: Texels, body_start: int) -> Sprites:
    """Sprites with their sheets looked up; the body of frame f begins at texel body_start + f * 160 * 256."""
    frame, number = columns["frame"], columns["sheet"].long()
    own = frame.new_tensor([0, WIDTH, HEIGHT, 0, 0]).repeat(len(frame), 1)
    own[:, 0] = body_start + frame * (HEIGHT * WIDTH)
    sheet = torch.cat([texels.start[:, None], texels.size, texels.wraps], 1)[number.clamp(min=0)]
    return Sprites(
        frame,
        torch.where((number == BODY)[:, None], own, sheet),
        torch.cat([columns["texel"], columns["opacity"][:, None], columns["tint"]], 1),
        columns["box"],
        columns["mover"],
    )


def lists_of(sprites: Sprites, num_frames: int) -> Lists:
    """Sort the sprites into tiles."""
    left, top = (sprites.box[:, :2] // TILE).long().unbind(1)
    right, bottom = ((sprites.box[:, 2:] + TILE - 1) // TILE).long().unbind(1)
    across, down = right - left, bottom - top
    counts = torch.where((across > 0) & (down > 0) & (sprites.look[:, 6] > 0), across * down, 0)
    row = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
    place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
    tile_row = top[row] + place // across[row]
    tile_column = left[row] + place % across[row]
    tile = (sprites.frame[row] * ROWS + tile_row) * COLUMNS + tile_column
    sorted_tile, order = torch.sort(tile, stable=True)
    number = torch.bincount(sorted_tile, minlength=num_frames * ROWS * COLUMNS)
    first = number.cumsum(0) - number
    number, tiles = torch.sort(number, descending=True, stable=True)
    active = torch.bincount(number).flip(0).cumsum(0).flip(0)[1:]
    return Lists(tiles, row[order], first[tiles], active.tolist())


def compose(texels: Tensor, sprites: Sprites, lists: Lists, num_frames: int) -> Tensor:
    """(F, 160, 256, 4) premultiplied: the sprites of every frame over one another."""
    lay = _compiled(blend) if texels.is_cuda else blend
    layers = torch.zeros(len(lists.tiles), TILE * TILE, 4, device=texels.device, dtype=texels.dtype)
    for rank, active in enumerate(lists.active):
        rows = lists.rows[lists.first[:active] + rank]
        under, tiles = layers[:active], lists.tiles[:active]
        layers[:active] = lay(under, texels, tiles, sprites.sheet[rows], sprites.look[rows])
    return _untiled(layers, lists, num_frames)


def identify(ids: Tensor, solid: Tensor, sprites: Sprites, lists: Lists) -> Tensor:
    """(F, 160, 256) int32: ``ids`` with the movers of ``sprites`` over them."""
    put = _compiled(claim) if solid.is_cuda else claim
    movers = rearrange(ids, "f (r y) (c x) -> (f r c) (y x) 1", y=TILE, x=TILE)[lists.tiles]
    for rank, active in enumerate(lists.active):
        rows = lists.rows[lists.first[:active] + rank]
        under, tiles = movers[:active], lists.tiles[:active]
        movers[:active] = put(
            under, solid, tiles, sprites.sheet[rows], sprites.look[rows], sprites.mover[rows]
        )
    return _untiled(movers, lists, len(ids))[..., 0]


@cache
def _compiled(step: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``step`` as one kernel for any number of tiles: it touches memory once instead of a hundred times."""
    compiled = torch.compile(step)

    def run(*columns: Tensor) -> Tensor:
        for column in columns:
            torch._dynamo.maybe_mark_dynamic(column, 0)
        result: Tensor = compiled(*columns)
        return result

    return run


def blend(under: Tensor, texels: Tensor, tiles: Tensor, sheet: Tensor, look: Tensor) -> Tensor:
    """One sprite, columns as in ``Sprites``, laid over each of n tiles (n, 256, 4)."""
    read = sampled(texels, tiles, sheet, look)
    alpha = read[..., 3:]
    opacity, tint = look[:, None, 6:7].to(texels.dtype), look[:, None, 7:].to(texels.dtype)
    over = torch.where(tint[..., 3:] > 0, torch.cat([tint[..., :3] * alpha, alpha], -1), read) * opacity
    return over + under * (1 - over[..., 3:])


def claim(under: Tensor, solid: Tensor, tiles: Tensor, sheet: Tensor, look: Tensor, mover: Tensor) -> Tensor:
    """The mover of one sprite in each of n tiles where it hides what is behind it: (n, 256, 1)."""
    hidden = sampled(solid[:, None], tiles, sheet, look)
    return torch.where(hidden > 0.5, mover[:, None, None], under)


def sampled(texels: Tensor, tiles: Tensor, sheet: Tensor, look: Tensor) -> Tensor:
    """Bilinear reading of sheets at the pixels of n tiles, nothing outside of them: (n, 256, channels)."""
    pixel = torch.arange(TILE * TILE, device=tiles.device)
    x = (tiles % COLUMNS * TILE)[:, None] + pixel % TILE + 0.5
    y = (tiles // COLUMNS % ROWS * TILE)[:, None] + pixel // TILE + 0.5
    a, b, c, d, e, f = look[:, :6, None].unbind(1)
    start, width, height, across, down = sheet[:, :, None].unbind(1)
    u, v = a * x + b * y + c, d * x + e * y + f
    u, v = torch.where(across > 0, u % width, u), torch.where(down > 0, v % height, v)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    left, top = (u - 0.5).floor(), (v - 0.5).floor()
    share_x, share_y = ((u - 0.5 - left)[..., None], (v - 0.5 - top)[..., None])
    columns = [_neighbour(left.long() + step, width, across) for step in (0, 1)]
    rows = [start + _neighbour(top.long() + step, height, down) * width for step in (0, 1)]
    upper, lower = (
        torch.lerp(texels[row + columns[0]], texels[row + columns[1]], share_x.to(texels.dtype))
        for row in rows
    )
    return torch.lerp(upper, lower, share_y.to(texels.dtype)) * inside[..., None]


def _neighbour(index: Tensor, size: Tensor, wraps: Tensor) -> Tensor:
    """A column or row of a sheet: the nearest there is, or the one that comes round."""
    round_ = torch.where(index < 0, index + size, torch.where(index >= size, index - size, index))
    return torch.where(wraps > 0, round_, index.clamp(min=0).minimum(size - 1))


def _untiled(tiles: Tensor, lists: Lists, num_frames: int) -> Tensor:
    whole = torch.empty_like(tiles)
    whole[lists.tiles] = tiles
    return rearrange(whole, "(f r c) (y x) d -> f (r y) (c x) d", f=num_frames, r=ROWS, y=TILE)
