"""How a model is held in memory: all of it where there is room, else as many blocks as a budget allows."""

from dataclasses import dataclass

import torch

from rushes.core.errors import UsageError
from rushes.core.memory_size import describe_memory
from rushes.engine.forecast import Forecast, Needs
from rushes.models.bundle import Bundle, load_files, stream_files
from rushes.models.streaming import FEWEST_PLACES


@dataclass(frozen=True)
class Holding:
    """All weights in memory (``places`` None), or one text encoder, then so many of an expert's blocks.

    ``forecast`` is what the take then needs at most.
    """

    needs: Needs
    places: int | None
    forecast: Forecast

    def describe(self) -> str:
        """For a person."""
        depth = self.needs.depth
        if self.places is None:
            way = "all weights in memory"
        elif self.places >= depth - 1:
            way = "one expert in memory at a time"
        else:
            way = f"{self.places + 1} of {depth} blocks in memory at a time"
        return f"about {describe_memory(self.forecast.peak)} at most, {way}"

    def leaner(self, held: int) -> "Holding | None":
        """The next way that needs less, for a machine that turned out to have less; None if there is none."""
        try:
            return holding_within(self.needs, held, self.forecast.peak - 1)
        except UsageError:
            return None

    def load(self, device: torch.device) -> Bundle:
        """The model, held so. Raises WeightsError for broken files."""
        files, dtype = self.needs.files, self.needs.dtype
        if self.places is None:
            return load_files(files, dtype, device)
        return stream_files(files, dtype, device, self.places)


def holding_within(needs: Needs, held: int, budget: int) -> Holding:
    """The fastest way to stay within ``budget`` bytes, of which the process holds ``held`` already.

    Raises UsageError, naming the least that would do, when there is none.
    """
    ways = [None, *range(needs.depth - 1, FEWEST_PLACES - 1, -1)]
    for places in ways:
        forecast = needs.forecast(places, held)
        if forecast.peak <= budget:
            return Holding(needs, places, forecast)
    least = min((needs.forecast(places, held) for places in ways), key=lambda each: each.peak)
    raise UsageError(
        f"memory budget {describe_memory(budget)} is too small: stage {least.stage} of this take needs "
        f"{describe_memory(least.peak)}; allow that much, or ask for fewer seconds or a smaller size"
    )
