"""How many bytes each rank must send, from the sizes of a model: what counted traffic is held against."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.rows import looking_beyond
from rushes.engine.parallel.tokens import TokenRange, even_shares
from rushes.models.codecs import Codec
from rushes.models.transformer import TransformerConfig
from rushes.models.wan_vae_layers import AttentionBlock


@dataclass(frozen=True)
class Forward:
    """One forward of a transformer: latents (``members``, C, *``grid``), weights of ``itemsize`` bytes."""

    config: TransformerConfig
    members: int
    grid: tuple[int, int, int]
    itemsize: int

    @property
    def tokens(self) -> int:
        """Of one member."""
        return prod(self.grid) // prod(self.config.patch_size)

    def sent(self, layout: Layout, share: int) -> Mapping[str, int]:
        """Bytes by purpose that each rank with token range number ``share`` sends.

        Routing decides what token-level experts send; an even one is assumed, and the counts sent before the
        rows are left out.
        """
        sent = self._attention(layout, share) + self._matrices(layout) + self._experts(layout)
        return {purpose: count for purpose, count in sent.items() if count}

    def _attention(self, layout: Layout, share: int) -> Counter[str]:
        """Ulysses: three tensors of own tokens to the ranks of other heads, one back; patches to everyone."""
        config, size = self.config, layout.sequence * layout.expert
        own, num_heads = TokenRange(self.tokens, size, 0).real[share], config.num_heads // layout.tensor
        heads = even_shares(num_heads, size)[share]
        there = 3 * own * (num_heads - heads)
        back = (self.tokens - own) * heads
        patch = 4 * prod(config.patch_size) * config.out_channels
        return Counter(
            attention=self.members * config.depth * (there + back) * config.head_dim * self.itemsize,
            patches=self.members * own * (size - 1) * patch,
        )

    def _matrices(self, layout: Layout) -> Counter[str]:
        """Megatron: a sum after every pair of matrices, and of one number for each full-width norm."""
        config, size = self.config, layout.tensor
        places = self.members * self._places(layout)
        pairs = 2 + (config.ffn_top_k if config.num_ffn_experts else 1)
        return Counter(
            matrices=_ring(config.depth * pairs * places * config.hidden_size * self.itemsize, size),
            norms=_ring(config.depth * 3 * places * 4, size),
        )

    def _experts(self, layout: Layout) -> Counter[str]:
        """Every chosen row to its expert and back, except to those that are here."""
        config = self.config
        if not config.num_ffn_experts:
            return Counter()
        rows = self.members * self._places(layout) * config.ffn_top_k * config.depth
        away = rows * (layout.expert - 1) // layout.expert
        return Counter(experts=2 * away * config.hidden_size * self.itemsize)

    def _places(self, layout: Layout) -> int:
        return TokenRange(self.tokens, layout.sequence * layout.expert, 0).length


def _ring(count: int, size: int) -> int:
    return 2 * (size - 1) * count // size


def decoding_sent(codec: Codec, latents: Tensor, size: int, index: int) -> Mapping[str, int]:
    """Bytes by purpose that rank ``index`` of ``size`` sends to decode ``latents`` with the others.

    A row for each neighbour before each layer that looks beyond its rows, keys and values of own rows for
    attention inside a frame, own rows of the pictures to everyone. Sizes are taken from a decoding on this
    process alone.
    """
    shares = even_shares(latents.shape[3], size)
    neighbours = (index > 0) + (index < size - 1)
    with _sizes(codec) as sizes, torch.inference_mode():
        frames = codec.decode(latents)
    rows, own = latents.shape[3], shares[index]
    pictures = frames.numel() * next(codec.decoder.parameters()).element_size()
    sent = Counter(
        halo=neighbours * sizes["row"],
        rows=(size - 1) * sizes["attention"] * own // rows,
        pictures=(size - 1) * pictures * own // rows,
    )
    return {purpose: count for purpose, count in sent.items() if count}


@contextmanager
def _sizes(codec: Codec) -> Iterator[Counter[str]]:
    """While the codec decodes: bytes of a row of every layer that looks beyond it, of keys and values."""
    sizes: Counter[str] = Counter()

    def see(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        count = arguments[0].numel() * arguments[0].element_size()
        if isinstance(module, AttentionBlock):
            sizes["attention"] += 2 * count
        else:
            sizes["row"] += count // arguments[0].shape[2]

    attention = [module for module in codec.decoder.modules() if isinstance(module, AttentionBlock)]
    hooks = [module.register_forward_pre_hook(see) for module in (*looking_beyond(codec.decoder), *attention)]
    yield sizes
    for hook in hooks:
        hook.remove()
