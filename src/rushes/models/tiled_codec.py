"""Any codec, worked through in overlapping tiles of the picture: less memory at once, nearly the same result.

Tiles divide space only. Each goes through its own stream in time, so the causal cache stays whole (cutting in
time would flicker), and is done before the next begins: the caches of all tiles would need half of what the
whole picture needs. Where tiles overlap they are blended by linear ramps. What a codec looks at beyond the
overlap, like the attention over whole frames in Wan's middle block, differs from the untiled result.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from rushes.core.errors import UsageError
from rushes.core.shapes import Compression
from rushes.models.codecs import Codec


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in latent cells."""

    start: int
    stop: int


@dataclass(frozen=True)
class Tiling:
    """Tiles of ``side`` x ``side`` latent cells that share ``overlap`` cells with their neighbours.

    Raises UsageError for tiles that would not move on.
    """

    side: int
    overlap: int

    def __post_init__(self) -> None:
        """Check that tiles advance."""
        if not 0 <= 2 * self.overlap <= self.side or self.side < 1:
            raise UsageError(
                f"tiles of {self.side} latent cells cannot overlap by {self.overlap}: use at most half a tile"
            )

    def spans(self, length: int) -> list[Span]:
        """Tiles from edge to edge; the last one is moved back to be whole."""
        if length <= self.side:
            return [Span(0, length)]
        step = self.side - self.overlap
        starts = [*range(0, length - self.side, step), length - self.side]
        return [Span(start, start + self.side) for start in starts]


class TiledCodec(nn.Module):
    """``codec`` behind ``tiling``; a clip's frames are in memory together, in float32."""

    def __init__(self, codec: Codec, tiling: Tiling) -> None:
        super().__init__()
        self.codec = codec
        self.tiling = tiling

    @property
    def compression(self) -> Compression:
        """The codec's."""
        return self.codec.compression

    @property
    def latent_channels(self) -> int:
        """The codec's."""
        return self.codec.latent_channels

    def encode(self, frames: Tensor) -> Tensor:
        """As the codec does, tile by tile."""
        cell = self.compression
        rows = self.tiling.spans(frames.shape[3] // cell.height)
        columns = self.tiling.spans(frames.shape[4] // cell.width)
        tiles = (
            iter([self.codec.encode(_cut(frames, row, column, cell.height, cell.width))])
            for row, column in product(rows, columns)
        )
        return torch.cat(_blend(tiles, rows, columns, 1, 1), dim=2)

    def decode(self, latents: Tensor) -> Tensor:
        """As the codec does, tile by tile."""
        return torch.cat(list(self.decode_stream(latents)), dim=2)

    def decode_stream(self, latents: Tensor) -> Iterator[Tensor]:
        """One chunk of frames for each latent frame, the first when all tiles are done."""
        rows, columns = self.tiling.spans(latents.shape[3]), self.tiling.spans(latents.shape[4])
        streams = (
            self.codec.decode_stream(_cut(latents, row, column, 1, 1))
            for row, column in product(rows, columns)
        )
        chunks = _blend(streams, rows, columns, self.compression.height, self.compression.width)
        while chunks:
            yield chunks.pop(0)


def _cut(values: Tensor, row: Span, column: Span, height: int, width: int) -> Tensor:
    """A tile of (B, C, T, H, W); a span's unit is ``height`` x ``width`` elements."""
    rows = slice(row.start * height, row.stop * height)
    return values[..., rows, column.start * width : column.stop * width]


def _blend(
    streams: Iterable[Iterator[Tensor]], rows: list[Span], columns: list[Span], height: int, width: int
) -> list[Tensor]:
    """The chunks of the whole: all tiles, one after the other, weighted by ramps that add up to one."""
    down, across = _ramps(rows, height), _ramps(columns, width)
    joined: list[Tensor] = []
    for stream, (i, j) in zip(streams, product(range(len(rows)), range(len(columns))), strict=True):
        weight = down[i][:, None] * across[j]
        for index, chunk in enumerate(stream):
            if index == len(joined):
                whole = (*chunk.shape[:3], rows[-1].stop * height, columns[-1].stop * width)
                joined.append(chunk.new_zeros(whole))
            _cut(joined[index], rows[i], columns[j], height, width).add_(chunk * weight.to(chunk))
    return joined


def _ramps(spans: list[Span], unit: int) -> list[Tensor]:
    """Weight of every element of every tile along one axis; over all tiles they add up to one."""
    total = torch.zeros(spans[-1].stop * unit)
    ramps = []
    for span in spans:
        position = torch.arange((span.stop - span.start) * unit) + 0.5
        # a tent over the tile: any positive shape will do, because the sum is divided out below
        ramp = torch.minimum(position, position.flip(0))
        ramps.append(ramp)
        total[span.start * unit : span.stop * unit] += ramp
    return [
        ramp / total[span.start * unit : span.stop * unit] for span, ramp in zip(spans, ramps, strict=True)
    ]
