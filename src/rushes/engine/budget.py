"""How a model is held in memory: all of it where there is room, else as many blocks as a budget allows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import torch

from rushes.core.errors import UsageError
from rushes.core.memory_size import describe_memory
from rushes.engine.forecast import Forecast, Needs
from rushes.models.bundle import Bundle, load_files, stream_files
from rushes.models.streaming import FEWEST_PLACES
from rushes.models.tiled_codec import TiledCodec, Tiling

# Sides of tiles in latent cells, tried from the largest; a fourth of a side is shared, as diffusers does it.
TILE_SIDES = (96, 64, 48, 32, 24, 16)


@dataclass(frozen=True)
class Holding:
    """All weights in memory (``places`` None), or one text encoder, then so many of an expert's blocks.

    ``tiling`` divides the codec's pictures, None leaves them whole. ``forecast`` is what the take then needs
    at most.
    """

    needs: Needs
    places: int | None
    forecast: Forecast
    tiling: Tiling | None = None

    def describe(self) -> str:
        """For a person."""
        depth = self.needs.depth
        if self.places is None:
            way = "all weights in memory"
        elif self.places >= depth - 1:
            way = "one expert in memory at a time"
        else:
            way = f"{self.places + 1} of {depth} blocks in memory at a time"
        if self.tiling is not None:
            cell = self.needs.files.facts.compression
            side = self.tiling.side
            way += f", pictures decoded in tiles of {side * cell.width}x{side * cell.height}"
        return f"about {describe_memory(self.forecast.peak)} at most, {way}"

    def leaner(self, held: int) -> "Holding | None":
        """The next way that needs less, for a machine that turned out to have less; None if there is none."""
        try:
            return holding_within(self.needs, held, self.forecast.peak - 1)
        except UsageError:
            return None

    def halved(self, held: int) -> "Holding":
        """A way with half of what this one needs beside ``held`` bytes; where none is so small, the least.

        For a take that ran out of memory: the forecast, or what is free, was wrong by who knows how much.
        """
        most = held + (self.forecast.peak - held) // 2
        ways = list(_ways(self.needs, held))
        fitting = (way for way in ways if way.forecast.peak <= most)
        return next(fitting, None) or min(ways, key=lambda way: way.forecast.peak)

    def load(self, device: torch.device) -> Bundle:
        """The model, held so. Raises WeightsError for broken files."""
        files, dtype = self.needs.files, self.needs.dtype
        if self.places is None:
            bundle = load_files(files, dtype, device)
        else:
            bundle = stream_files(files, dtype, device, self.places)
        if self.tiling is None or isinstance(bundle.codec, TiledCodec):
            return bundle
        return replace(bundle, codec=TiledCodec(bundle.codec, self.tiling))


def holding_within(needs: Needs, held: int, budget: int) -> Holding:
    """The best way to stay within ``budget`` bytes, of which the process holds ``held`` already.

    Raises UsageError, naming the least that would do, when there is none.
    """
    least: Forecast | None = None
    for way in _ways(needs, held):
        if way.forecast.peak <= budget:
            return way
        if least is None or way.forecast.peak < least.peak:
            least = way.forecast
    assert least is not None
    raise UsageError(
        f"memory budget {describe_memory(budget)} is too small: stage {least.stage} of this take needs "
        f"{describe_memory(least.peak)}; allow that much, or ask for fewer seconds or a smaller size"
    )


def _ways(needs: Needs, held: int) -> Iterator[Holding]:
    """Those that leave the pixels alone come first, faster before slower; then those with tiles."""
    ways = [None, *range(needs.depth - 1, FEWEST_PLACES - 1, -1)]
    whole = max(needs.cells)
    tilings = [Tiling(side, side // 4) for side in TILE_SIDES if side < whole]
    for tiling, places in [*product([None], ways), *((tiling, way) for way in ways for tiling in tilings)]:
        yield Holding(needs, places, needs.forecast(places, held, tiling), tiling)
