"""How the picture of a clip goes over what it shows, as the sliders ask of the camera."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

CAMERA_MOVES = ("pan_x", "pan_y", "zoom")
"""What a camera does: right and down positive, in positive; 1 is a whole move."""

# A whole move: how much of the width a pan covers a latent frame and at most, of the height a tilt covers,
# and the log of a zoom's magnification; of what stands a little behind the subject in the film world.
PAN_A_FRAME, PAN_MOST, TILT, ZOOM = 0.028, 0.34, 0.22, 0.22


def camera_moves(sliders: Sequence[Mapping[str, float]]) -> Tensor:
    """(B, 3) what the sliders of each clip say of the camera; 0 where they are silent."""
    return torch.tensor([[each.get(name, 0.0) for name in CAMERA_MOVES] for each in sliders])


def camera_path(moves: Tensor, length: int) -> Tensor:
    """(B, 3) moves -> (B, ``length``, 3) from where the camera sees each latent frame, beside the first.

    How far right, of its width, and how far down, of its height; the log of its magnification.
    """
    progress = torch.linspace(0, 1, length, device=moves.device)
    eased = 0.5 * progress + 0.5 * progress**3 * (10 - 15 * progress + 6 * progress**2)
    whole = moves.new_tensor([min(PAN_A_FRAME * (length - 1), PAN_MOST), TILT, ZOOM])
    return eased[:, None] * (moves * whole)[:, None]
