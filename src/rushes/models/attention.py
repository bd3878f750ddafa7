"""Self- and cross-attention of the Wan transformer (wan/modules/model.py of Wan2.2, its parameter names)."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.models.precision import WideRMSNorm
from rushes.models.rope import RopeTables, rotate


class KeysValues(NamedTuple):
    """Keys and values, each (B, tokens, heads, head_dim), and what is added to each key's scores: (tokens,).

    A batch of 1 serves every member.
    """

    keys: Tensor
    values: Tensor
    bias: Tensor | None = None


def attend(queries: Tensor, keys_values: KeysValues) -> Tensor:
    """Full softmax attention, scale 1/sqrt(head_dim): (B, N, heads, head_dim) -> (B, N, heads * head_dim)."""
    # rotation and norms work in float32; the products run in the dtype of the values
    values = keys_values.values.transpose(1, 2).expand(queries.shape[0], -1, -1, -1)
    queries = queries.to(values.dtype).transpose(1, 2)
    keys = keys_values.keys.to(values.dtype).transpose(1, 2).expand_as(values)
    bias = None if keys_values.bias is None else keys_values.bias.to(values.dtype)
    if queries.device.type == "cpu" and torch.is_grad_enabled():
        # the fused CPU kernel with its backward is 1.2 to 6 times slower than this at 40 to 640 tokens
        mixed = attend_plainly(queries, keys, values, bias)
    else:
        mask = None if bias is None else bias.expand(1, 1, queries.shape[2], -1)
        mixed = F.scaled_dot_product_attention(queries, keys, values, mask)
    joined: Tensor = rearrange(mixed, "b h n d -> b n (h d)")
    return joined


def attend_plainly(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(d) + bias) v over (B, heads, N, head_dim), scores held in memory."""
    scores = queries * (1 / math.sqrt(queries.shape[-1])) @ keys.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    return scores.softmax(dim=-1) @ values


def repeat_biases(count: int, dtype: torch.dtype) -> list[float]:
    """Score biases of copies of one key that together weigh like ``count`` of them: ln(count).

    A narrow dtype takes two copies, one rounded down and one for the rest: ln(400) rounded to bfloat16 is off
    by up to 1.6 % of the weight.
    """
    if count < 2 or dtype.itemsize >= 4:
        return [math.log(count)] if count else []
    step = 4 * torch.finfo(dtype).eps  # spacing between 4 and 8, where ln(count) of any prompt lies or below
    rounded = math.floor(math.log(count) / step) * step
    return [rounded, math.log(count - math.exp(rounded))]


class Attention(nn.Module):
    """Projections shared by both kinds; the q and k norms run over the full width, before the heads split."""

    def __init__(self, hidden_size: int, num_heads: int, eps: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(hidden_size, hidden_size)
        self.k = nn.Linear(hidden_size, hidden_size)
        self.v = nn.Linear(hidden_size, hidden_size)
        self.o = nn.Linear(hidden_size, hidden_size)
        self.norm_q = WideRMSNorm(hidden_size, eps)
        self.norm_k = WideRMSNorm(hidden_size, eps)

    def queries(self, tokens: Tensor) -> Tensor:
        """(B, N, dim) -> (B, N, heads, head_dim), normalised."""
        return self._split(self.norm_q(self.q(tokens)))

    def keys_values(self, tokens: Tensor) -> KeysValues:
        """(B, N, dim) -> keys (normalised) and values; of text they depend on the prompt alone."""
        return KeysValues(self._split(self.norm_k(self.k(tokens))), self._split(self.v(tokens)))

    def _split(self, tokens: Tensor) -> Tensor:
        heads: Tensor = rearrange(tokens, "b n (h d) -> b n h d", h=self.num_heads)
        return heads


class SelfAttention(Attention):
    """Every token attends to every token of the clip, in space and time."""

    def forward(self, tokens: Tensor, rope: RopeTables) -> Tensor:
        """(B, N, dim) -> (B, N, dim) in the weights' dtype (or autocast's)."""
        tokens = tokens.to(self.q.weight.dtype)
        keys, values, _ = self.keys_values(tokens)
        mixed = attend(rotate(self.queries(tokens), rope), KeysValues(rotate(keys, rope), values))
        output: Tensor = self.o(mixed)
        return output


class CrossAttention(Attention):
    """Every token attends to all text rows, padding included: no mask, no rotation."""

    def forward(self, tokens: Tensor, context: KeysValues) -> Tensor:
        """(B, N, dim) and the text's keys and values -> (B, N, dim)."""
        output: Tensor = self.o(attend(self.queries(tokens.to(self.q.weight.dtype)), context))
        return output
