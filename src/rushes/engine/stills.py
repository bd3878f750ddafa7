"""The still a clip starts from, where a model makes one first.

A small model draws one picture far better than sixty: it has seen many more of them, and has fewer tokens to
keep in agreement. The clip then only has to go on from there.
"""

from dataclasses import replace

from torch import Tensor

from rushes.core.request import Request
from rushes.core.vocabulary import MOMENT, SEEN_IN_STILLS
from rushes.diffusion.conditioning import Unconditional
from rushes.diffusion.guidance import Guide
from rushes.diffusion.sampler import sample
from rushes.diffusion.schedule import SCHEDULES
from rushes.diffusion.step_rule import STEP_RULES
from rushes.engine.experts import experts_under
from rushes.engine.texts import Texts
from rushes.models.bundle import Bundle


def draw_stills(bundle: Bundle, request: Request, texts: Texts, noise: Tensor, guide: Guide) -> Tensor:
    """Clean latents of one picture for each member of ``noise``, both (B, C, 1, H, W)."""
    still, sampling = _first_moment(bundle, request), request.sampling
    sigmas = SCHEDULES[sampling.schedule](sampling.steps, sampling.still_shift)
    denoiser = experts_under(bundle, still, texts, Unconditional(), guide)
    *_, last = sample(denoiser, noise, sigmas, STEP_RULES[sampling.step_rule]())
    return last.latents


def _first_moment(bundle: Bundle, request: Request) -> Request:
    """The picture a clip begins with: told, of the numbers, those that a picture shows, and its moment."""
    told = {name: value for name, value in request.sliders if name in SEEN_IN_STILLS}
    if MOMENT in bundle.conventions.sliders:
        told[MOMENT] = 0.0
    return replace(request, num_frames=1, trim=0, sliders=tuple(told.items()))
