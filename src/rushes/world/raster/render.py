"""Batches of clips on any device: pictures, and for every pixel what it shows, how far off, where it goes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.raster.batch import Batch, MoverTable
from rushes.world.raster.compose import Sprites, compose, identify, lists_of, with_sheets
from rushes.world.raster.coverage import Texels, rasterise
from rushes.world.raster.sprites import SpriteTable

_FRAMES_AT_ONCE = 1024
"""About 4 GB of working memory."""


@dataclass(frozen=True)
class BatchMaps:
    """What ``Clip`` knows of its pixels, for S clips on a device.

    ids: int32 (S, T, 160, 256), mover of the whole batch. flow: float32 (S, T-1, 160, 256, 2), pixels (x, y)
    to the next frame. visible: bool (S, T-1, 160, 256). depth: float32 (S, T, 160, 256). classes: uint8
    (S, T, 160, 256), index in ``CLASSES``.
    """

    ids: Tensor
    flow: Tensor
    visible: Tensor
    depth: Tensor
    classes: Tensor


def render_batch(batch: Batch, device: torch.device | str = "cpu") -> Tensor:
    """uint8 RGB (S, T, 160, 256, 3) of a batch, on ``device``."""
    texels = _texels(batch, torch.device(device))
    return _by_clip(torch.cat([_pictures(batch, texels, span) for span in _spans(batch)]), batch)


def render_maps(batch: Batch, device: torch.device | str = "cpu") -> tuple[Tensor, BatchMaps]:
    """(pictures as ``render_batch``, their maps), on ``device``."""
    texels = _texels(batch, torch.device(device))
    pictures, ids = [], []
    for span in _spans(batch):
        pictures.append(_pictures(batch, texels, span))
        ids.append(_ids(batch, texels, span))
    return _by_clip(torch.cat(pictures), batch), maps_of(_by_clip(torch.cat(ids), batch), batch.movers)


def maps_of(ids: Tensor, movers: MoverTable) -> BatchMaps:
    """The maps of id pictures (S, T, 160, 256)."""
    device = ids.device
    step, known, kind, depth = (
        torch.from_numpy(column).to(device)
        for column in (movers.step, movers.known, movers.kind, movers.depth)
    )
    moment = torch.arange(ids.shape[1], device=device)[:, None, None]
    number = ids.long()
    start, end = number[:, :-1], number[:, 1:]
    rows, columns = (torch.arange(size, device=device) + 0.5 for size in (HEIGHT, WIDTH))
    a, b, c, d, e, f = step[start, moment[:-1]].unbind(-1)
    flow = torch.stack([a * columns + b * rows[:, None] + c, d * columns + e * rows[:, None] + f], -1)
    column, row = (columns + flow[..., 0]).floor().long(), (rows[:, None] + flow[..., 1]).floor().long()
    inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    place = row.clamp(0, HEIGHT - 1) * WIDTH + column.clamp(0, WIDTH - 1)
    landed = torch.gather(end.flatten(2), 2, place.flatten(2)).view_as(place)
    visible = inside & (landed == start) & known[start, moment[:-1]]
    return BatchMaps(ids, flow, visible, depth[number, moment], kind[number])


def _texels(batch: Batch, device: torch.device) -> Texels:
    """The sheets; half precision suffices for eight bits and halves what a GPU reads."""
    texels = rasterise(batch.sheets, device)
    return replace(texels, color=texels.color.half()) if device.type == "cuda" else texels


def _by_clip(frames: Tensor, batch: Batch) -> Tensor:
    return rearrange(frames, "(s t) ... -> s t ...", t=batch.num_frames)


def _spans(batch: Batch) -> Iterator[range]:
    total = batch.num_scenes * batch.num_frames
    for first in range(0, total, _FRAMES_AT_ONCE):
        yield range(first, min(first + _FRAMES_AT_ONCE, total))


def _sprites(table: SpriteTable, span: range, texels: Texels) -> Sprites:
    """The sprites of some frames on the device; the body's pictures follow the sheets."""
    first, last = np.searchsorted(table.frame, [span.start, span.stop]).tolist()
    columns = {
        name: torch.from_numpy(column[first:last]).to(texels.color.device, non_blocking=True)
        for name, column in vars(table).items()
    }
    columns["frame"] = columns["frame"].long() - span.start
    return with_sheets(columns, texels, len(texels.color))


def _pictures(batch: Batch, texels: Texels, span: range) -> Tensor:
    body = _sprites(batch.body, span, texels)
    pictures = compose(texels.color, body, lists_of(body, len(span)), len(span))
    everything = torch.cat([texels.color, rearrange(pictures, "f h w c -> (f h w) c")])
    scene = _sprites(batch.scene, span, texels)
    frames = compose(everything, scene, lists_of(scene, len(span)), len(span))
    return (frames[..., :3] * 255.0 + 0.5).clamp(0, 255).to(torch.uint8)


def _ids(batch: Batch, texels: Texels, span: range) -> Tensor:
    # Where nothing is, there is the sky, the first thing drawn in every frame.
    lowest = batch.scene.mover[np.searchsorted(batch.scene.frame, np.arange(span.start, span.stop))]
    ids = torch.from_numpy(lowest).to(texels.color.device)[:, None, None].expand(-1, HEIGHT, WIDTH)
    for table in (batch.scene, batch.body):
        sprites = _sprites(table, span, texels)
        sprites = sprites[sprites.mover >= 0]
        ids = identify(ids, texels.solid, sprites, lists_of(sprites, len(span)))
    return ids
