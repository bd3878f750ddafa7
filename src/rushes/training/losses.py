"""Training losses as plain functions of tensors."""

import torch
import torch.nn.functional as F
from torch import Tensor

from rushes.training.flows import Motion, follow


def reconstruction_loss(decoded: Tensor, frames: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 + 0.5 L1 of spatial gradients + 0.5 L1 of frame differences of (B, C, T, H, W): edges count too.

    ``weight`` (B, 1, T, H, W) of mean one says where errors count most; without it they do alike.
    """
    error = decoded - frames
    weight = torch.ones_like(error[:, :1]) if weight is None else weight
    loss = (weight * error.abs()).mean()
    for dim in (-1, -2, 2) if frames.shape[2] > 1 else (-1, -2):
        later = weight.narrow(dim, 1, weight.shape[dim] - 1)
        loss = loss + 0.5 * (later * error.diff(dim=dim).abs()).mean()
    return loss


def velocity_loss(error: Tensor, weight: Tensor) -> Tensor:
    """Squared ``error`` of the velocity (rectified flow, arXiv 2209.03003), averaged with ``weight``.

    ``weight`` broadcasts to the latents and has mean one. It moves effort, not the optimum: the best velocity
    of every cell stays the conditional mean.
    """
    return (weight * error.square()).mean()


def channel_effort(visibility: Tensor) -> Tensor:
    """(C,) of mean one: a channel counts by the root of what it moves in the picture (``visibility``, (C,)).

    Whitened latents would give most of the loss to channels that carry fine detail nobody looks at.
    """
    return visibility.sqrt() / visibility.sqrt().mean()


def effort(presence: Tensor, known: Tensor) -> Tensor:
    """Weight (B, 1, T, H, W) of mean one per batch: a cell full of subject counts three times an empty one,
    a ``known`` one nothing."""
    cells = (1 + 2 * presence) * ~known
    return cells / cells.mean()


def kinematic_loss(error: Tensor, sigmas: Tensor) -> Tensor:
    """Second differences in time of the clean clip as predicted, matched against the clip's own.

    The prediction is off by -sigma times the velocity's ``error`` (B, C, T, H, W), and a difference is
    linear, so this is (1 - sigma)^2 |D2 error|^2 / 6, which weighs even errors like the plain loss. It
    looks longer at errors that jerk; the best velocity stays the conditional mean, which a penalty on the
    motion itself would damp.
    """
    if error.shape[2] < 3:
        return error.new_zeros(())
    jerks = error.diff(n=2, dim=2)
    loss: Tensor = ((1 - sigmas).square().view(-1, 1, 1, 1, 1) * jerks.square()).mean() / 6
    return loss


def flow_consistency_loss(error: Tensor, motion: Motion, sigmas: Tensor) -> Tensor:
    """Errors of neighbouring latent frames compared along the exact flow, where it stays visible.

    (1 - sigma)^2 |error_k+1(p + f_k) - error_k(p)|^2 / 2. The flow belongs to the clip, not to the noise,
    so the optimum moves a little with it: small weights only.
    """
    if error.shape[2] < 2:
        return error.new_zeros(())
    apart = (follow(error, motion.flow) - error[:, :, :-1]).square() * motion.visible[:, :, :-1]
    return ((1 - sigmas).square().view(-1, 1, 1, 1, 1) * apart).mean() / 2


def sigma_at(share: Tensor, shift: float, interval: tuple[float, float]) -> Tensor:
    """The noise level below which ``share`` (0 to 1) of those drawn from ``interval`` lie.

    They are logit-normal, moved towards noise by ``shift`` (SD3, arXiv 2403.03206), and of these the ones in
    the interval.
    """
    low, high = (_share_below(bound, shift) for bound in interval)
    u = torch.special.ndtri((low + (high - low) * share.double()).clamp(1e-6, 1 - 1e-6)).sigmoid()
    levels: Tensor = shift * u / (1 + (shift - 1) * u)
    return levels.to(share.dtype)


def draw_sigmas(
    batch: int, shift: float, generator: torch.Generator, interval: tuple[float, float] = (0.0, 1.0)
) -> Tensor:
    """(B,) noise levels on the generator's device, as :func:`sigma_at` spreads them."""
    share = torch.rand(batch, generator=generator, device=generator.device)
    return sigma_at(share, shift, interval)


def _share_below(sigma: float, shift: float) -> float:
    u = torch.tensor(sigma / (shift - (shift - 1) * sigma), dtype=torch.float64)
    return float(torch.special.ndtr(u.logit()))


def psnr(decoded: Tensor, frames: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [-1, 1]."""
    error = F.mse_loss(decoded.clamp(-1, 1).float(), frames).item()
    return float(10 * torch.log10(torch.tensor(4 / max(error, 1e-10))))
