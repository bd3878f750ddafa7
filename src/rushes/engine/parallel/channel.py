"""What ranks send each other, through two operations that count it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


class Traffic:
    """Bytes this rank sent to others, by purpose."""

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()

    def add(self, purpose: str, count: int) -> None:
        """``count`` bytes more."""
        self._sent[purpose] += count

    def take(self) -> dict[str, int]:
        """What was sent since the last time."""
        sent, self._sent = self._sent, Counter()
        return dict(sent)


@dataclass(frozen=True)
class Channel:
    """A group of ranks as one of them sees it; alone, every operation returns what it was given.

    ``index`` is this rank's place among ``size``. All members call the same operations in the same order.
    """

    size: int
    index: int
    group: dist.ProcessGroup | None
    traffic: Traffic

    def exchange(
        self, parts: Sequence[Tensor], shapes: Sequence[Sequence[int]], purpose: str
    ) -> list[Tensor]:
        """All-to-all: part j goes to member j; member i's part, of shape ``shapes[i]``, comes back as i.

        Parts may differ in size and be empty, but not in dtype. They travel as bytes, so any dtype will do.
        """
        if self.size == 1:
            return [parts[0]]
        own = parts[self.index]
        sizes = [part.numel() * part.element_size() for part in parts]
        outgoing = torch.cat([part.reshape(-1) for part in parts]).view(torch.uint8)
        wanted = [torch.Size(shape).numel() * own.element_size() for shape in shapes]
        incoming = outgoing.new_empty(sum(wanted))
        dist.all_to_all_single(incoming, outgoing, wanted, sizes, group=self.group)
        self.traffic.add(purpose, sum(sizes) - sizes[self.index])
        arrived = torch.split(incoming.view(own.dtype), [size // own.element_size() for size in wanted])
        return [values.view(*shape) for values, shape in zip(arrived, shapes, strict=True)]

    def gather(self, part: Tensor, shapes: Sequence[Sequence[int]], purpose: str) -> list[Tensor]:
        """Everyone's part, in order; member i's has shape ``shapes[i]``."""
        return self.exchange([part] * self.size, shapes, purpose)

    def add(self, value: Tensor, purpose: str) -> Tensor:
        """The sum over all members, with the same bits for each; ``value`` may be overwritten.

        Counted as a ring sends it: 2 (P - 1) / P of the tensor (Patarasuk and Yuan 2009, section 3).
        """
        if self.size == 1:
            return value
        value = value.contiguous()
        dist.all_reduce(value, group=self.group)
        count = value.numel() * value.element_size()
        self.traffic.add(purpose, 2 * (self.size - 1) * count // self.size)
        return value
