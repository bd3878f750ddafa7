"""This process's place among all: one channel along each way of dividing."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from rushes.core.errors import GenerationError
from rushes.engine.parallel.channel import Channel, Traffic
from rushes.engine.parallel.layout import Layout


@dataclass(frozen=True)
class Mesh:
    """A rank of ``layout`` and whom it works with: on guidance, tokens, experts, matrices, on everything."""

    layout: Layout
    guidance: Channel
    tokens: Channel
    expert: Channel
    tensor: Channel
    everyone: Channel
    traffic: Traffic

    def check_equal(self, latents: Tensor) -> None:
        """Raise GenerationError when ranks do not hold the same bits: none may go on from its own noise.

        (Ranks that each drew their own were a fault of another engine: vllm-project/vllm-omni issue 2218.)
        """
        if self.layout.devices == 1:
            return
        bits = latents.contiguous().view(torch.int16).to(torch.int64)
        # position matters, so that no reordering passes
        places = torch.arange(1, bits.numel() + 1, device=bits.device)
        own = (bits.flatten() * places).sum().view(1)
        sums = torch.cat(self.everyone.gather(own, [own.shape] * self.everyone.size, "agreement"))
        if not bool((sums == sums[0]).all()):
            raise GenerationError(
                "the devices hold different latents, which would break the clip: shoot on one device, and "
                "report this with your machine's devices"
            )


def join_mesh(layout: Layout) -> Mesh:
    """The mesh over the default process group, whose size is ``layout.devices``; all ranks call it."""
    rank, traffic = dist.get_rank(), Traffic()

    def channel(*axes: str) -> Channel:
        mine = None
        for ranks in layout.groups(axes):
            # everyone takes part in making every group, in the same order
            group = dist.new_group(ranks) if len(ranks) > 1 else None
            if rank in ranks:
                mine = Channel(len(ranks), ranks.index(rank), group, traffic)
        assert mine is not None
        return mine

    return Mesh(
        layout,
        guidance=channel("guidance"),
        tokens=channel("sequence", "expert"),
        expert=channel("expert"),
        tensor=channel("tensor"),
        everyone=channel("guidance", "sequence", "expert", "tensor"),
        traffic=traffic,
    )
