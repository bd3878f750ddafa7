"""Heads and matrices divided over ranks: column-split, then row-split linear layers (Megatron-LM).

Query, key and value projections and the first linear layer of a feed-forward keep a range of their outputs,
the layers after them the matching range of inputs; one sum over the ranks completes each pair (arXiv
1909.08053, section 3). The q and k norms run over the full width: they sum their squares over the ranks.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rushes.engine.parallel.channel import Channel
from rushes.models.attention import Attention, SelfAttention
from rushes.models.moe import MixtureOfExperts
from rushes.models.precision import WideRMSNorm, wide
from rushes.models.rope import RopeTables
from rushes.models.transformer import Block, WanTransformer


def own_share(values: Tensor, dim: int, channel: Channel) -> nn.Parameter:
    """This rank's equal range of ``dim``, as a parameter of its own so that the rest can be freed."""
    share = values.detach().chunk(channel.size, dim)[channel.index]
    return nn.Parameter(share.clone(memory_format=torch.contiguous_format), requires_grad=False)


def keep_outputs(linear: nn.Linear, channel: Channel) -> None:
    """Let a linear layer make only this rank's range of outputs."""
    linear.weight = own_share(linear.weight, 0, channel)
    linear.bias = own_share(linear.bias, 0, channel)
    linear.out_features //= channel.size


class SummedLinear(nn.Module):
    """A linear layer of which each rank has a range of inputs; the result is whole on every rank."""

    def __init__(self, linear: nn.Linear, channel: Channel) -> None:
        super().__init__()
        self.weight = own_share(linear.weight, 1, channel)
        self.bias = linear.bias
        self._channel = channel

    def forward(self, x: Tensor) -> Tensor:
        """(..., in / P) -> (..., out)."""
        return self._channel.add(F.linear(x, self.weight), "matrices") + self.bias


class SummedRMSNorm(nn.Module):
    """A WideRMSNorm over a width of which each rank has a range."""

    def __init__(self, norm: WideRMSNorm, channel: Channel) -> None:
        super().__init__()
        self.weight = own_share(norm.weight, 0, channel)
        self._width = norm.weight.numel()
        self._eps = norm.eps
        self._channel = channel

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim / P) -> (..., dim / P) in at least float32."""
        x = x.to(wide(x.dtype))
        squares = self._channel.add(x.square().sum(dim=-1, keepdim=True), "norms")
        return x * torch.rsqrt(squares / self._width + self._eps) * self.weight.to(x.dtype)


def share_matrices(transformer: WanTransformer, channel: Channel) -> None:
    """Give this rank its share of every block's heads and feed-forward; the shares stand in for the whole."""
    if channel.size == 1:
        return
    for block in transformer.blocks:
        for attention in (block.self_attn, block.cross_attn):
            _share_attention(attention, channel)
        _share_rotations(block.self_attn, channel)
        _share_feed_forward(block, channel)


def _share_attention(attention: Attention, channel: Channel) -> None:
    for projection in (attention.q, attention.k, attention.v):
        keep_outputs(projection, channel)
    attention.num_heads //= channel.size
    attention.__setattr__("o", SummedLinear(attention.o, channel))
    attention.__setattr__("norm_q", SummedRMSNorm(attention.norm_q, channel))
    attention.__setattr__("norm_k", SummedRMSNorm(attention.norm_k, channel))


def _share_rotations(attention: SelfAttention, channel: Channel) -> None:
    """Of tables that turn each head in its own way, every rank needs those of its heads."""

    def own_heads(_module: nn.Module, arguments: tuple[Tensor, RopeTables]) -> tuple[Tensor, RopeTables]:
        tokens, rope = arguments
        if rope.cos.shape[-2] > 1:
            rope = RopeTables(*(table.chunk(channel.size, -2)[channel.index] for table in rope))
        return tokens, rope

    attention.register_forward_pre_hook(own_heads)


def _share_feed_forward(block: Block, channel: Channel) -> None:
    if isinstance(block.ffn, MixtureOfExperts):
        return  # its experts are shared in another way
    assert isinstance(block.ffn, nn.Sequential)
    widen, activation, narrow = block.ffn
    assert isinstance(widen, nn.Linear)
    assert isinstance(narrow, nn.Linear)
    keep_outputs(widen, channel)
    block.ffn = nn.Sequential(widen, activation, SummedLinear(narrow, channel))
