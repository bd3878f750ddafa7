"""Rasterises sheets: exact area coverage of every outline, painted into one long row of texels."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from rushes.world.raster.sheets import Column, SheetTable


@dataclass(frozen=True)
class Texels:
    """All sheets one after the other, row by row.

    color: (N, 4) premultiplied RGBA 0..1. solid: (N,) how much of a texel hides what is behind. start
    (C,): the first texel of each sheet; size, wraps (C, 2): width, height.
    """

    color: Tensor
    solid: Tensor
    start: Tensor
    size: Tensor
    wraps: Tensor


def rasterise(table: SheetTable, device: torch.device) -> Texels:
    """Draw every sheet of a table once."""
    order = np.argsort(table.level, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    box = torch.from_numpy(table.box[order]).to(device).long()
    sides = torch.from_numpy(table.sides).to(device).double()
    owner = torch.from_numpy(rank[table.owner]).to(device)
    size = torch.from_numpy(table.size).to(device).long()
    areas = size[:, 0] * size[:, 1]
    start = areas.cumsum(0) - areas
    count = int(np.prod(table.size.astype(np.int64), axis=1).sum())
    texels = Texels(
        torch.zeros(count, 4, device=device),
        torch.zeros(count, device=device),
        start,
        size,
        torch.from_numpy(table.wraps).to(device),
    )
    covered = coverage(sides, owner, box)
    _paint(texels, table, order, box, covered)
    return _edged(texels, table)


def coverage(sides: Tensor, owner: Tensor, box: Tensor) -> Tensor:
    """How much of every texel of each ``box`` (M, 4) lies inside its outline: (texels,) 0..1.

    Rows are one texel longer than their box is wide. Every side (E, 4) float64 adds the signed area right of
    it to the texel it runs through, and its height to all texels further right: summed along the row this is
    the winding number averaged over the texel, as in the accumulation buffers of font rasterisers.
    """
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    areas = (width + 1) * height
    start = areas.cumsum(0) - areas
    pieces = _row_pieces(sides, owner, box, height)
    total = torch.zeros(int(areas.sum()), dtype=torch.float64, device=box.device)
    _accumulate(total, pieces, start, width)
    # A closed outline sums to nothing over a row, so one sum over all rows starts each of them at nothing.
    return total.cumsum_(0).abs_().clamp_(max=1.0).float()


def _row_pieces(sides: Tensor, owner: Tensor, box: Tensor, height: Tensor) -> tuple[Tensor, ...]:
    """Sides cut at the rows: (owner, row, signed height, least x, greatest x) relative to their boxes."""
    origin = box[owner, :2]
    x0, y0 = sides[:, 0] - origin[:, 0], sides[:, 1] - origin[:, 1]
    x1, y1 = sides[:, 2] - origin[:, 0], sides[:, 3] - origin[:, 1]
    top, bottom = torch.minimum(y0, y1), torch.maximum(y0, y1)
    limit = height[owner].double()
    top, bottom = top.clamp(min=0).minimum(limit), bottom.clamp(min=0).minimum(limit)
    rows = torch.where(bottom > top, bottom.ceil() - top.floor(), 0.0).long()
    side, within = _expanded(rows)
    row = top.floor()[side] + within
    high, low = torch.maximum(top[side], row), torch.minimum(bottom[side], row + 1)
    slope = ((x1 - x0) / (y1 - y0))[side]
    first = x0[side] + slope * (high - y0[side])
    second = x0[side] + slope * (low - y0[side])
    signed = torch.where(y1 > y0, 1.0, -1.0)[side] * (low - high)
    return owner[side], row.long(), signed, torch.minimum(first, second), torch.maximum(first, second)


def _accumulate(total: Tensor, pieces: tuple[Tensor, ...], start: Tensor, width: Tensor) -> None:
    """Add the pieces, cut at the columns; column -1 is all left of the box, ``width`` all right of it."""
    owner, row, signed, left, right = pieces
    limit = width[owner].double()
    first = left.floor().clamp(min=-1).minimum(limit)
    last = right.floor().clamp(min=-1).minimum(limit)
    piece, within = _expanded((last - first).long() + 1)
    column = first[piece] + within
    low, high, limit = left[piece], right[piece], limit[piece]
    begin = torch.where(column < 0, low, torch.maximum(low, column))
    end = torch.where(column >= limit, high, torch.minimum(high, column + 1))
    whole = first[piece] == last[piece]
    share = torch.where(whole, 1.0, (end - begin) / (high - low).clamp(min=1e-12))
    carried = ((begin + end) / 2 - column).clamp(0, 1)
    carried = torch.where(column < 0, 1.0, torch.where(column >= limit, 0.0, carried))
    value = signed[piece] * share
    texel = start[owner[piece]] + row[piece] * (width[owner[piece]] + 1) + column.long()
    total.index_add_(0, texel.clamp(min=0), value * (1 - carried))
    total.index_add_(0, (texel + 1).clamp(max=len(total) - 1), value * carried)


def _expanded(counts: Tensor) -> tuple[Tensor, Tensor]:
    """(index, place): every index as often as ``counts`` says, with 0, 1, 2 ... of it."""
    index = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
    starts = counts.cumsum(0) - counts
    return index, torch.arange(len(index), device=counts.device) - starts[index]


def _paint(texels: Texels, table: SheetTable, order: Column, box: Tensor, covered: Tensor) -> None:
    """Paint the surfaces over one another, one level of all sheets at a time."""
    device = box.device
    fields_ = {
        field.name: torch.from_numpy(getattr(table, field.name)[order]).to(device)
        for field in fields(table)
        if field.name in ("sheet", "colors", "centre", "reach", "stops", "alphas", "solid")
    }
    sheet = fields_["sheet"].long()
    base, pitch = texels.start[sheet], texels.size[sheet, 0]
    sorted_box = table.box[order].astype(np.int64)
    areas = (sorted_box[:, 2] - sorted_box[:, 0] + 1) * (sorted_box[:, 3] - sorted_box[:, 1])
    bounds = np.searchsorted(table.level[order], np.arange(int(table.level.max()) + 2))
    starts = np.concatenate([[0], np.cumsum(areas)])
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        width = box[first:last, 2] - box[first:last, 0] + 1
        owner, place = _expanded(width * (box[first:last, 3] - box[first:last, 1]))
        row = place // width[owner]
        column = place - row * width[owner]
        inside = column < width[owner] - 1
        owner, row, column = (owner + first)[inside], row[inside], column[inside]
        part = covered[int(starts[first]) : int(starts[last])][inside]
        x, y = column + box[owner, 0], row + box[owner, 1]
        color, alpha = fields_["colors"][owner, 0], fields_["alphas"][owner, 0]
        graded = torch.nonzero(fields_["reach"].any(1)[owner])[:, 0]
        surface = {name: value[owner[graded]] for name, value in fields_.items()}
        color[graded], alpha[graded] = _shaded(surface, x[graded], y[graded])
        alpha = alpha * part
        texel = base[owner] + y * pitch[owner] + x
        under = texels.color[texel]
        over = torch.cat([color * alpha[:, None], alpha[:, None]], 1)
        texels.color[texel] = over + under * (1 - alpha[:, None])
        hidden = torch.where(fields_["solid"][owner], alpha, 0.0)
        texels.solid[texel] = hidden + texels.solid[texel] * (1 - hidden)


def _shaded(surface: dict[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """(colour, alpha) of surfaces at the centres of texels (x, y)."""
    offset = (torch.stack([x, y], 1) + 0.5 - surface["centre"]) * surface["reach"]
    t = torch.linalg.vector_norm(offset, dim=1)
    first, second = surface["colors"].unbind(1)
    color = first + (second - first) * t.clamp(max=1.0)[:, None]
    stops, alphas = surface["stops"], surface["alphas"]
    grown = ((t[:, None] - stops[:, :-1]) / (stops[:, 1:] - stops[:, :-1])).clamp(0, 1)
    return color, alphas[:, 0] + (grown * (alphas[:, 1:] - alphas[:, :-1])).sum(1)


def _edged(texels: Texels, table: SheetTable) -> Texels:
    """Show silhouettes behind art that is pushed in, and mist over it."""
    device = texels.color.device
    which = np.flatnonzero((table.edge_count > 0) | (table.mist[:, 3] > 0))
    if not len(which):
        return texels
    number = torch.from_numpy(which).to(device)
    width, height = texels.size[number].unbind(1)
    owner, place = _expanded(width * height)
    row = place // width[owner]
    column = place - row * width[owner]
    texel = texels.start[number][owner] + place
    color_of, shift_of, mist = (
        torch.from_numpy(values[which]).to(device)
        for values in (table.edge_color, table.edge_shift, table.mist)
    )
    count = torch.from_numpy(table.edge_count[which]).to(device)[owner]
    color, alpha = texels.color[texel], texels.color[texel, 3]
    whole = shift_of.sum(1)
    behind = torch.zeros_like(color[:, :3])
    silhouette = alpha
    for edge in range(shift_of.shape[1]):
        rest = whole - shift_of[:, :edge].sum(1)
        there = _alpha_at(texels, number[owner], column + rest[owner, 0], row + rest[owner, 1])
        shown = color_of[:, edge][owner]
        if edge == 0:
            silhouette = torch.where(count > 0, there, alpha)
            behind = shown
        else:
            behind = torch.where(count[:, None] > edge, behind + (shown - behind) * there[:, None], behind)
    inside = color[:, :3] + behind * (1 - alpha[:, None])
    color = torch.where(count[:, None] > 0, inside * silhouette[:, None], color[:, :3])
    veil = mist[owner, 3] * (mist[owner, 4] * row + mist[owner, 5]).clamp(0, 1)
    color = mist[owner, :3] * (veil * silhouette)[:, None] + color * (1 - veil[:, None])
    texels.color[texel] = torch.cat([color, silhouette[:, None]], 1)
    texels.solid[texel] = silhouette
    return texels


def _alpha_at(texels: Texels, sheet: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Alpha between texels; borders go on, or come round where a sheet wraps."""
    width, height = texels.size[sheet].unbind(1)
    left, top = x.floor().long(), y.floor().long()
    across, down = x - left, y - top
    alpha = torch.zeros_like(x)
    for dx, share_x in ((0, 1 - across), (1, across)):
        column = torch.where(
            texels.wraps[sheet, 0],
            (left + dx) % width,
            (left + dx).clamp(min=0).minimum(width - 1),
        )
        for dy, share_y in ((0, 1 - down), (1, down)):
            row = (top + dy).clamp(min=0).minimum(height - 1)
            alpha = alpha + texels.color[texels.start[sheet] + row * width + column, 3] * share_x * share_y
    return alpha
