"""A clip that is given, whole or in part: what goes on, joins, is repainted or edited."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.core.request import Request
from rushes.core.shapes import Compression
from rushes.core.timebase import frames_at
from rushes.diffusion.conditioning import KnownTokens
from rushes.engine.pictures import Picture, from_pictures
from rushes.engine.plan import check_any_tokens
from rushes.models.bundle import Bundle

# Pixels over which what was given and what was made pass into each other, outside of a box.
FEATHER = 8
# Latent frames a continuation goes on from: 17 frames, enough to see how things move.
OVERLAP = 5


@dataclass(frozen=True)
class Box:
    """A part of the native picture, in pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class GivenClip:
    """``frames`` uint8 (T, H, W, 3) of a request's size and length; what is not known of them is anything.

    ``known``: bool (T', H', W'), the latent cells that are kept as they are. ``keep``: float32 (H, W), the
    share of the given pictures in those delivered: what a codec does to untouched pixels is taken back.
    """

    frames: Picture
    known: NDArray[np.bool_]
    keep: NDArray[np.float32]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of all of it."""
        digest = hashlib.sha256(str(self.frames.shape).encode())
        for part in (self.frames, self.known, self.keep):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def put_back(self, frames: Picture, start: int) -> Picture:
        """Decoded ``frames`` from number ``start`` on, with the given pictures where they are kept."""
        if not self.keep.any():
            return frames
        given, share = self.frames[start : start + len(frames)], self.keep[..., None]
        mixed: Picture = np.rint(frames + share * (given.astype(np.float32) - frames)).astype(np.uint8)
        return mixed


def going_on(frames: Picture, num_frames: int, compression: Compression) -> GivenClip:
    """A clip of ``num_frames`` that begins with ``frames`` (4k+1, H, W, 3)."""
    padded = np.concatenate([frames, frames[-1:].repeat(num_frames - len(frames), axis=0)])
    known = _nothing(padded, compression)
    known[: compression.latent_frames(len(frames))] = True
    return GivenClip(padded, known, _keep_nothing(padded))


def beginning(frames: Picture) -> GivenClip:
    """``frames`` (T, H, W, 3), any number, that a longer clip begins with (``rushes.engine.chain``)."""
    return GivenClip(frames, np.ones((0, 0, 0), np.bool_), _keep_nothing(frames))


def joining(first: Picture, last: Picture, num_frames: int, compression: Compression) -> GivenClip:
    """A clip from one picture (H, W, 3) to another; the last latent frame holds the other all through."""
    frames = np.stack([first, *[last] * (num_frames - 1)])
    known = _nothing(frames, compression)
    known[[0, -1]] = True
    return GivenClip(frames, known, _keep_nothing(frames))


def repainting(frames: Picture, box: Box, token: int, compression: Compression) -> GivenClip:
    """``frames`` (4k+1, H, W, 3) outside of ``box``; whole tokens, ``token`` pixels wide, are made anew."""
    height, width = frames.shape[1:3]
    top, bottom = box.top // token * token, -(-(box.top + box.height) // token) * token
    left, right = box.left // token * token, -(-(box.left + box.width) // token) * token
    known = ~_nothing(frames, compression)
    rows = slice(top // compression.height, bottom // compression.height)
    columns = slice(left // compression.width, right // compression.width)
    known[:, rows, columns] = False
    if not known.any():
        raise UsageError("the box covers the whole picture: leave it out, or make it smaller")
    y, x = np.mgrid[:height, :width]
    outside_x = np.maximum(box.left - x, x - (box.left + box.width - 1)).clip(0)
    outside_y = np.maximum(box.top - y, y - (box.top + box.height - 1)).clip(0)
    keep = (np.maximum(outside_x, outside_y) / FEATHER).clip(0, 1).astype(np.float32)
    return GivenClip(frames, known, keep)


def changing(frames: Picture, compression: Compression) -> GivenClip:
    """``frames`` (4k+1, H, W, 3) to be edited all over."""
    return GivenClip(frames, _nothing(frames, compression), _keep_nothing(frames))


def _nothing(frames: Picture, compression: Compression) -> NDArray[np.bool_]:
    height, width = frames.shape[1] // compression.height, frames.shape[2] // compression.width
    return np.zeros((compression.latent_frames(len(frames)), height, width), np.bool_)


def _keep_nothing(frames: Picture) -> NDArray[np.float32]:
    return np.zeros(frames.shape[1:3], np.float32)


def check_given(bundle: Bundle, request: Request, given: GivenClip | None) -> None:
    """Raise UsageError when model, request and given clip do not go together."""
    if (given.digest if given else "") != request.given:
        raise UsageError("the clip is not the one the request names: give both or neither")
    if given is None:
        return
    if given.frames.shape != (request.num_frames, request.height, request.width, 3):
        raise UsageError(
            f"the given clip is not {request.num_frames} frames of {request.width}x{request.height}"
        )
    if given.known.any():
        check_any_tokens(bundle.name, bundle.conventions.any_tokens)


@torch.inference_mode()
def clean_latents(bundle: Bundle, given: GivenClip, device: torch.device) -> Tensor:
    """The clip's latents (1, C, T, H, W); channels that are no picture are 0."""
    encoded = bundle.codec.encode(from_pictures(given.frames).to(device)).float()
    return F.pad(encoded, (0, 0) * 3 + (0, bundle.conventions.motion_channels))


def known_part(bundle: Bundle, given: GivenClip, device: torch.device) -> KnownTokens:
    """The condition that what is known of the clip stays."""
    known = torch.from_numpy(given.known)[None, None].to(device)
    patch = bundle.experts[0].transformer.config.patch_size
    return KnownTokens(clean_latents(bundle, given, device), known, patch)


def windows(num_given: int, num_wanted: int, limit: int, compression: Compression) -> list[int]:
    """Lengths of the clips that take ``num_given`` frames to at least ``num_wanted``, one after the other.

    Each begins with the last of what there is, and has at most ``limit`` frames; the last one is no longer
    than it must be.
    """
    step, lengths = compression.time, []
    while num_given < num_wanted:
        overlap = overlap_frames(num_given, compression)
        missing = -(-(num_wanted - num_given) // step) * step
        lengths.append(min(limit, overlap + missing))
        num_given += lengths[-1] - overlap
    return lengths


def overlap_frames(num_given: int, compression: Compression) -> int:
    """How many of the last of ``num_given`` frames a continuation begins with: 4k+1."""
    latent_frames = min(OVERLAP, (num_given - 1) // compression.time + 1)
    return compression.num_frames(latent_frames)


def crossed(before: Picture, after: Picture) -> Picture:
    """The same frames as they were and as decoded anew (T, H, W, 3), one passing into the other."""
    share = np.linspace(0, 1, len(before) + 2, dtype=np.float32)[1:-1, None, None, None]
    mixed: Picture = np.rint(before * (1 - share) + after * share).astype(np.uint8)
    return mixed


def seam_ratio(frames: Picture, seam: int) -> float:
    """How much more a clip (T, H, W, 3) changes from frame ``seam - 1`` to ``seam`` than around it.

    Mean absolute difference over the median of those up to eight frames away; 1 is no seam at all.
    """
    near = frames[max(0, seam - 9) : seam + 9].astype(np.float32)
    steps = np.abs(np.diff(near, axis=0)).mean(axis=(1, 2, 3))
    return float(steps[seam - 1 - max(0, seam - 9)] / max(float(np.median(steps)), 1e-3))


def to_rate(frames: list[Picture], source: Fraction, target: Fraction) -> Picture:
    """Pictures (H, W, 3) as seen at another frame rate, at least one: (T, H, W, 3)."""
    count = frames_at(len(frames), source, target)
    chosen = [min(int(index * source / target), len(frames) - 1) for index in range(count)]
    return np.stack([frames[index] for index in chosen])
