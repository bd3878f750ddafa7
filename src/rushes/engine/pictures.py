"""Between tensors and pictures: decoded frames, a given first picture, previews of a clip in the making."""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.codec import VideoCodec

Picture = NDArray[np.uint8]


@runtime_checkable
class SketchingCodec(Protocol):
    """A codec with a cheap way to guess its pictures."""

    def sketch(self, latents: Tensor) -> Tensor:
        """Latents (B, C, T, H, W) -> one picture per latent frame (B, 3, T, height, width) in [-1, 1]."""


@torch.inference_mode()
def preview(codec: VideoCodec, denoised: Tensor) -> Picture:
    """Beginning, middle and end of a clip (1, C, T, H, W): uint8 (up to 3, height, width, 3).

    A codec without a sketch decodes the three latent frames as stills, each as if a clip began with it.
    """
    last = denoised.shape[2] - 1
    stills = [denoised[:, :, index : index + 1] for index in sorted({0, last // 2, last})]
    draw = codec.sketch if isinstance(codec, SketchingCodec) else codec.decode
    return to_pictures(torch.cat([draw(still) for still in stills], dim=2))


def to_pictures(frames: Tensor) -> Picture:
    """One clip's frames (1, 3, t, H, W) in [-1, 1] -> uint8 (t, H, W, 3), rounded."""
    levels = ((frames.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return rearrange(levels, "1 c t h w -> t h w c").contiguous().cpu().numpy()


def from_pictures(pictures: Picture) -> Tensor:
    """uint8 (T, H, W, 3) -> one clip (1, 3, T, H, W) in [-1, 1]."""
    return rearrange(torch.from_numpy(pictures).float() / 127.5 - 1, "t h w c -> 1 c t h w")


def from_picture(picture: Picture) -> Tensor:
    """uint8 (H, W, 3) -> one frame (1, 3, 1, H, W) in [-1, 1]."""
    return from_pictures(picture[None])
