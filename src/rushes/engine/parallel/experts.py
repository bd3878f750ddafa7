"""Token-level experts divided over ranks: rows travel to the rank of their expert and back (GShard).

Every rank routes its own tokens, sends each chosen row to the rank that holds the expert, and gets the result
back (arXiv 2006.16668, section 3.2, without a capacity: no row is dropped).
"""

import torch
from torch import Tensor, nn

from rushes.engine.parallel.channel import Channel
from rushes.engine.parallel.matrices import own_share
from rushes.models.moe import Experts, MixtureOfExperts
from rushes.models.transformer import WanTransformer


class SharedExperts(nn.Module):
    """Stands for :class:`rushes.models.moe.Experts`: this rank holds some experts, or a part of each.

    ``expert`` divides the experts, ``tensor`` the width inside each. Results come back in the rows' dtype.
    """

    def __init__(self, experts: Experts, expert: Channel, tensor: Channel) -> None:
        super().__init__()
        self._num_experts = len(experts.up_weight)
        self.own = Experts(0, 0, 0)
        self.own.up_weight = own_share(own_share(experts.up_weight, 0, expert), 1, tensor)
        self.own.up_bias = own_share(own_share(experts.up_bias, 0, expert), 1, tensor)
        self.own.down_weight = own_share(own_share(experts.down_weight, 0, expert), 2, tensor)
        self.own.down_bias = own_share(experts.down_bias, 0, expert)
        if tensor.index:
            self.own.down_bias.zero_()  # the sum over ranks counts it once
        self._expert = expert
        self._tensor = tensor

    def forward(self, rows: Tensor, counts: list[int]) -> Tensor:
        """Rows (R, dim) in the order of their experts, and how many each expert has -> (R, dim)."""
        here = self._num_experts // self._expert.size
        wanted = torch.tensor(counts, device=rows.device).view(self._expert.size, here)
        arriving = self._expert.exchange(list(wanted), [(here,)] * self._expert.size, "experts")
        # [source rank][own expert] -> rows
        table = torch.stack(arriving).tolist()
        parts = torch.split(rows, wanted.sum(dim=1).tolist())
        shapes = [(sum(line), rows.shape[1]) for line in table]
        arrived = self._expert.exchange(parts, shapes, "experts")
        blocks = [torch.split(part, line) for part, line in zip(arrived, table, strict=True)]
        by_expert = [line[index] for index in range(here) for line in blocks]
        mixed = self.own(torch.cat(by_expert), [sum(column) for column in zip(*table, strict=True)])
        mixed = self._tensor.add(mixed, "matrices")
        results = torch.split(mixed, [len(block) for block in by_expert])
        back = [torch.cat(results[source :: self._expert.size]) for source in range(self._expert.size)]
        return torch.cat(self._expert.exchange(back, [part.shape for part in parts], "experts"))


def share_experts(transformer: WanTransformer, expert: Channel, tensor: Channel) -> None:
    """Divide the experts of every mixture; layers that are no mixtures stay as they are."""
    if expert.size * tensor.size == 1:
        return
    for block in transformer.blocks:
        if isinstance(block.ffn, MixtureOfExperts):
            block.ffn.__setattr__("experts", SharedExperts(block.ffn.experts, expert, tensor))
