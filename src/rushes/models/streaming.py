"""Networks larger than memory: their blocks pass through a few places, one computing, one being read."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from rushes.models.tensor_source import Renamed, TensorSource, check_fits, fill, read_checked, under
from rushes.models.text_encoder import TextBlock, TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import Block, WanTransformer

FEWEST_PLACES = 2
AnyBlock = TypeVar("AnyBlock", bound=Block | TextBlock)


class BlockPool(Generic[AnyBlock]):
    """Places for blocks of one shape, which networks share, and the thread that reads into them.

    A block that is still in its place is not read again. Errors of reading are raised where the block is
    needed.
    """

    def __init__(self, make: Callable[[], AnyBlock], places: int, dtype: torch.dtype) -> None:
        if places < FEWEST_PLACES:
            raise ValueError(f"{places} places: one block computes while the next is read, so 2 or more")
        self.dtype = dtype
        self._make = make
        self._places = [self.new() for _ in range(places)]
        self._holds: list[tuple[TensorSource, int] | None] = [None] * places
        self._arrivals: list[Future[None]] = [Future() for _ in range(places)]
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="blocks")
        device = next(self._places[0].parameters()).device
        # copies to a GPU go beside its computing, on a stream of their own
        self._lane: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._lane = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def new(self) -> AnyBlock:
        """A block beside the pool's, without values."""
        block = self._make()
        block.to(self.dtype).eval().requires_grad_(False)
        return block

    def bring(self, source: TensorSource, index: int, depth: int) -> None:
        """Begin to read block ``index`` of ``depth``, after whatever is still being read, unless it is here.

        The block two before it must have been computed.
        """
        place = self._place(index, depth)
        if self._holds[place] != (source, index):
            self._holds[place] = source, index
            left = torch.cuda.current_stream().record_event() if self._lane else None
            self._arrivals[place] = self._reader.submit(self._read, place, source, index, left)

    def get(self, source: TensorSource, index: int, depth: int) -> AnyBlock:
        """The block, when it has arrived."""
        self.bring(source, index, depth)
        place = self._place(index, depth)
        try:
            self._arrivals[place].result()
        except BaseException:
            self._holds[place] = None
            raise
        return self._places[place]

    def _read(self, place: int, source: TensorSource, index: int, left: torch.cuda.Event | None) -> None:
        """Fill a place, on a GPU after the event that its last block was computed before."""
        if self._lane is None or left is None:
            read_block(self._places[place], source, index)
            return
        with torch.cuda.stream(self._lane):
            self._lane.wait_event(left)
            read_block(self._places[place], source, index)
            self._lane.synchronize()

    def _place(self, index: int, depth: int) -> int:
        """The first blocks keep a place each; the others take turns in the last two, unless all have one."""
        places, turn = len(self._places), index - 1
        kept = places if places >= depth - 1 else places - FEWEST_PLACES
        return turn if turn < kept else kept + (turn - kept) % FEWEST_PLACES


def read_block(block: nn.Module, source: TensorSource, index: int) -> None:
    """Fill a block with the tensors of block ``index``. Raises WeightsError for values not finite."""
    view = under(source, f"blocks.{index}.")
    # a thread has a mode of its own, and places made in inference mode can be written in that mode only
    with torch.inference_mode():
        for name, parameter in block.named_parameters():
            parameter.copy_(read_checked(view, name, parameter.dtype, torch.device("cpu")))


class StreamedBlocks(nn.Module, Generic[AnyBlock]):
    """Stands where a network keeps its blocks, and is iterated like them.

    The first block stays in memory: while it computes, the second is read, so that neither the next pass nor
    another network that shares the pool begins with waiting.
    """

    def __init__(self, depth: int, source: TensorSource, pool: BlockPool[AnyBlock]) -> None:
        super().__init__()
        self._depth, self._source, self._pool = depth, source, pool
        self.first = pool.new()
        read_block(self.first, source, 0)

    def __len__(self) -> int:
        """Blocks of one pass."""
        return self._depth

    def __iter__(self) -> Iterator[AnyBlock]:
        """The blocks in order; each is valid until the next one is asked for."""
        for index in range(self._depth):
            if index + 1 < self._depth:
                self._pool.bring(self._source, index + 1, self._depth)
            yield self.first if index == 0 else self._pool.get(self._source, index, self._depth)


def stream_blocks(
    network: WanTransformer | UMT5Encoder,
    source: TensorSource,
    pool: BlockPool[AnyBlock],
    device: torch.device,
) -> None:
    """Load a network built on the meta device, all but its blocks, which will pass through ``pool``.

    The numbers are those of the same network held whole. Raises WeightsError as a full load does, except for
    values that are not finite, which are found when their block is first read.
    """
    check_fits(network, source)
    network.add_module("blocks", nn.ModuleList())
    rest = Renamed(source, lambda name: None if name.startswith("blocks.") else name)
    fill(network, rest, pool.dtype, device)
    network.add_module("blocks", StreamedBlocks(network.config.depth, source, pool))


class VisitingEncoder(nn.Module):
    """A text encoder that is in memory only while it reads words, and then a few blocks at a time."""

    def __init__(
        self, config: TextEncoderConfig, source: TensorSource, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        self.config, self.device = config, device
        self._source, self._dtype = source, dtype

    def forward(self, token_ids: Tensor, mask: Tensor) -> Tensor:
        """As :meth:`rushes.models.text_encoder.UMT5Encoder.forward`."""
        with torch.device("meta"):
            encoder = UMT5Encoder(self.config)

        def make() -> TextBlock:
            with self.device:
                return TextBlock(self.config)

        stream_blocks(encoder, self._source, BlockPool(make, FEWEST_PLACES, self._dtype), self.device)
        context: Tensor = encoder(token_ids, mask)
        return context
