"""How the picture of a clip goes over what it shows, as the sliders ask of the camera."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rushes.core.vocabulary import CAMERA_MOVES

# A whole move: how much of the width a pan covers a latent frame and at most, of the height a tilt covers,
# and the log of a zoom's magnification; of what stands a little behind the subject in the film world. What
# stands twice as far as the subject goes past as far when a camera goes round it as in a pan, and this
# much of the width a latent frame when it keeps up with the fastest run.
PAN_A_FRAME, PAN_MOST, TILT, ZOOM, TRACK_A_FRAME = 0.028, 0.34, 0.22, 0.22, 0.176


def camera_moves(sliders: Sequence[Mapping[str, float]]) -> Tensor:
    """(B, 5) what the sliders of each clip say of the camera's moves; 0 where they are silent."""
    return torch.tensor([[each.get(name, 0.0) for name in CAMERA_MOVES] for each in sliders])


def camera_path(moves: Tensor, length: int) -> Tensor:
    """(B, 5) moves -> (B, ``length``, 3) from where the camera sees each latent frame, beside the first.

    How far right, of its width, and how far down, of its height; the log of its magnification. Of an orbit
    and of a track it is how the background goes past; the subject stays.
    """
    progress = torch.linspace(0, 1, length, device=moves.device)
    eased = 0.5 * progress + 0.5 * progress**3 * (10 - 15 * progress + 6 * progress**2)
    pan_x, pan_y, zoom, orbit, track = moves[:, None].unbind(-1)
    across = min(PAN_A_FRAME * (length - 1), PAN_MOST)
    along = TRACK_A_FRAME * (length - 1)
    right = across * (pan_x - orbit) * eased + along * track * progress
    return torch.stack([right, TILT * pan_y * eased, ZOOM * zoom * eased], -1)
