"""The engine's part of a recipe: everything that decides the native frames of a clip."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rushes.core.recipe import Stage
from rushes.core.request import Request, Sampling
from rushes.engine.events import StageName
from rushes.models.bundle import CODEC, TEXT_ENCODER, TOKENIZER, UPSCALER, Bundle
from rushes.models.tiled_codec import TiledCodec

# Raised when the same settings would give other numbers.
REVISIONS = {StageName.ENCODE_TEXT: 2, StageName.DENOISE: 5, StageName.DECODE: 2}


def engine_stages(bundle: Bundle, request: Request) -> tuple[Stage, ...]:
    """The stages of ``generate(bundle, request)``, each with its settings and the weights it reads."""
    sampling, conventions = request.sampling, bundle.conventions
    text = {TOKENIZER, TEXT_ENCODER}
    elsewhere = {*text, CODEC, UPSCALER}
    settings: dict[StageName, Mapping[str, Any]] = {
        StageName.ENCODE_TEXT: {
            "model": bundle.name,
            "weights": {name: digest for name, digest in bundle.sha256.items() if name in text},
            "context_text": request.context_text,
            "negative_prompt": request.negative_prompt,
            **({"source_text": request.edit.source_text} if request.edit else {}),
        },
        StageName.DENOISE: {
            "weights": {name: digest for name, digest in bundle.sha256.items() if name not in elsewhere},
            "num_frames": request.num_frames,
            "height": request.height,
            "width": request.width,
            "seed": request.seed,
            **_levels(sampling),
            "step_rule": sampling.step_rule,
            "guidance_high": sampling.guidance_high,
            "guidance_low": sampling.guidance_low,
            "expert_bounds": [expert.from_sigma for expert in bundle.experts],
            "whole_timesteps": conventions.whole_timesteps,
            **({"shared_noise": conventions.shared_noise} if conventions.shared_noise else {}),
            **({"latent_limits": conventions.latent_limits} if conventions.latent_limits else {}),
            **({"reframing": asdict(conventions.reframing)} if conventions.reframing else {}),
            **({"still_shift": sampling.still_shift} if sampling.still_shift else {}),
            **({"first_frame": request.first_frame, **_tiles(bundle)} if request.first_frame else {}),
            **(_choice(request) if request.candidates > 1 else {}),
            **({"given": request.given, **_tiles(bundle)} if request.given else {}),
            **({"edit": asdict(request.edit)} if request.edit else {}),
            **({"sliders": dict(request.sliders)} if request.sliders else {}),
        },
        StageName.DECODE: {
            "weights": {name: digest for name, digest in bundle.sha256.items() if name == CODEC},
            "trim": request.trim,
            **_tiles(bundle),
        },
    }
    return tuple(Stage(name, REVISIONS[name], settings[name]) for name in StageName)


def _tiles(bundle: Bundle) -> Mapping[str, Any]:
    """How the codec divides pictures, where it does: seams are close to the whole, but not it."""
    if not isinstance(bundle.codec, TiledCodec):
        return {}
    return {"tile": bundle.codec.tiling.side, "tile_overlap": bundle.codec.tiling.overlap}


def _choice(request: Request) -> Mapping[str, Any]:
    """How many candidates there are, and when the better half of them goes on."""
    return {"candidates": request.candidates, "halve_after": request.sampling.halve_after}


def _levels(sampling: Sampling) -> Mapping[str, Any]:
    """What decides the noise levels, and nothing that does not."""
    if sampling.sigmas:
        return {"sigmas": list(sampling.sigmas)}
    return {"schedule": sampling.schedule, "steps": sampling.steps, "shift": sampling.shift}
