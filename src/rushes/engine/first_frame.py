"""A first picture: what a model makes of it, or why it cannot."""

import torch
import torch.nn.functional as F
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.core.model_facts import FirstFrame
from rushes.core.recipe import picture_digest
from rushes.core.request import Request
from rushes.diffusion.conditioning import (
    Condition,
    ExtraChannels,
    KnownTokens,
    Unconditional,
    first_frame_channels,
)
from rushes.engine.pictures import Picture, from_picture
from rushes.engine.plan import check_first_frame
from rushes.models.bundle import Bundle


@torch.inference_mode()
def condition_of(
    bundle: Bundle, request: Request, picture: Picture | None, device: torch.device
) -> Condition:
    """The condition ``picture``, uint8 (H, W, 3) of the request's size, puts on a run.

    Raises UsageError when model, request and picture do not go together.
    """
    check_first_frame(bundle.facts, picture is not None)
    if picture is None:
        if request.first_frame:
            raise UsageError("the request names a first frame: give the picture too")
        return Unconditional()
    digest = picture_digest(request.width, request.height, picture.tobytes())
    if picture.shape != (request.height, request.width, 3) or digest != request.first_frame:
        raise UsageError(
            f"the first frame is not the {request.width}x{request.height} picture the request names"
        )
    frame = from_picture(picture).to(device)
    if bundle.conventions.first_frame is FirstFrame.TOKENS:
        latent_frames = bundle.codec.compression.latent_frames(request.num_frames)
        return starting_with(bundle, bundle.codec.encode(frame), latent_frames)
    grey = frame.new_zeros(1, 3, request.num_frames - 1, request.height, request.width)
    encoded = bundle.codec.encode(torch.cat([frame, grey], dim=2))
    return ExtraChannels(first_frame_channels(encoded, bundle.codec.compression.time))


def starting_with(bundle: Bundle, first: Tensor, latent_frames: int) -> KnownTokens:
    """The condition that clips of ``latent_frames`` begin with ``first``, clean latents (B, C, 1, H, W)."""
    clean = F.pad(first, (0, 0, 0, 0, 0, latent_frames - 1))
    known = torch.zeros_like(clean[:1, :1], dtype=torch.bool)
    known[:, :, 0] = True
    return KnownTokens(clean, known, bundle.experts[0].transformer.config.patch_size)
