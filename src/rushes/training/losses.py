"""Training losses as plain functions of tensors."""

import torch
import torch.nn.functional as F
from torch import Tensor


def reconstruction_loss(decoded: Tensor, frames: Tensor) -> Tensor:
    """L1 + 0.5 L1 of spatial gradients + 0.5 L1 of frame differences of (B, C, T, H, W): edges count too."""
    loss = F.l1_loss(decoded, frames)
    for dim in (-1, -2):
        loss = loss + 0.5 * F.l1_loss(decoded.diff(dim=dim), frames.diff(dim=dim))
    if frames.shape[2] > 1:
        loss = loss + 0.5 * F.l1_loss(decoded.diff(dim=2), frames.diff(dim=2))
    return loss


def velocity_loss(velocity: Tensor, clean: Tensor, noise: Tensor, weight: Tensor) -> Tensor:
    """Squared error against noise - clean (rectified flow, arXiv 2209.03003), averaged with ``weight``.

    ``weight`` broadcasts to the latents and has mean one. It moves effort, not the optimum: the best velocity
    of every cell stays the conditional mean.
    """
    return (weight * (velocity.float() - (noise - clean)).square()).mean()


def effort(presence: Tensor, visibility: Tensor) -> Tensor:
    """Weight (B, C, T, H, W) of mean one per batch: a cell full of subject counts three times an empty one,
    and a channel by the root of what it moves in the picture (``visibility``, (C,)).

    Whitened latents would give most of the loss to channels that carry fine detail nobody looks at.
    """
    channels = visibility.sqrt() / visibility.sqrt().mean()
    cells = 1 + 2 * presence
    return channels.view(1, -1, 1, 1, 1) * cells / cells.mean()


def draw_sigmas(batch: int, shift: float, generator: torch.Generator) -> Tensor:
    """(B,) noise levels: logit-normal, moved towards noise by ``shift`` (SD3, arXiv 2403.03206)."""
    u = torch.randn(batch, generator=generator).sigmoid()
    return shift * u / (1 + (shift - 1) * u)


def psnr(decoded: Tensor, frames: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [-1, 1]."""
    error = F.mse_loss(decoded.clamp(-1, 1).float(), frames).item()
    return float(10 * torch.log10(torch.tensor(4 / max(error, 1e-10))))
