"""Foreign names of the same tensors: one table per layout, read in both directions, strict in both.

Our names are the official ones. ``{n}`` stands for a block number; a rule covers a module's weight, bias
and gamma.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from rushes.core.errors import WeightsError


@dataclass(frozen=True)
class Layout:
    """Rules from our names to foreign ones, and foreign names that repeat another (tied weights)."""

    name: str
    rules: Mapping[str, str]
    tied: Mapping[str, str] = field(default_factory=dict)

    def to_ours(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename a foreign state dict. Raises WeightsError for a name no rule knows."""
        names = {key: self.our_name(key) for key in state}
        return {name: state[key] for key, name in names.items() if name is not None}

    def our_name(self, key: str) -> str | None:
        """Our name of a foreign tensor, None for a copy. Raises WeightsError for a name no rule knows."""
        if key in self.tied:
            return None
        return self._rename(key, {theirs: ours for ours, theirs in self.rules.items()})

    def from_ours(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename our state dict to the foreign names. Raises WeightsError for a name no rule knows."""
        renamed = {self._rename(key, self.rules): value for key, value in state.items()}
        return renamed | {copy: renamed[original] for copy, original in self.tied.items()}

    def _rename(self, key: str, rules: Mapping[str, str]) -> str:
        for source, target in rules.items():
            pattern = (
                re.escape(source).replace(r"\{n\}", r"(?P<n>\d+)") + r"(?P<leaf>\.weight|\.bias|\.gamma|)"
            )
            if match := re.fullmatch(pattern, key):
                return target.replace("{n}", match.groupdict().get("n", "")) + match["leaf"]
        raise WeightsError(
            f"tensor {key!r} has no place in the {self.name} layout: is it another model's file?"
        )


def _attention(ours: str, theirs: str) -> dict[str, str]:
    return {
        f"blocks.{{n}}.{ours}.q": f"blocks.{{n}}.{theirs}.to_q",
        f"blocks.{{n}}.{ours}.k": f"blocks.{{n}}.{theirs}.to_k",
        f"blocks.{{n}}.{ours}.v": f"blocks.{{n}}.{theirs}.to_v",
        f"blocks.{{n}}.{ours}.o": f"blocks.{{n}}.{theirs}.to_out.0",
        f"blocks.{{n}}.{ours}.norm_q": f"blocks.{{n}}.{theirs}.norm_q",
        f"blocks.{{n}}.{ours}.norm_k": f"blocks.{{n}}.{theirs}.norm_k",
    }


DIFFUSERS_TRANSFORMER = Layout(
    "diffusers Wan transformer",
    {
        "patch_embedding": "patch_embedding",
        "text_embedding.0": "condition_embedder.text_embedder.linear_1",
        "text_embedding.2": "condition_embedder.text_embedder.linear_2",
        "time_embedding.0": "condition_embedder.time_embedder.linear_1",
        "time_embedding.2": "condition_embedder.time_embedder.linear_2",
        "time_projection.1": "condition_embedder.time_proj",
        "blocks.{n}.modulation": "blocks.{n}.scale_shift_table",
        **_attention("self_attn", "attn1"),
        **_attention("cross_attn", "attn2"),
        # the affine norm before cross-attention: diffusers numbers it in order of use
        "blocks.{n}.norm3": "blocks.{n}.norm2",
        "blocks.{n}.ffn.0": "blocks.{n}.ffn.net.0.proj",
        "blocks.{n}.ffn.2": "blocks.{n}.ffn.net.2",
        "head.modulation": "scale_shift_table",
        "head.head": "proj_out",
    },
)

_SELF_ATTENTION = "encoder.block.{n}.layer.0.SelfAttention"
_FEED_FORWARD = "encoder.block.{n}.layer.1.DenseReluDense"

TRANSFORMERS_UMT5 = Layout(
    "transformers umT5 encoder",
    {
        "token_embedding": "shared",
        "blocks.{n}.norm1": "encoder.block.{n}.layer.0.layer_norm",
        "blocks.{n}.attn.q": f"{_SELF_ATTENTION}.q",
        "blocks.{n}.attn.k": f"{_SELF_ATTENTION}.k",
        "blocks.{n}.attn.v": f"{_SELF_ATTENTION}.v",
        "blocks.{n}.attn.o": f"{_SELF_ATTENTION}.o",
        "blocks.{n}.pos_embedding.embedding": f"{_SELF_ATTENTION}.relative_attention_bias",
        "blocks.{n}.norm2": "encoder.block.{n}.layer.1.layer_norm",
        "blocks.{n}.ffn.gate.0": f"{_FEED_FORWARD}.wi_0",
        "blocks.{n}.ffn.fc1": f"{_FEED_FORWARD}.wi_1",
        "blocks.{n}.ffn.fc2": f"{_FEED_FORWARD}.wo",
        "norm": "encoder.final_layer_norm",
    },
    tied={"encoder.embed_tokens.weight": "shared.weight"},
)

GGUF_UMT5 = Layout(
    "GGUF umT5 encoder",
    {
        "token_embedding": "token_embd",
        "blocks.{n}.norm1": "enc.blk.{n}.attn_norm",
        "blocks.{n}.attn.q": "enc.blk.{n}.attn_q",
        "blocks.{n}.attn.k": "enc.blk.{n}.attn_k",
        "blocks.{n}.attn.v": "enc.blk.{n}.attn_v",
        "blocks.{n}.attn.o": "enc.blk.{n}.attn_o",
        "blocks.{n}.pos_embedding.embedding": "enc.blk.{n}.attn_rel_b",
        "blocks.{n}.norm2": "enc.blk.{n}.ffn_norm",
        "blocks.{n}.ffn.gate.0": "enc.blk.{n}.ffn_gate",
        "blocks.{n}.ffn.fc1": "enc.blk.{n}.ffn_up",
        "blocks.{n}.ffn.fc2": "enc.blk.{n}.ffn_down",
        "norm": "enc.output_norm",
    },
)
