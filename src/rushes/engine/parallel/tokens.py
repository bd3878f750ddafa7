"""Tokens divided over ranks; around self-attention heads are divided instead (DeepSpeed-Ulysses).

Every rank works on a range of tokens. Attention needs all of them: before it each rank sends its tokens'
heads to the ranks in charge of those heads, after it they come back (arXiv 2309.14509, section 3.1). Neither
tokens nor heads need divide evenly.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rushes.engine.parallel.channel import Channel
from rushes.models.attention import KeysValues, SelfAttention, attend
from rushes.models.rope import RopeTables
from rushes.models.transformer import WanTransformer


def even_shares(count: int, size: int) -> list[int]:
    """``count`` things over ``size`` ranks, the first ones one more where it does not divide."""
    return [count // size + (index < count % size) for index in range(size)]


@dataclass(frozen=True)
class TokenRange:
    """This rank's range of ``count`` tokens: ``length`` places, of which ``real[index]`` hold tokens.

    Ranks have equally many places, so that they work through equally many pieces and meet in each
    (:func:`rushes.models.attention.pieces`). The rest is padding; it is never sent to another's attention.
    """

    count: int
    size: int
    index: int

    @property
    def length(self) -> int:
        """Places of every rank."""
        return -(-self.count // self.size)

    @property
    def real(self) -> list[int]:
        """Tokens of each rank."""
        return [min(max(self.count - index * self.length, 0), self.length) for index in range(self.size)]

    def cut(self, values: Tensor, dim: int) -> Tensor:
        """The own places of something that has all tokens along ``dim``, zeros in padding."""
        real = self.real[self.index]
        own = values.narrow(dim, min(self.index * self.length, self.count), real)
        if real == self.length:
            return own
        return F.pad(own, [0, 0] * (values.ndim - 1 - dim) + [0, self.length - real])


class UlyssesAttention:
    """Stands for :func:`rushes.models.attention.attend` where every rank holds a range of tokens."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.range = TokenRange(0, channel.size, channel.index)

    def __call__(self, queries: Tensor, keys_values: KeysValues) -> Tensor:
        """Own tokens' queries, keys and values (B, n, heads, d) -> own tokens mixed (B, n, heads * d)."""
        members, length, num_heads, dim = queries.shape
        real, heads = self.range.real, even_shares(num_heads, self._channel.size)
        own, mine = real[self._channel.index], heads[self._channel.index]
        packed = torch.stack([queries, keys_values.keys, keys_values.values])[:, :, :own]
        arrived = self._channel.exchange(
            torch.split(packed, heads, dim=3), [(3, members, n, mine, dim) for n in real], "attention"
        )
        asked, keys, values = torch.cat(arrived, dim=2).unbind(0)
        # with more ranks than heads some have none
        mixed = attend(asked, KeysValues(keys, values)) if mine else asked.flatten(2)
        back = self._channel.exchange(
            torch.split(mixed, real, dim=1), [(members, own, n * dim) for n in heads], "attention"
        )
        return F.pad(torch.cat(back, dim=-1), (0, 0, 0, length - own))


def share_tokens(transformer: WanTransformer, channel: Channel) -> None:
    """Let every rank of ``channel`` work on its range of the tokens; the velocity is whole on each."""
    if channel.size == 1:
        return
    attention = UlyssesAttention(channel)

    def begin(_module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        latents, timestep, context = arguments
        count = math.prod(latents.shape[2:]) // math.prod(transformer.config.patch_size)
        attention.range = TokenRange(count, channel.size, channel.index)
        if timestep.ndim == 2 and timestep.shape[1] == count:
            timestep = attention.range.cut(timestep, dim=1)
        return latents, timestep, context

    def keep_own(_module: nn.Module, _arguments: Any, tokens: Tensor) -> Tensor:
        # a copy: blocks write into it, and the rest can be freed
        return attention.range.cut(tokens, dim=1).clone()

    def turn_own(_module: nn.Module, arguments: tuple[Tensor, RopeTables]) -> tuple[Tensor, RopeTables]:
        tokens, rope = arguments
        return tokens, RopeTables(*(attention.range.cut(table, dim=table.ndim - 3) for table in rope))

    def collect(_module: nn.Module, _arguments: Any, patches: Tensor) -> Tensor:
        real = attention.range.real
        shapes = [(patches.shape[0], tokens, patches.shape[2]) for tokens in real]
        own = patches[:, : real[channel.index]]
        return torch.cat(channel.gather(own, shapes, "patches"), dim=1)

    transformer.register_forward_pre_hook(begin)
    transformer.patch_embedding.register_forward_hook(keep_own)
    for module in transformer.modules():
        if isinstance(module, SelfAttention):
            module.attend = attention
            module.register_forward_pre_hook(turn_own)
    transformer.head.register_forward_hook(collect)
