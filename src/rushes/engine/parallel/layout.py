"""Into what shares a generation is divided, and which ranks work together on which."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Self

from rushes.core.errors import UsageError
from rushes.models.transformer import TransformerConfig

AXES = ("guidance", "sequence", "expert", "tensor")


@dataclass(frozen=True)
class Layout:
    """How many shares along each axis; their product is the number of ranks.

    ``guidance``: with and without the words, 1 or 2. ``sequence``: tokens. ``expert``: the experts of
    token-level mixtures; these ranks divide the tokens further too, so that none repeats another's work.
    ``tensor``: heads and matrices; neighbouring ranks, because it sends the most.
    """

    guidance: int = 1
    sequence: int = 1
    expert: int = 1
    tensor: int = 1

    def __post_init__(self) -> None:
        """Refuse shares that cannot be."""
        if self.guidance not in (1, 2) or min(self.sequence, self.expert, self.tensor) < 1:
            raise ValueError(f"{self} is no division: guidance has 1 or 2 shares, the others 1 or more")

    @classmethod
    def of(cls, devices: int, guided: bool) -> Self:
        """The one that sends least: guidance first where all experts use it (two ranks), then tokens."""
        guidance = 2 if guided and devices % 2 == 0 else 1
        return cls(guidance=guidance, sequence=devices // guidance)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Shares in the order of :data:`AXES`."""
        return self.guidance, self.sequence, self.expert, self.tensor

    @property
    def devices(self) -> int:
        """Ranks in all."""
        return prod(self.sizes)

    def groups(self, axes: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
        """All groups of ranks that differ along ``axes`` only, each in order; the last axis runs fastest."""
        varying = [range(n) if axis in axes else (0,) for axis, n in zip(AXES, self.sizes, strict=True)]
        fixed = [(0,) if axis in axes else range(n) for axis, n in zip(AXES, self.sizes, strict=True)]
        for start in product(*fixed):
            yield tuple(self._rank(start) + self._rank(step) for step in product(*varying))

    def _rank(self, place: tuple[int, ...]) -> int:
        rank = 0
        for index, size in zip(place, self.sizes, strict=True):
            rank = rank * size + index
        return rank

    def check(self, config: TransformerConfig) -> None:
        """Raise UsageError when a transformer cannot be divided so."""
        heads = config.num_heads
        if heads % self.tensor or config.ffn_size % self.tensor:
            raise UsageError(
                f"{heads} heads and feed-forward width {config.ffn_size} cannot be divided evenly "
                f"by {self.tensor}: choose a common divisor"
            )
        if self.expert > 1 and (not config.num_ffn_experts or config.num_ffn_experts % self.expert):
            raise UsageError(
                f"{config.num_ffn_experts} token-level experts cannot be divided evenly by {self.expert}: "
                "choose a divisor, or leave experts whole"
            )

    def __str__(self) -> str:
        """``guidance 2 x sequence 2``: what is divided."""
        shares = [f"{axis} {n}" for axis, n in zip(AXES, self.sizes, strict=True) if n > 1]
        return " x ".join(shares) or "alone"
