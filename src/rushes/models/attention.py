"""Self- and cross-attention of the Wan transformer (wan/modules/model.py of Wan2.2, its parameter names)."""

import math
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.models.precision import WideRMSNorm
from rushes.models.rope import RopeTables, rotate

# From this number of keys on a CPU's bfloat16 attention goes by rows, so many queries at a time.
MANY_KEYS = 512
ROWS = 256
NEAR = 4  # a score this far above 0 is rounded by 0.8 % of its weight

# Tokens worked through at a time: a CPU's cache holds a range's float32 intermediates at widths of some
# thousand; a GPU needs long ranges to be busy.
PIECE = 512
DEVICE_PIECE = 16384


class KeysValues(NamedTuple):
    """Keys and values, each (B, tokens, heads, head_dim), and what is added to each key's scores: (tokens,).

    A batch of 1 serves every member.
    """

    keys: Tensor
    values: Tensor
    bias: Tensor | None = None


def attend(queries: Tensor, keys_values: KeysValues) -> Tensor:
    """Full softmax attention: queries (B, N, heads, head_dim), already scaled -> (B, N, heads * head_dim)."""
    keys, values, bias = keys_values
    values = values.transpose(1, 2).expand(queries.shape[0], -1, -1, -1)
    keys = keys.transpose(1, 2).expand_as(values)
    queries = queries.transpose(1, 2)
    if queries.device.type != "cpu":
        mixed = _attend_fused(queries, keys, values, bias)
    elif torch.is_grad_enabled():
        # the fused CPU kernel with its backward is 1.2 to 6 times slower than this at 40 to 640 tokens
        mixed = attend_plainly(queries, keys, values, bias)
    elif values.dtype == torch.bfloat16 and bias is None and keys.shape[2] >= MANY_KEYS:
        mixed = attend_by_rows(queries, keys, values)
    else:
        mixed = _attend_fused(queries, keys, values, bias)
    joined: Tensor = rearrange(mixed, "b h n d -> b n (h d)")
    return joined


def _attend_fused(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    mask = None if bias is None else bias.expand(1, 1, queries.shape[2], -1)
    return F.scaled_dot_product_attention(queries, keys, values, mask, scale=1)


def attend_plainly(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None = None) -> Tensor:
    """softmax(q k^T + bias) v over (B, heads, N, head_dim), scores held in memory."""
    scores = queries @ keys.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    return scores.softmax(dim=-1) @ values


def attend_by_rows(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """The same over (B, heads, N, head_dim) in bfloat16 on a CPU: 1.3 to 1.7 times the fused kernel.

    That kernel multiplies at float32's speed. A product in bfloat16 is twice as fast but rounds the scores,
    so each row is shifted, inside the product, to lie near 0 where its weights are large: there bfloat16 is
    fine, and a constant per row drops out of the softmax. The shift is the largest score with some keys.
    """
    mixed = torch.empty_like(queries)
    for member, head in product(range(queries.shape[0]), range(queries.shape[1])):
        own_keys, own_values = keys[member, head], values[member, head].contiguous()
        widened, some = F.pad(own_keys, (0, 1), value=1).t(), own_keys[::16]
        for start in range(0, queries.shape[2], ROWS):
            rows = slice(start, start + ROWS)
            asked = queries[member, head, rows]
            shift = (asked @ torch.cat([some, own_keys[rows]]).t()).amax(dim=-1, keepdim=True)
            scores = torch.cat([asked, -shift], dim=-1) @ widened
            above = scores.amax(dim=-1, keepdim=True)
            if above.max() > NEAR:  # a key outside the sample stands out
                scores = torch.cat([asked, -shift - above], dim=-1) @ widened
            mixed[member, head, rows] = scores.softmax(dim=-1) @ own_values
    return mixed


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


def pieces(tokens: Tensor) -> list[slice]:
    """Ranges of the token axis of (B, N, ...) to work through one after the other, outside of training.

    Between two matrix products everything then stays in cache, and only one range's intermediates exist. In
    training the backward pass keeps them all anyway: one range.
    """
    if torch.is_grad_enabled():
        return [slice(None)]
    size = PIECE if tokens.device.type == "cpu" else DEVICE_PIECE
    step = max(1, size // tokens.shape[0])
    return [slice(start, start + step) for start in range(0, tokens.shape[1], step)]


def by_pieces(tokens: Tensor, make: Callable[[slice], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """What ``make`` gives for every range of :func:`pieces`, joined: tensors (B, N, ...).

    Each part is written to its place at once, so that nothing is in memory twice.
    """
    first, *others = pieces(tokens)
    parts = make(first)
    if not others:
        return parts
    joined = tuple(part.new_empty(part.shape[0], tokens.shape[1], *part.shape[2:]) for part in parts)
    for whole, part in zip(joined, parts, strict=True):
        whole[:, first] = part
    for piece in others:
        for whole, part in zip(joined, make(piece), strict=True):
            whole[:, piece] = part
    return joined


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
        """(B, N, dim) -> (B, N, heads, head_dim), normalised and scaled by 1/sqrt(head_dim), still wide."""
        scaled = self.norm_q(self.q(tokens)) * math.sqrt(self.num_heads / self.norm_q.weight.numel())
        return self._split(scaled)

    def keys_values(self, tokens: Tensor) -> KeysValues:
        """(B, N, dim) -> keys (normalised, still wide) and values."""
        return KeysValues(self._split(self.norm_k(self.k(tokens))), self._split(self.v(tokens)))

    def _split(self, tokens: Tensor) -> Tensor:
        heads: Tensor = rearrange(tokens, "b n (h d) -> b n h d", h=self.num_heads)
        return heads


class SelfAttention(Attention):
    """Every token attends to every token of the clip, in space and time.

    ``attend`` may be replaced where this process holds only some of the tokens.
    """

    def __init__(self, hidden_size: int, num_heads: int, eps: float) -> None:
        super().__init__(hidden_size, num_heads, eps)
        self.attend: Callable[[Tensor, KeysValues], Tensor] = attend

    def forward(self, tokens: Tensor, rope: RopeTables) -> Tensor:
        """(B, N, dim) -> (B, N, dim) in the weights' dtype (or autocast's)."""
        queries, keys, values = by_pieces(
            tokens,
            lambda piece: self._project(tokens[:, piece], rope.at(piece)),
        )
        mixed = self.attend(queries, KeysValues(keys, values))
        (output,) = by_pieces(mixed, lambda piece: (self.o(mixed[:, piece]),))
        return output

    def _project(self, tokens: Tensor, rope: RopeTables) -> tuple[Tensor, Tensor, Tensor]:
        keys, values, _ = self.keys_values(tokens)
        # wide through norm and rotation: one rounding, where the official code has three
        queries = rotate(self.queries(tokens), rope).to(values.dtype)
        return queries, rotate(keys, rope).to(values.dtype), values


class CrossAttention(Attention):
    """Every token attends to all text rows, padding included: no mask, no rotation."""

    def forward(self, tokens: Tensor, text: KeysValues) -> Tensor:
        """(B, N, dim) and the text's keys and values -> (B, N, dim)."""
        output: Tensor = self.o(attend(self.queries(tokens).to(text.values.dtype), text))
        return output

    def keys_values(self, tokens: Tensor) -> KeysValues:
        """Of text (B, L, dim): they depend on the prompt alone."""
        keys, values, _ = super().keys_values(tokens)
        return KeysValues(keys.to(values.dtype), values)
