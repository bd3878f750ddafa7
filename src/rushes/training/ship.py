"""Shipping: the best weights so far become the package's own, or a folder's."""

from fractions import Fraction
from importlib import resources
from pathlib import Path

import torch

from rushes.core.model_facts import ModelDefaults
from rushes.core.request import Sampling
from rushes.models.bundle import Bundle, Expert, load_bundle, save_bundle
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer
from rushes.training.mini import MiniTraining

# Where Wan2.2-T2V-A14B switches experts (wan/configs/wan_t2v_A14B.py); mini keeps it.
BOUNDARY = 0.875

MINI_DEFAULTS = ModelDefaults(
    width=256,
    height=160,
    crop=(8, 0, 144, 256),
    frame_rate=Fraction(12),
    frame_limits=(5, 61),
    seconds=Fraction(5),
    sampling=Sampling(steps=24, guidance_high=4.0, guidance_low=3.0, shift=5.0),
)


def packaged_folder() -> Path:
    """Where the package keeps mini."""
    return Path(str(resources.files("rushes"))) / "weights" / "mini"


def packaged_mini() -> Bundle | None:
    """The shipped mini in float32, or None in a checkout without weights."""
    folder = packaged_folder()
    if not (folder / "model.json").exists():
        return None
    return load_bundle(folder, torch.float32, "cpu")


def ship(training: MiniTraining, folder: Path) -> Bundle:
    """Save the averaged weights of ``training`` as a bundle in ``folder``; both experts hold one trunk."""
    tokenizer, text_encoder, codec, weights = training.parts()
    transformer = WanTransformer(training.recipe.transformer)
    transformer.load_state_dict(weights)
    bundle = Bundle(
        name="mini",
        licence="Apache-2.0",
        tokenizer=Tokenizer(tokenizer),
        text_encoder=text_encoder,
        experts=(Expert(transformer, BOUNDARY), Expert(transformer, 0.0)),
        codec=codec,
        defaults=MINI_DEFAULTS,
    )
    save_bundle(bundle, folder)
    return bundle
