"""The Wan video diffusion transformer (wan/modules/model.py of Wan2.2), in its official parameter names.

One class for A14B's experts, TI2V-5B, Wan2.1 and mini: only the configuration differs.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.models.attention import (
    CrossAttention,
    KeysValues,
    SelfAttention,
    by_pieces,
    pieces,
    repeat_biases,
)
from rushes.models.controls import ControlTokens
from rushes.models.moe import MixtureOfExperts
from rushes.models.precision import WideLayerNorm, WideLinear, wide
from rushes.models.rope import RopeTables, rope_tables, rope_tables_under


@dataclass(frozen=True)
class TransformerConfig:
    """Architecture of one transformer; the defaults are the constants all published Wan models share.

    With ``num_ffn_experts`` the feed-forwards are mixtures of so many, ``ffn_top_k`` used by each token. With
    ``num_controls`` the last so many rows of the text carry numbers that steer the clip. ``world_heads`` of
    each self-attention, the last ones, see tokens where they lie in the world once a camera is known.
    """

    hidden_size: int
    depth: int
    num_heads: int
    ffn_size: int
    in_channels: int
    out_channels: int
    text_dim: int
    text_len: int
    freq_dim: int = 256
    patch_size: tuple[int, int, int] = (1, 2, 2)
    eps: float = 1e-6
    num_ffn_experts: int = 0
    ffn_top_k: int = 2
    num_controls: int = 0
    world_heads: int = 0

    def __post_init__(self) -> None:
        """Refuse widths that cannot be split into rotating pairs."""
        if self.hidden_size % self.num_heads or self.head_dim % 2 or self.head_dim < 6:
            raise ValueError(
                f"hidden_size {self.hidden_size} over {self.num_heads} heads is no even width of 6 or more"
            )
        if self.freq_dim % 2:
            raise ValueError(f"freq_dim {self.freq_dim} is odd")
        if self.num_ffn_experts and not 1 <= self.ffn_top_k <= self.num_ffn_experts:
            raise ValueError(f"ffn_top_k {self.ffn_top_k} of {self.num_ffn_experts} experts is not possible")
        if not 0 <= self.num_controls <= self.text_len:
            raise ValueError(f"{self.num_controls} controls do not fit into {self.text_len} rows of text")
        if not 0 <= self.world_heads <= self.num_heads:
            raise ValueError(f"{self.world_heads} of {self.num_heads} heads cannot see the world")

    @property
    def head_dim(self) -> int:
        """Channels of one head."""
        return self.hidden_size // self.num_heads


@dataclass(frozen=True)
class TextMemory:
    """What a transformer keeps of one text: keys and values for every block's cross-attention.

    ``embedded`` are the text's rows (B, L, dim), ``bias`` (L,) what is added to the scores of each,
    ``camera`` the path that was told. A block's keys and values are made when it first meets the text: no
    pass over the weights is needed for them alone. It belongs to the weights it was made with. A memory of
    batch 1 serves every member.
    """

    embedded: Tensor
    bias: Tensor | None
    camera: Tensor | None = None
    blocks: dict[int, KeysValues] = field(default_factory=dict)

    def at(self, index: int, attention: CrossAttention) -> KeysValues:
        """For the block of this index, whose cross-attention is given."""
        if index not in self.blocks:
            self.blocks[index] = attention.keys_values(self.embedded)._replace(bias=self.bias)
        return self.blocks[index]


class TimeRows(NamedTuple):
    """Vectors per distinct timestep, (rows, count, dim), and the row of each token, (B, tokens).

    Without token rows the timesteps are per member: row b serves all tokens of member b.
    """

    rows: Tensor
    of_token: Tensor | None

    def vector(self, index: int) -> Tensor:
        """One vector where it applies: (B, 1 or tokens, dim)."""
        row = self.rows[:, index]
        return row.unsqueeze(1) if self.of_token is None else row[self.of_token]

    def at(self, piece: slice) -> "TimeRows":
        """The same for a range of tokens."""
        return self if self.of_token is None else TimeRows(self.rows, self.of_token[:, piece])


# A block's six vectors, in their order.
SHIFT_SA, SCALE_SA, GATE_SA, SHIFT_FFN, SCALE_FFN, GATE_FFN = range(6)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """x * (1 + scale) + shift (adaptive LayerNorm of DiT, arXiv 2212.09748)."""
    return torch.addcmul(shift, x, 1 + scale)


def add(stream: Tensor, branch: Tensor, gate: Tensor | None) -> Tensor:
    """stream + branch * gate in the dtype of the stream; in place outside of training."""
    if torch.is_grad_enabled():
        branch = branch.to(stream.dtype)
        return stream + branch if gate is None else torch.addcmul(stream, branch, gate)
    return stream.add_(branch) if gate is None else stream.addcmul_(branch, gate)


def sinusoid(timestep: Tensor, freq_dim: int) -> Tensor:
    """(...,) -> (..., freq_dim) float64: all cosines, then all sines, of t * 10000^(-i / (freq_dim / 2))."""
    half = freq_dim // 2
    ladder = 10000.0 ** (-torch.arange(half, dtype=torch.float64, device=timestep.device) / half)
    angles = timestep.double()[..., None] * ladder
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class PatchEmbedding(nn.Module):
    """A Conv3d whose kernel equals its stride, computed as one matrix product over flattened patches."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.hidden_size, config.in_channels, *config.patch_size))
        self.bias = nn.Parameter(torch.empty(config.hidden_size))

    def forward(self, latents: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, tokens, dim), tokens in the order (T, H, W), W fastest."""
        pt, ph, pw = self.weight.shape[2:]
        patches = rearrange(
            latents, "b c (t pt) (h ph) (w pw) -> b (t h w) (c pt ph pw)", pt=pt, ph=ph, pw=pw
        )
        return F.linear(patches.to(self.weight.dtype), self.weight.flatten(1), self.bias)


def feed_forward(config: TransformerConfig) -> nn.Module:
    """(..., dim) -> (..., dim): one perceptron, or a mixture of them."""
    dim = config.hidden_size
    if config.num_ffn_experts:
        return MixtureOfExperts(config.num_ffn_experts, config.ffn_top_k, dim, config.ffn_size)
    return nn.Sequential(
        nn.Linear(dim, config.ffn_size), nn.GELU(approximate="tanh"), nn.Linear(config.ffn_size, dim)
    )


class Block(nn.Module):
    """Self-attention, text attention, feed-forward; the residual stream stays at least float32.

    Outside of training it works in place on the tokens it is given.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        dim = config.hidden_size
        self.norm1 = WideLayerNorm(dim, config.eps, elementwise_affine=False)
        self.self_attn = SelfAttention(dim, config.num_heads, config.eps)
        self.norm3 = WideLayerNorm(dim, config.eps)
        self.cross_attn = CrossAttention(dim, config.num_heads, config.eps)
        self.norm2 = WideLayerNorm(dim, config.eps, elementwise_affine=False)
        self.ffn = feed_forward(config)
        self.modulation = nn.Parameter(torch.empty(1, 6, dim))

    def forward(self, tokens: Tensor, text: KeysValues, time: TimeRows, rope: RopeTables) -> Tensor:
        """Tokens (B, N, dim), the text's keys and values here, time (rows, 6, dim) -> (B, N, dim)."""
        time = TimeRows(self.modulation + time.rows, time.of_token)
        attended = self.self_attn(self._modulated(tokens, time), rope)
        parts = [
            self._after_attention(tokens[:, piece], attended[:, piece], text, time.at(piece))
            for piece in pieces(tokens)
        ]
        return parts[0] if torch.is_grad_enabled() else tokens

    def _modulated(self, tokens: Tensor, time: TimeRows) -> Tensor:
        def make(piece: slice) -> tuple[Tensor]:
            there = time.at(piece)
            normed = modulate(self.norm1(tokens[:, piece]), there.vector(SHIFT_SA), there.vector(SCALE_SA))
            return (normed.to(self.modulation.dtype),)

        return by_pieces(tokens, make)[0]

    def _after_attention(self, tokens: Tensor, attended: Tensor, text: KeysValues, time: TimeRows) -> Tensor:
        dtype = self.modulation.dtype
        tokens = add(tokens, attended, time.vector(GATE_SA))
        tokens = add(tokens, self.cross_attn(self.norm3(tokens).to(dtype), text), None)
        widened = modulate(self.norm2(tokens), time.vector(SHIFT_FFN), time.vector(SCALE_FFN))
        return add(tokens, self.ffn(widened.to(dtype)), time.vector(GATE_FFN))

    def init_weights(self) -> None:
        """Residual outputs at zero, modulation at randn / sqrt(dim); the rest is the caller's."""
        for residual in (self.self_attn.o, self.cross_attn.o):
            nn.init.zeros_(residual.weight)
        if isinstance(self.ffn, MixtureOfExperts):
            self.ffn.init_weights()
        else:
            nn.init.zeros_(self.ffn.get_parameter("2.weight"))
        nn.init.normal_(self.modulation, std=self.modulation.shape[-1] ** -0.5)


class Head(nn.Module):
    """Modulated norm and projection of each token to its patch, in at least float32."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = WideLayerNorm(config.hidden_size, config.eps, elementwise_affine=False)
        self.head = WideLinear(config.hidden_size, config.out_channels * math.prod(config.patch_size))
        self.modulation = nn.Parameter(torch.empty(1, 2, config.hidden_size))

    def forward(self, tokens: Tensor, time: TimeRows) -> Tensor:
        """Tokens (B, N, dim), time (rows, 1, dim) -> (B, N, pt * ph * pw * C), C fastest."""
        time = TimeRows(self.modulation + time.rows, time.of_token)
        return by_pieces(tokens, lambda piece: (self._patches(tokens[:, piece], time.at(piece)),))[0]

    def _patches(self, tokens: Tensor, time: TimeRows) -> Tensor:
        shift, scale = time.vector(0), time.vector(1)
        patches: Tensor = self.head(modulate(self.norm(tokens), shift, scale))
        return patches


class WanTransformer(nn.Module):
    """Velocity of a noisy latent clip under a text context.

    Parameters are uninitialised until :meth:`init_weights` or a strict load.
    """

    # only ever iterated, so that blocks may be streamed through memory one by one
    blocks: Iterable[Block]

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        dim = config.hidden_size
        self.config = config
        self.patch_embedding = PatchEmbedding(config)
        self.text_embedding = nn.Sequential(
            nn.Linear(config.text_dim, dim), nn.GELU(approximate="tanh"), nn.Linear(dim, dim)
        )
        self.time_embedding = nn.Sequential(WideLinear(config.freq_dim, dim), nn.SiLU(), WideLinear(dim, dim))
        self.time_projection = nn.Sequential(nn.SiLU(), WideLinear(dim, 6 * dim))
        self.blocks = cast("Iterable[Block]", nn.ModuleList(Block(config) for _ in range(config.depth)))
        self.head = Head(config)
        if config.num_controls:
            self.controls = ControlTokens(config.num_controls, dim)

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        context: Tensor | TextMemory,
        controls: Tensor | None = None,
        camera: Tensor | None = None,
    ) -> Tensor:
        """Latents (B, C, T, H, W), timestep in 0..1000, context (B, L, text_dim) -> (B, C_out, T, H, W).

        The timestep is (B,), or (B, tokens) where tokens of one clip stand at different noise levels. The
        context is zero-padded to ``text_len`` rows, and the padding is attended: it is part of the model. A
        memory of it from :meth:`remember` saves its share of the work. ``controls`` (B, num_controls) are
        values in -1..1, NaN where nothing is asked; ``camera`` (B, T or more, 3) is the path for the heads
        that see the world (``rope_tables_under``); a memory has its own of both. The result is at least
        float32.
        Raises ValueError when a shape does not fit the configuration.
        """
        grid = self._grid(latents)
        tokens = self.patch_embedding(latents)
        tokens = tokens.to(wide(tokens.dtype))
        time, block_time = self._embed_time(timestep, tokens.shape[:2])
        rope = self._rope(grid, context.camera if isinstance(context, TextMemory) else camera, tokens)
        if isinstance(context, Tensor):
            self._check_text(context)
            context = self._embed_text(context, self.config.text_len)
            if self.config.num_controls:
                context = self._steer(context, controls)
        for index, block in enumerate(self.blocks):
            if isinstance(context, TextMemory):
                text = context.at(index, block.cross_attn)
            else:
                text = block.cross_attn.keys_values(context)
            tokens = block(tokens, text, block_time, rope)
        return self._unpatchify(self.head(tokens, time), grid)

    @torch.no_grad()
    def remember(
        self, context: Tensor, controls: Tensor | None = None, camera: Tensor | None = None
    ) -> TextMemory:
        """A memory of a context (B, L, text_dim) for :meth:`forward`, to be made once per prompt and expert.

        ``controls`` and ``camera`` as there. All padding rows are equal, so one key, weighted by their
        number, stands for them; rows with controls are apart.
        """
        self._check_text(context)
        steered = self.config.num_controls
        most = self.config.text_len - steered
        rows = context[:, :most].any(-1).any(0).nonzero()
        used = int(rows.max()) + 1 if len(rows) else 0
        biases = repeat_biases(most - used, self.patch_embedding.weight.dtype)
        embedded = self._embed_text(context[:, :used], used + len(biases))
        if steered:
            last = self._steer(self._embed_text(context[:, most:], steered), controls)
            embedded = torch.cat([embedded, last], dim=1)
        bias = F.pad(embedded.new_tensor(biases), (used, steered)) if biases else None
        return TextMemory(embedded, bias, camera)

    def _rope(self, grid: tuple[int, int, int], camera: Tensor | None, tokens: Tensor) -> RopeTables:
        config = self.config
        if camera is None or not config.world_heads:
            return rope_tables(grid, config.head_dim, tokens.dtype, tokens.device)
        path = camera[:, : grid[0]].to(tokens.device)
        if path.shape[0] not in (1, len(tokens)) or path.shape[1:] != (grid[0], 3):
            raise ValueError(f"camera {tuple(camera.shape)} is not ({len(tokens)}, {grid[0]} or more, 3)")
        heads = config.num_heads, config.world_heads
        return rope_tables_under(path, grid, config.head_dim, heads, tokens.dtype)

    def _steer(self, embedded: Tensor, controls: Tensor | None) -> Tensor:
        """Rows of text with the controls on the last of them, which all but the longest texts leave empty."""
        count = self.config.num_controls
        if controls is None:
            controls = embedded.new_full((len(embedded), count), math.nan)
        if controls.shape != (len(embedded), count):
            raise ValueError(f"controls {tuple(controls.shape)} are not ({len(embedded)}, {count})")
        return embedded + F.pad(self.controls(controls), (0, 0, embedded.shape[1] - count, 0))

    def _embed_time(self, timestep: Tensor, tokens: torch.Size) -> tuple[TimeRows, TimeRows]:
        if timestep.shape not in (tokens[:1], tokens):
            raise ValueError(
                f"timestep {tuple(timestep.shape)} is neither {tuple(tokens[:1])} nor {tuple(tokens)}"
            )
        distinct, of_token = timestep, None
        if timestep.ndim == 2:
            distinct, of_token = torch.unique(timestep, return_inverse=True)
        time = self.time_embedding(sinusoid(distinct, self.config.freq_dim))
        block_time = self.time_projection(time).unflatten(-1, (6, -1))
        return TimeRows(time.unsqueeze(-2), of_token), TimeRows(block_time, of_token)

    def _check_text(self, context: Tensor) -> None:
        config = self.config
        if context.ndim != 3 or context.shape[1] > config.text_len or context.shape[2] != config.text_dim:
            raise ValueError(
                f"context {tuple(context.shape)} is not (B, up to {config.text_len}, {config.text_dim})"
            )

    def _embed_text(self, context: Tensor, length: int) -> Tensor:
        padded = F.pad(context, (0, 0, 0, length - context.shape[1]))
        text: Tensor = self.text_embedding(padded.to(self.patch_embedding.weight.dtype))
        return text

    def _grid(self, latents: Tensor) -> tuple[int, int, int]:
        config = self.config
        if latents.ndim != 5 or latents.shape[1] != config.in_channels:
            raise ValueError(f"latents {tuple(latents.shape)} are not (B, {config.in_channels}, T, H, W)")
        if any(size % patch for size, patch in zip(latents.shape[2:], config.patch_size, strict=True)):
            raise ValueError(f"latents {tuple(latents.shape)} do not divide into patches {config.patch_size}")
        t, h, w = (size // patch for size, patch in zip(latents.shape[2:], config.patch_size, strict=True))
        return t, h, w

    def _unpatchify(self, patches: Tensor, grid: tuple[int, int, int]) -> Tensor:
        t, h, w = grid
        pt, ph, pw = self.config.patch_size
        return rearrange(
            patches,
            "b (t h w) (pt ph pw c) -> b c (t pt) (h ph) (w pw)",
            t=t, h=h, w=w, pt=pt, ph=ph, pw=pw,
        )  # fmt: skip

    @torch.no_grad()
    def init_weights(self) -> None:
        """Start values for training, from torch's global generator.

        Linear layers as upstream (Xavier, embeddings at 0.02); residual outputs and the head at zero, so that
        the network starts as the identity with a zero prediction.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for embedding in (self.text_embedding, self.time_embedding):
            for layer in embedding:
                if isinstance(layer, nn.Linear):
                    nn.init.normal_(layer.weight, std=0.02)
        nn.init.xavier_uniform_(self.patch_embedding.weight.flatten(1))
        nn.init.zeros_(self.patch_embedding.bias)
        for module in self.modules():
            if isinstance(module, Block):
                module.init_weights()
        nn.init.normal_(self.head.modulation, std=self.config.hidden_size**-0.5)
        nn.init.zeros_(self.head.head.weight)
        if self.config.num_controls:
            self.controls.init_weights()
