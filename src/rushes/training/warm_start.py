"""A transformer that grew since its weights were made starts where they end: it answers as they do."""

from collections.abc import Mapping

import torch
from einops import rearrange
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.models.transformer import TransformerConfig, WanTransformer

_FFN = {"ffn.0": "up", "ffn.2": "down"}


@torch.no_grad()
def load_grown(transformer: WanTransformer, weights: Mapping[str, Tensor]) -> None:
    """Load ``weights`` of the same transformer with fewer channels or controls, or a single feed-forward.

    New input and output channels and new controls start at zero, behind the old ones; every token-level
    expert starts as the one feed-forward there was (sparse upcycling, arXiv 2212.05055). ``transformer`` is
    initialised before. Raises UsageError when anything else differs.
    """
    grown = dict(transformer.state_dict())
    for name, value in _spread(transformer.config, weights).items():
        if name not in grown:
            raise UsageError(
                f"the shipped transformer has {name!r}, this recipe's has not: train from nothing"
            )
        grown[name] = _widened(name, value, grown[name], transformer.config)
    missing = grown.keys() - set(_spread(transformer.config, weights)) - _made_new(grown)
    if missing:
        raise UsageError(f"the shipped transformer has no {min(missing)!r}: train from nothing")
    transformer.load_state_dict(grown)


def _made_new(names: Mapping[str, Tensor]) -> set[str]:
    return {name for name in names if name.startswith("controls.") or name.endswith(".ffn.router")}


def _spread(config: TransformerConfig, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``weights`` with the feed-forwards copied to every expert where the transformer has several."""
    if not config.num_ffn_experts or any(name.endswith(".ffn.router") for name in weights):
        return dict(weights)
    spread = {}
    for name, value in weights.items():
        for old, new in _FFN.items():
            before, found, kind = name.partition(f".{old}.")
            if found:
                copies = value.expand(config.num_ffn_experts, *value.shape)
                spread[f"{before}.ffn.experts.{new}_{kind}"] = copies
                break
        else:
            spread[name] = value
    return spread


def _widened(name: str, old: Tensor, new: Tensor, config: TransformerConfig) -> Tensor:
    """``old`` with zeros for the channels that ``new`` has beside its own."""
    if old.shape == new.shape:
        return old
    widened = torch.zeros_like(new)
    if name == "patch_embedding.weight" and old.shape[1] < new.shape[1]:
        widened[:, : old.shape[1]] = old
    elif name.startswith("head.head.") and old.shape[0] < new.shape[0]:
        # channels are fastest among a patch's outputs
        cells = new.shape[0] // config.out_channels
        parts = rearrange(old, "(p c) ... -> p c ...", p=cells)
        kept = rearrange(widened, "(p c) ... -> p c ...", p=cells)
        kept[:, : parts.shape[1]] = parts
        widened = rearrange(kept, "p c ... -> (p c) ...")
    elif name == "controls.up.weight" and old.shape[1] < new.shape[1]:
        # each control's value, then whether each is told
        before, now = (rearrange(each, "h (two n) -> h two n", two=2) for each in (old, widened))
        now[..., : before.shape[2]] = before
    elif name.startswith("controls.down.") and old.shape[0] < new.shape[0]:
        widened[: old.shape[0]] = old
    else:
        raise UsageError(
            f"the shipped {name} is {tuple(old.shape)}, this recipe's {tuple(new.shape)}: train from nothing"
        )
    return widened
