"""A given clip in change: FlowEdit with a bundle's experts."""

from dataclasses import replace

import torch
from torch import Tensor

from rushes.core.request import Request
from rushes.core.vocabulary import CAMERA_MOVES
from rushes.diffusion.conditioning import Unconditional
from rushes.diffusion.denoiser import Denoiser, ExpertSwitch
from rushes.diffusion.flow_edit import EditVelocity, difference_mask
from rushes.diffusion.guidance import Guide
from rushes.engine.experts import experts_under
from rushes.engine.texts import Texts
from rushes.models.bundle import Bundle

# Where the words decide what is where, and the clip is still to be seen.
MASK_SIGMA = 0.7


@torch.inference_mode()
def editing(
    bundle: Bundle, request: Request, texts: Texts, clean: Tensor, noises: Tensor, guide: Guide
) -> ExpertSwitch:
    """The velocity of ``clean`` (1, C, T, H, W) under the request's edit, by each expert in its range.

    ``noises`` (N, C, T, H, W). The mask is made at once.
    """
    assert request.edit is not None
    assert texts.source is not None
    scale = request.edit.source_guidance
    sampling = replace(request.sampling, guidance_high=scale, guidance_low=scale)
    # the camera stays that of the shot
    kept = tuple((name, value) for name, value in request.sliders if name in CAMERA_MOVES)
    old = replace(request, sampling=sampling, sliders=kept)
    words, former = Texts(texts.cond, texts.uncond), Texts(texts.source, texts.uncond)
    mask = torch.ones_like(clean[:, :1])
    if request.edit.masked:
        plain = Unconditional()
        before = experts_under(bundle, old, Texts(former.cond, None), plain, guide)
        after = experts_under(bundle, request, Texts(words.cond, None), plain, guide)
        mask = difference_mask(before, after, clean, noises, MASK_SIGMA)

    def make(_index: int) -> Denoiser:
        source = experts_under(bundle, old, former, Unconditional(), guide)
        target = experts_under(bundle, request, words, Unconditional(), guide)
        return EditVelocity(source, target, clean, noises, mask)

    return ExpertSwitch(tuple(expert.from_sigma for expert in bundle.experts), make)
