"""Any codec, worked through in overlapping tiles of the picture: less memory at once, nearly the same result.

Tiles divide space only. Each keeps its own stream through time, so the causal cache stays whole (cutting in
time would flicker). Where tiles overlap they are blended by linear ramps. What a codec looks at beyond the
overlap, like the attention over whole frames in Wan's middle block, differs from the untiled result.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.core.shapes import Compression
from rushes.models.codec import VideoCodec


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in latent cells."""

    start: int
    stop: int


@dataclass(frozen=True)
class TiledCodec:
    """A codec behind tiles of ``tile`` x ``tile`` latent cells that share ``overlap`` cells with their
    neighbours. Raises UsageError for tiles that would not move on.
    """

    codec: VideoCodec
    tile: int
    overlap: int

    def __post_init__(self) -> None:
        """Check that tiles advance."""
        if not 0 <= 2 * self.overlap <= self.tile or self.tile < 1:
            raise UsageError(
                f"tiles of {self.tile} latent cells cannot overlap by {self.overlap}: use at most half a tile"
            )

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
        rows, columns = (
            self._spans(frames.shape[3] // cell.height),
            self._spans(frames.shape[4] // cell.width),
        )
        parts = [
            iter([self.codec.encode(_cut(frames, row, column, cell.height, cell.width))])
            for row, column in product(rows, columns)
        ]
        return next(_blend(parts, rows, columns, 1, 1))

    def decode(self, latents: Tensor) -> Tensor:
        """As the codec does, tile by tile."""
        return torch.cat(list(self.decode_stream(latents)), dim=2)

    def decode_stream(self, latents: Tensor) -> Iterator[Tensor]:
        """One chunk of frames for each latent frame; every tile is a stream of its own."""
        rows, columns = self._spans(latents.shape[3]), self._spans(latents.shape[4])
        streams = [
            self.codec.decode_stream(_cut(latents, row, column, 1, 1))
            for row, column in product(rows, columns)
        ]
        cell = self.compression
        return _blend(streams, rows, columns, cell.height, cell.width)

    def _spans(self, length: int) -> list[Span]:
        """Tiles from edge to edge; the last one is moved back to be whole."""
        if length <= self.tile:
            return [Span(0, length)]
        step = self.tile - self.overlap
        starts = [*range(0, length - self.tile, step), length - self.tile]
        return [Span(start, start + self.tile) for start in starts]


def _cut(values: Tensor, row: Span, column: Span, height: int, width: int) -> Tensor:
    """A tile of (B, C, T, H, W); a span's unit is ``height`` x ``width`` elements."""
    rows = slice(row.start * height, row.stop * height)
    return values[..., rows, column.start * width : column.stop * width]


def _blend(
    streams: list[Iterator[Tensor]], rows: list[Span], columns: list[Span], height: int, width: int
) -> Iterator[Tensor]:
    """Join the chunks of all tiles, drawn in step, weighted by ramps that add up to one."""
    down, across = _ramps(rows, height), _ramps(columns, width)
    for chunks in zip(*streams, strict=True):
        joined: Tensor | None = None
        for chunk, (i, j) in zip(chunks, product(range(len(rows)), range(len(columns))), strict=True):
            if joined is None:
                joined = chunk.new_zeros(*chunk.shape[:3], rows[-1].stop * height, columns[-1].stop * width)
            weight = down[i][:, None] * across[j]
            _cut(joined, rows[i], columns[j], height, width).add_(chunk * weight.to(chunk))
        assert joined is not None
        yield joined


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
