"""The pictures of a half-made clip, moved along the path of its camera.

A small model hardly comes nearer when it is asked to, and tilts half as far. While details are still open its
pictures are moved by what is missing; the rest of denoising draws what comes into view and sharpens the rest.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor

from rushes.core.model_facts import Conventions
from rushes.core.request import Request
from rushes.diffusion.camera_path import camera_moves, camera_path
from rushes.diffusion.sampler import SampleStep
from rushes.models.bundle import Bundle
from rushes.models.codec import VideoCodec


@dataclass(frozen=True)
class Reframing:
    """Moves a clip along ``path`` (1, T, 3) of a camera after ``step``, which ends at ``sigma``."""

    codec: VideoCodec
    path: Tensor
    step: int
    sigma: float

    @torch.inference_mode()
    def write_into(self, record: SampleStep) -> None:
        """Move the latents of that step's record; the first latent frame stays as it is."""
        channels = self.codec.latent_channels
        clean = record.denoised[:, :channels].float()
        moved = reframed(self.codec, clean, self.path) - clean
        record.latents[:, :channels, 1:] += ((1 - self.sigma) * moved[:, :, 1:]).to(record.latents)


def lacking(conventions: Conventions, request: Request) -> Tensor | None:
    """(1, 5) what the model leaves of the asked camera moves; None for nothing.

    Nothing of orbits and tracks: what stands near goes past otherwise than what stands far, and pictures know
    nothing of that.

    What of a clip is given must stay where it is, so such a clip has nothing to catch up on.
    """
    habit = conventions.reframing
    if habit is None or request.given or request.num_frames == 1:
        return None
    left = torch.tensor([habit.pan, habit.tilt, habit.zoom, 0.0, 0.0])
    moves = camera_moves([dict(request.sliders)]) * left
    return moves if moves.any() else None


def reframing_of(bundle: Bundle, request: Request, sigmas: Tensor) -> Reframing | None:
    """What a walk down ``sigmas`` has to move and when; None where nothing is lacking."""
    habit, moves = bundle.conventions.reframing, lacking(bundle.conventions, request)
    if habit is None or moves is None:
        return None
    step = 1 + int((sigmas[1:] > habit.from_sigma).sum())
    frames = bundle.codec.compression.latent_frames(request.num_frames)
    return Reframing(bundle.codec, camera_path(moves, frames), step, float(sigmas[step]))


def reframed(codec: VideoCodec, clean: Tensor, path: Tensor) -> Tensor:
    """Clean latents (B, C, T, H, W) with their pictures as seen from along ``path`` (1, T, 3).

    Cells that see more than the pictures show stay as they are.
    """
    frames = rearrange(codec.decode(clean), "b c t h w -> b t c h w")
    path = F.interpolate(path.mT.to(frames), frames.shape[1], mode="linear", align_corners=True).mT[0]
    where = F.affine_grid(_seen_from(path), list(frames.shape[1:]), align_corners=False)
    moved = [F.grid_sample(clip, where, padding_mode="border", align_corners=False) for clip in frames]
    again = codec.encode(rearrange(moved, "b t c h w -> b c t h w"))
    return torch.where(_whole_cells(codec, where), again.to(clean), clean)


def _seen_from(path: Tensor) -> Tensor:
    """(T, 3) -> (T, 2, 3): from a place on the screen, -1 to 1, to the place in the picture seen there."""
    right, down, zoom = path.unbind(1)
    scale, none = torch.exp(-zoom), torch.zeros_like(zoom)
    across = torch.stack([scale, none, 2 * right], 1)
    upright = torch.stack([none, scale, 2 * down], 1)
    return torch.stack([across, upright], 1)


def _whole_cells(codec: VideoCodec, where: Tensor) -> Tensor:
    """(1, 1, T, H, W): whether a cell sees only what is there; ``where`` (frames, height, width, 2)."""
    cell = codec.compression
    beside = (where.abs() > 1).any(-1).float()
    beside = torch.cat([repeat(beside[:1], "1 h w -> t h w", t=cell.time - 1), beside])
    cells = F.max_pool2d(beside[:, None], (cell.height, cell.width))
    return rearrange(cells, "(t o) 1 h w -> 1 1 t o h w", o=cell.time).amax(3) == 0
