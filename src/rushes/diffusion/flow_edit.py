"""An edit as a velocity: FlowEdit (Kulikov et al., arXiv 2412.08629, algorithm 1).

The clip is not noised and drawn again. The same noise is added to it at every level; what a model would do
with that under the new words, less what it would do under the clip's own, is the way the clip itself goes,
from the level ``first`` of a run down to 0, in the same loop as everything else.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import reduce
from torch import Tensor

from rushes.diffusion.denoiser import Denoiser

# Where the two readings differ less than this share of where they differ most, nothing changes; from the
# second on everything may.
MASK_RANGE = (0.25, 0.6)


@dataclass(frozen=True)
class EditVelocity:
    """The velocity of a clip in change, a denoiser of latents (1, C, T, H, W).

    ``source`` follows the words the ``clean`` clip (1, C, T, H, W) goes by, ``target`` the new ones, both
    with their guidance. ``noises`` (N, C, T, H, W) are averaged over and the same at every level: drawn anew
    the steps pull in different directions. ``mask`` (1, 1, T, H, W) in 0..1 says how far a cell may change.
    """

    source: Denoiser
    target: Denoiser
    clean: Tensor
    noises: Tensor
    mask: Tensor

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """v(z + (1 - sigma) x + sigma eps - x, target) - v((1 - sigma) x + sigma eps, source), masked."""
        noised = torch.lerp(self.clean, self.noises, sigma)
        changed = self.target(latents + noised - self.clean, sigma)
        return self.mask * (changed - self.source(noised, sigma)).mean(dim=0, keepdim=True)


def difference_mask(
    source: Denoiser, target: Denoiser, clean: Tensor, noises: Tensor, sigma: float
) -> Tensor:
    """Where two readings of one clip differ, (1, 1, T, H, W) in 0..1: after DiffEdit (arXiv 2210.11427).

    At one level and for every one of ``noises`` (N, C, T, H, W); smoothed over neighbouring cells, for a
    model's readings are noisier than what they show.
    """
    noised = torch.lerp(clean, noises, sigma)
    apart = target(noised, sigma) - source(noised, sigma)
    size = reduce(apart.square(), "n c t h w -> 1 1 t h w", "mean").sqrt()
    size = _smoothed(size)
    low, high = MASK_RANGE
    most = size.amax().clamp(min=torch.finfo(size.dtype).tiny)  # equal readings: nothing changes
    return ((size / most - low) / (high - low)).clamp(0, 1)


def _smoothed(cells: Tensor) -> Tensor:
    """The mean of each cell and its neighbours, (1, 1, T, H, W); those outside do not count.

    Padded here, since pooling refuses clips of fewer frames than its window.
    """
    padded = F.pad(torch.cat([cells, torch.ones_like(cells)]), (1,) * 6)
    total, count = F.avg_pool3d(padded, 3, stride=1, divisor_override=1).chunk(2)
    return total / count
