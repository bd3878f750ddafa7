"""A transformer larger than memory: its blocks pass through two places, one computing, one being read."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import REMEDY, Renamed, TensorSource, fill, read_checked, under
from rushes.models.transformer import Block, TransformerConfig, WanTransformer

PLACES = 2


@dataclass(frozen=True)
class Coming:
    """Block ``index`` on its way into a place."""

    index: int
    place: int
    arrival: Future[None]


class StreamedBlocks(nn.Module):
    """Stands where a transformer keeps its blocks, and is iterated like them; every pass reads each block.

    Two blocks are in memory, whatever the depth. The last block of a pass is followed by the first of the
    next, so that reading goes on while the caller is elsewhere. Errors of reading are raised where the block
    is needed.
    """

    def __init__(
        self, config: TransformerConfig, source: TensorSource, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        self._depth, self._source, self._dtype = config.depth, source, dtype
        with device:
            places = nn.ModuleList(Block(config) for _ in range(PLACES))
        self.places = places.to(dtype).eval().requires_grad_(False)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="blocks")
        self._coming: Coming | None = None
        self._free = 0

    def __len__(self) -> int:
        """Blocks of one pass."""
        return self._depth

    def __iter__(self) -> Iterator[Block]:
        """The blocks in order; each is valid until the next one is asked for."""
        if self._coming is None or self._coming.index != 0:
            self._start(0)
        for index in range(self._depth):
            assert self._coming is not None
            coming = self._coming
            coming.arrival.result()
            # the place that has just been computed in is free now
            self._free = (coming.place + 1) % PLACES
            self._start((index + 1) % self._depth)
            block = self.places[coming.place]
            assert isinstance(block, Block)
            yield block

    def _start(self, index: int) -> None:
        """Begin to read a block into the free place, after whatever is still being read."""
        self._coming = Coming(index, self._free, self._reader.submit(self._read, index, self._free))

    def _read(self, index: int, place: int) -> None:
        view = under(self._source, f"blocks.{index}.")
        # a thread has a mode of its own, and places made in inference mode can be written in that mode only
        with torch.inference_mode():
            for name, parameter in self.places[place].named_parameters():
                parameter.copy_(read_checked(view, name, self._dtype, torch.device("cpu")))


def streamed_transformer(
    config: TransformerConfig, source: TensorSource, dtype: torch.dtype, device: torch.device
) -> WanTransformer:
    """A transformer whose blocks stay in ``source`` and pass through memory two at a time.

    The numbers are those of the same transformer held whole. Raises WeightsError as a full load does, except
    for values that are not finite, which are found when their block is first read.
    """
    with torch.device("meta"):
        transformer = WanTransformer(config)
    expected, specs = transformer.state_dict(), source.specs()
    for name in sorted(expected.keys() ^ specs.keys()):
        verb = "lacks" if name in expected else "has a stranger,"
        raise WeightsError(f"{source.label} {verb} tensor {name!r}: {REMEDY}")
    for name, value in expected.items():
        if specs[name].shape != value.shape:
            shapes = f"{specs[name].shape} instead of {tuple(value.shape)}"
            raise WeightsError(f"{source.label} has tensor {name!r} in shape {shapes}: {REMEDY}")
    transformer.blocks = cast("Iterable[Block]", nn.ModuleList())
    fill(
        transformer, Renamed(source, lambda name: None if name.startswith("blocks.") else name), dtype, device
    )
    transformer.blocks = StreamedBlocks(config, source, dtype, device)
    return transformer
