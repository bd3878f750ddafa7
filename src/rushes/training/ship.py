"""Shipping: the best weights so far become the package's own, or a folder's."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from importlib import resources
from pathlib import Path

import torch

from rushes.core.model_facts import MINI_CONVENTIONS, Conventions, FirstFrame, ModelDefaults, ReframingHabit
from rushes.core.request import Sampling
from rushes.models.bundle import Bundle, Expert, load_bundle, save_bundle
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.training.mini import ENOUGH_STEPS, MiniTraining, TrainedState
from rushes.training.recipes import BOUNDARY

MINI_DEFAULTS = ModelDefaults(
    width=256,
    height=160,
    crop=(8, 0, 144, 256),
    frame_rate=Fraction(12),
    frame_limits=(5, 61),
    seconds=Fraction(5),
    sampling=Sampling(
        steps=24, guidance_high=4.0, guidance_low=3.0, shift=5.0, still_shift=3.0, halve_after=0.3
    ),
)

# Measured on the sixth weights: pans follow their path, tilts half, pushes and pulls a fifth of it.
MINI_REFRAMING = ReframingHabit(from_sigma=0.7, pan=0.0, tilt=0.6, zoom=1.2)


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
    """Save the averaged weights of ``training`` as a bundle in ``folder``.

    Without a fork both experts hold one trunk. The record promises what training taught for long enough.
    """
    tokenizer, text_encoder, codec = training.parts()
    states = training.trained()
    transformers = [_transformer(training.recipe.transformer, state) for state in states]
    bundle = Bundle(
        name="mini",
        licence="Apache-2.0",
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        experts=(Expert(transformers[0], BOUNDARY), Expert(transformers[-1], 0.0)),
        codec=codec,
        defaults=MINI_DEFAULTS,
        conventions=_conventions(training, states),
        upscaler=training.upscaler(),
    )
    save_bundle(bundle, folder)
    return bundle


def _transformer(config: TransformerConfig, state: TrainedState) -> WanTransformer:
    transformer = WanTransformer(config)
    transformer.load_state_dict(dict(state.weights))
    return transformer


def _conventions(training: MiniTraining, states: Sequence[TrainedState]) -> Conventions:
    recipe = training.recipe
    learned = {
        ability
        for ability in ("known_tokens", "sliders")
        if all(state.taught.get(ability, 0) >= ENOUGH_STEPS for state in states)
    }
    return replace(
        MINI_CONVENTIONS,
        first_frame=FirstFrame.TOKENS if "known_tokens" in learned else FirstFrame.NONE,
        any_tokens="known_tokens" in learned,
        sliders=recipe.sliders if "sliders" in learned else (),
        motion_channels=recipe.transformer.out_channels - recipe.codec.latent_channels,
        shared_noise=recipe.transformer_run.shared_noise,
        latent_limits=training.latent_limits(),
        reframing=MINI_REFRAMING if "sliders" in learned else None,
    )
