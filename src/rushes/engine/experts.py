"""A bundle's experts as the denoiser of one run."""

import math

import torch
from torch import Tensor

from rushes.core.request import Request
from rushes.diffusion.camera_path import camera_moves, camera_path
from rushes.diffusion.conditioning import Condition
from rushes.diffusion.denoiser import (
    Denoiser,
    ExpertSwitch,
    TextDenoiser,
    exact_timestep,
    whole_timestep,
)
from rushes.diffusion.guidance import Guide
from rushes.diffusion.limit import Limited
from rushes.engine.texts import Texts
from rushes.models.bundle import Bundle


def guidance_scales(bundle: Bundle, request: Request) -> list[float]:
    """Each expert's guidance: ``guidance_high`` for the first, ``guidance_low`` after."""
    sampling = request.sampling
    return [sampling.guidance_high] + [sampling.guidance_low] * (len(bundle.experts) - 1)


def experts_under(
    bundle: Bundle, request: Request, texts: Texts, condition: Condition, guide: Guide
) -> ExpertSwitch:
    """The bundle's experts under text, guidance and condition, each made when its range begins."""
    scales, controls = guidance_scales(bundle, request), _controls(bundle, request)
    camera = path_of(bundle, request)
    timestep = whole_timestep if bundle.conventions.whole_timesteps else exact_timestep
    limits = bundle.conventions.latent_limits

    def make(index: int) -> Denoiser:
        guided = under_words(index)
        return Limited(guided, limits) if limits else guided

    def under_words(index: int) -> Denoiser:
        transformer = bundle.experts[index].transformer
        network = condition.bind(transformer)
        cond = TextDenoiser(network, transformer.remember(texts.cond, controls, camera), timestep)
        if scales[index] == 1 or texts.uncond is None:
            return cond
        uncond = TextDenoiser(network, transformer.remember(texts.uncond, camera=camera), timestep)
        return guide(cond, uncond, scales[index])

    return ExpertSwitch(tuple(expert.from_sigma for expert in bundle.experts), make)


def _controls(bundle: Bundle, request: Request) -> Tensor | None:
    """(1, sliders), NaN where nothing is asked; None where no number steers."""
    asked = dict(request.sliders)
    if not asked:
        return None
    values = [asked.get(name, math.nan) for name in bundle.conventions.sliders]
    return torch.tensor([values], device=bundle.experts[0].transformer.patch_embedding.weight.device)


def path_of(bundle: Bundle, request: Request) -> Tensor:
    """(1, T, 3): where the sliders put the camera, for the noise and for both sides of guidance."""
    frames = bundle.codec.compression.latent_frames(request.num_frames)
    return camera_path(camera_moves([dict(request.sliders)]), frames)
