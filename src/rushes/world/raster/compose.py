"""Lays sprites over one another, tile by tile: every tile of every frame has its own list of sprites."""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.raster.coverage import Texels
from rushes.world.raster.sprites import BODY, NOBODY

TILE = 16
ROWS, COLUMNS = HEIGHT // TILE, WIDTH // TILE


@dataclass(frozen=True)
class Sprites:
    """Rows of a ``SpriteTable`` on a device, with the texels each reads.

    frame (R,): ascending, 0..F - 1. start (R,), size, wraps (R, 2): the sheet. texel (R, 6), opacity (R,),
    tint (R, 4), box (R, 4), mover (R,).
    """

    frame: Tensor
    start: Tensor
    size: Tensor
    wraps: Tensor
    texel: Tensor
    opacity: Tensor
    tint: Tensor
    box: Tensor
    mover: Tensor

    def __getitem__(self, rows: Tensor) -> "Sprites":
        """Some of the rows."""
        return Sprites(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


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
    frame = columns["frame"]
    sheet = columns["sheet"].long()
    own = sheet == BODY
    sheet = sheet.clamp(min=0)
    screen = torch.tensor([WIDTH, HEIGHT], device=sheet.device)
    return Sprites(
        frame,
        torch.where(own, body_start + frame * (HEIGHT * WIDTH), texels.start[sheet]),
        torch.where(own[:, None], screen, texels.size[sheet]),
        texels.wraps[sheet] & ~own[:, None],
        *(columns[name] for name in ("texel", "opacity", "tint", "box", "mover")),
    )


def lists_of(sprites: Sprites, num_frames: int) -> Lists:
    """Sort the sprites into tiles."""
    left, top = (sprites.box[:, :2] // TILE).long().unbind(1)
    right, bottom = ((sprites.box[:, 2:] + TILE - 1) // TILE).long().unbind(1)
    across, down = right - left, bottom - top
    counts = torch.where((across > 0) & (down > 0) & (sprites.opacity > 0), across * down, 0)
    row = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
    place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
    tile_row = top[row] + place // across[row]
    tile_column = left[row] + place % across[row]
    tile = (sprites.frame[row] * ROWS + tile_row) * COLUMNS + tile_column
    sorted_tile, order = torch.sort(tile, stable=True)
    number = torch.bincount(sorted_tile, minlength=num_frames * ROWS * COLUMNS)
    first = number.cumsum(0) - number
    number, tiles = torch.sort(number, descending=True, stable=True)
    reach = torch.bincount(number)
    active = reach.flip(0).cumsum(0).flip(0)[1:]
    return Lists(tiles, row[order], first[tiles], active.tolist())


def compose(texels: Tensor, sprites: Sprites, lists: Lists, num_frames: int) -> Tensor:
    """(F, 160, 256, 4) premultiplied: the sprites of every frame over one another."""
    layers = torch.zeros(len(lists.tiles), TILE * TILE, 4, device=texels.device, dtype=texels.dtype)
    for rank, active in enumerate(lists.active):
        shown = sprites[lists.rows[lists.first[:active] + rank]]
        layers[:active] = blend(layers[:active], texels, shown, lists.tiles[:active])
    return _untiled(layers, lists, num_frames)


def identify(ids: Tensor, solid: Tensor, sprites: Sprites, lists: Lists) -> Tensor:
    """(F, 160, 256) int32: ``ids`` with the movers of ``sprites`` over them."""
    movers = rearrange(ids, "f (r y) (c x) -> (f r c) (y x) 1", y=TILE, x=TILE)[lists.tiles]
    for rank, active in enumerate(lists.active):
        shown = sprites[lists.rows[lists.first[:active] + rank]]
        movers[:active] = claim(movers[:active], solid, shown, lists.tiles[:active])
    return _untiled(movers, lists, len(ids))[..., 0]


def blend(under: Tensor, texels: Tensor, sprites: Sprites, tiles: Tensor) -> Tensor:
    """One sprite laid over each tile: (n, 256, 4)."""
    sampled = _sampled(texels, sprites, *_texel_places(sprites, tiles))
    tint = sprites.tint[:, None]
    alpha = sampled[..., 3:]
    tinted = torch.cat([tint[..., :3] * alpha, alpha], -1)
    over = torch.where(tint[..., 3:] > 0, tinted, sampled) * sprites.opacity[:, None, None]
    return over + under * (1 - over[..., 3:])


def claim(under: Tensor, solid: Tensor, sprites: Sprites, tiles: Tensor) -> Tensor:
    """The mover of one sprite where it hides what is behind it: (n, 256, 1)."""
    hidden = _sampled(solid[:, None], sprites, *_texel_places(sprites, tiles))
    claimed = (hidden > 0.5) & (sprites.mover != NOBODY)[:, None, None]
    return torch.where(claimed, sprites.mover[:, None, None], under)


def _texel_places(sprites: Sprites, tiles: Tensor) -> tuple[Tensor, Tensor]:
    """Texel coordinates (n, 256) of the pixel centres of ``tiles``."""
    pixel = torch.arange(TILE * TILE, device=tiles.device)
    tile_column, tile_row = tiles % COLUMNS, tiles // COLUMNS % ROWS
    x = (tile_column * TILE)[:, None] + pixel % TILE + 0.5
    y = (tile_row * TILE)[:, None] + pixel // TILE + 0.5
    a, b, c, d, e, f = (column[:, None] for column in sprites.texel.unbind(1))
    return a * x + b * y + c, d * x + e * y + f


def _sampled(texels: Tensor, sprites: Sprites, u: Tensor, v: Tensor) -> Tensor:
    """Bilinear reading of a sheet at (u, v), nothing outside of it: (n, 256, channels)."""
    width, height = (column[:, None] for column in sprites.size.unbind(1))
    across, down = (column[:, None] for column in sprites.wraps.unbind(1))
    u, v = torch.where(across, u % width, u), torch.where(down, v % height, v)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    left, top = (u - 0.5).floor(), (v - 0.5).floor()
    share_x, share_y = (u - 0.5 - left)[..., None], (v - 0.5 - top)[..., None]
    columns = [_neighbour(left.int() + step, width, across) for step in (0, 1)]
    rows = [sprites.start[:, None] + _neighbour(top.int() + step, height, down) * width for step in (0, 1)]
    upper, lower = (
        torch.lerp(texels[row + columns[0]], texels[row + columns[1]], share_x.to(texels.dtype))
        for row in rows
    )
    return torch.lerp(upper, lower, share_y.to(texels.dtype)) * inside[..., None]


def _neighbour(index: Tensor, size: Tensor, wraps: Tensor) -> Tensor:
    """A column or row of a sheet: the nearest there is, or the one that comes round."""
    held = index.clamp(min=0).minimum(size - 1)
    return torch.where(
        wraps, torch.where(index < 0, index + size, torch.where(index >= size, index - size, index)), held
    )


def _untiled(tiles: Tensor, lists: Lists, num_frames: int) -> Tensor:
    whole = torch.empty_like(tiles)
    whole[lists.tiles] = tiles
    return rearrange(whole, "(f r c) (y x) d -> f (r y) (c x) d", f=num_frames, r=ROWS, y=TILE)
