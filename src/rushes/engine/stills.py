"""The still a clip starts from, where a model makes one first.

A small model draws one picture far better than sixty: it has seen many more of them, and has fewer tokens to
keep in agreement. The clip then only has to go on from there.
"""

from torch import Tensor

from rushes.core.request import Request
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
    sampling = request.sampling
    sigmas = SCHEDULES[sampling.schedule](sampling.steps, sampling.still_shift)
    denoiser = experts_under(bundle, request, texts, Unconditional(), guide)
    *_, last = sample(denoiser, noise, sigmas, STEP_RULES[sampling.step_rule]())
    return last.latents
