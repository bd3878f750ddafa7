"""Shapes of clips and latents. The rule that joins frames to latent frames stands here and nowhere else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rushes.core.errors import UsageError


@dataclass(frozen=True)
class Compression:
    """How many pixels one latent cell covers along time, height and width; Wan2.1 4x8x8, mini 4x16x16."""

    time: int
    height: int
    width: int

    def latent_frames(self, num_frames: int) -> int:
        """(F-1)/time + 1; the first frame stands alone (causal codecs).

        Raises UsageError when ``num_frames`` is not time*n+1.
        """
        if num_frames < 1 or (num_frames - 1) % self.time:
            below = max(1, (num_frames - 1) // self.time * self.time + 1)
            raise UsageError(
                f"{num_frames} frames is not {self.time}n+1: use {below} or {below + self.time} frames"
            )
        return (num_frames - 1) // self.time + 1

    def num_frames(self, latent_frames: int) -> int:
        """Frames a codec decodes from ``latent_frames`` latents."""
        return (latent_frames - 1) * self.time + 1


# By the kind of codec a model's record names, so that a request can be checked before the codec is loaded.
CODEC_COMPRESSION: Mapping[str, Compression] = MappingProxyType(
    {"mini": Compression(4, 16, 16), "wan2.1": Compression(4, 8, 8), "wan2.2": Compression(4, 16, 16)}
)


@dataclass(frozen=True)
class ClipShape:
    """A clip in pixels: frames, height, width."""

    num_frames: int
    height: int
    width: int

    def latent(self, compression: Compression, channels: int) -> tuple[int, int, int, int]:
        """Latent shape (channels, latent frames, height, width) without the batch.

        Raises UsageError when the picture is not a multiple of the latent cell.
        """
        if self.height % compression.height or self.width % compression.width:
            raise UsageError(
                f"{self.width}x{self.height} is not a multiple of {compression.width}x{compression.height}: "
                "choose a size the model makes"
            )
        return (
            channels,
            compression.latent_frames(self.num_frames),
            self.height // compression.height,
            self.width // compression.width,
        )


def size_near(width: int, height: int, area: int, cell: int) -> tuple[int, int]:
    """(width, height) in multiples of ``cell``, about a picture's aspect and at most ``area`` pixels.

    The official rule of Wan2.2 for clips that start from a picture (wan/image2video.py).
    """
    aspect = height / width
    return int(math.sqrt(area / aspect)) // cell * cell, int(math.sqrt(area * aspect)) // cell * cell


def parse_size(text: str) -> tuple[int, int]:
    """``"1280x720"`` or ``"1280*720"`` -> (width, height) in pixels; UsageError otherwise."""
    parts = text.lower().replace("*", "x").split("x")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"size {text!r} is not WIDTHxHEIGHT: write it like 1280x720")
    width, height = (int(part) for part in parts)
    return width, height
