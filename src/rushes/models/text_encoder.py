"""The umT5 encoder Wan reads prompts with (wan/modules/t5.py of Wan2.2), in its official parameter names.

T5 1.1 (arXiv 1910.10683, 2002.05202) with its own table of relative positions in every layer, no biases and
no 1/sqrt(d) in the attention.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.models.precision import WideRMSNorm, wide


@dataclass(frozen=True)
class TextEncoderConfig:
    """Architecture of one encoder; the defaults are the constants all umT5 models share."""

    vocab_size: int
    hidden_size: int
    depth: int
    num_heads: int
    head_dim: int
    ffn_size: int
    num_buckets: int = 32
    max_distance: int = 128
    eps: float = 1e-6


def relative_buckets(length: int, num_buckets: int, max_distance: int, device: torch.device) -> Tensor:
    """Bucket of each distance key minus query, from 1 - length to length - 1: (2 * length - 1,) int64.

    Half the buckets for each sign; of those, half exact and half logarithmic up to ``max_distance``.
    """
    relative = torch.arange(1 - length, length, device=device)
    per_sign = num_buckets // 2
    exact = per_sign // 2
    distance = relative.abs()
    # float32 as upstream: the truncation below must fall on the same side
    ratio = torch.log(distance.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    far = (exact + (ratio * (per_sign - exact)).long()).clamp(max=per_sign - 1)
    return torch.where(distance < exact, distance, far) + per_sign * (relative > 0)


def _blank_embedding(num_rows: int, width: int) -> nn.Embedding:
    """A table without start values."""
    # nn.Embedding draws normal ones, which on the meta device imports torch's compiler: two seconds lost
    return nn.Embedding(num_rows, width, _weight=torch.empty(num_rows, width))


class RelativeBias(nn.Module):
    """A learned number per head and bucket of distance, added to the attention scores."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.embedding = _blank_embedding(config.num_buckets, config.num_heads)

    def forward(self, buckets: Tensor) -> Tensor:
        """Buckets by distance (2 * L - 1,) -> (1, heads, L, L), [query, key]."""
        by_distance = self.embedding(buckets).t().contiguous()
        # every window of L distances is one query's row, the last query's first
        rows: Tensor = by_distance.unfold(-1, (len(buckets) + 1) // 2, 1)
        return rows.flip(1).unsqueeze(0)


class TextAttention(nn.Module):
    """Multi-head attention without biases or scaling."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.head_dim
        self.num_heads = config.num_heads
        self.q = nn.Linear(config.hidden_size, inner, bias=False)
        self.k = nn.Linear(config.hidden_size, inner, bias=False)
        self.v = nn.Linear(config.hidden_size, inner, bias=False)
        self.o = nn.Linear(inner, config.hidden_size, bias=False)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """(B, L, dim) with score bias (B, heads, L, L) -> (B, L, dim)."""
        q, k, v = (
            rearrange(projection(tokens), "b n (h d) -> b h n d", h=self.num_heads)
            for projection in (self.q, self.k, self.v)
        )
        if torch.is_grad_enabled():  # the fused kernel has no gradient for a learned bias
            scores = (q @ k.transpose(-1, -2)).to(wide(bias.dtype)) + bias
            mixed = scores.softmax(dim=-1).to(v.dtype) @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, bias, scale=1)
        output: Tensor = self.o(rearrange(mixed, "b h n d -> b n (h d)"))
        return output


class GatedFeedForward(nn.Module):
    """fc2(GELU(gate(x)) * fc1(x)), tanh GELU."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Linear(config.hidden_size, config.ffn_size, bias=False), nn.GELU(approximate="tanh")
        )
        self.fc1 = nn.Linear(config.hidden_size, config.ffn_size, bias=False)
        self.fc2 = nn.Linear(config.ffn_size, config.hidden_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, L, dim) -> (B, L, dim)."""
        output: Tensor = self.fc2(self.gate(tokens) * self.fc1(tokens))
        return output


class TextBlock(nn.Module):
    """Pre-norm attention and feed-forward around a residual stream in at least float32."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.norm1 = WideRMSNorm(config.hidden_size, config.eps)
        self.attn = TextAttention(config)
        self.norm2 = WideRMSNorm(config.hidden_size, config.eps)
        self.ffn = GatedFeedForward(config)
        self.pos_embedding = RelativeBias(config)

    def forward(self, tokens: Tensor, buckets: Tensor, mask_bias: Tensor) -> Tensor:
        """Tokens (B, L, dim), buckets (2 * L - 1,), mask bias (B, 1, 1, L) -> (B, L, dim)."""
        dtype = self.norm1.weight.dtype
        bias = self.pos_embedding(buckets) + mask_bias
        tokens = tokens + self.attn(self.norm1(tokens).to(dtype), bias)
        fed: Tensor = self.ffn(self.norm2(tokens).to(dtype))
        return tokens + fed

    def init_weights(self, config: TextEncoderConfig) -> None:
        """T5's start values: variance kept without scaling in the attention."""
        inner = config.num_heads * config.head_dim
        attn, ffn = self.attn, self.ffn
        nn.init.normal_(attn.q.weight, std=(config.hidden_size * config.head_dim) ** -0.5)
        for layer in (attn.k, attn.v, ffn.gate[0], ffn.fc1):
            nn.init.normal_(layer.get_parameter("weight"), std=config.hidden_size**-0.5)
        nn.init.normal_(attn.o.weight, std=inner**-0.5)
        nn.init.normal_(ffn.fc2.weight, std=config.ffn_size**-0.5)
        bias_std = (2 * config.num_buckets * config.num_heads) ** -0.5
        nn.init.normal_(self.pos_embedding.embedding.weight, std=bias_std)


class UMT5Encoder(nn.Module):
    """Token ids to context vectors. Values are arbitrary until :meth:`init_weights` or a strict load."""

    # only ever iterated, so that blocks may be streamed through memory one by one
    blocks: Iterable[TextBlock]

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = _blank_embedding(config.vocab_size, config.hidden_size)
        self.blocks = cast(
            "Iterable[TextBlock]", nn.ModuleList(TextBlock(config) for _ in range(config.depth))
        )
        self.norm = WideRMSNorm(config.hidden_size, config.eps)

    def forward(self, token_ids: Tensor, mask: Tensor) -> Tensor:
        """Ids (B, L) int64, mask (B, L) bool, true at tokens -> (B, L, dim), zero at pads.

        The result is at least float32, where the encoder is.
        """
        device = self.norm.weight.device
        token_ids, mask = token_ids.to(device), mask.to(device)
        tokens = self.token_embedding(token_ids)
        tokens = tokens.to(wide(tokens.dtype))
        buckets = relative_buckets(
            token_ids.shape[1], self.config.num_buckets, self.config.max_distance, device
        )
        dtype = self.norm.weight.dtype
        mask_bias = torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, torch.finfo(dtype).min)
        for block in self.blocks:
            tokens = block(tokens, buckets, mask_bias[:, None, None, :])
        context: Tensor = self.norm(tokens) * mask.unsqueeze(-1)
        return context

    @torch.no_grad()
    def init_weights(self) -> None:
        """Start values for training, from torch's global generator."""
        nn.init.normal_(self.token_embedding.weight)
        for module in self.modules():
            if isinstance(module, WideRMSNorm):
                nn.init.ones_(module.weight)
            if isinstance(module, TextBlock):
                module.init_weights(self.config)
