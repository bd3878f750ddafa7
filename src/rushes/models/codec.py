"""The face every video codec shows: mini's own, Wan2.1's and Wan2.2's VAE. The engine knows only this."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import Tensor

from rushes.core.shapes import Compression


@runtime_checkable
class VideoCodec(Protocol):
    """A causal video autoencoder with *normalised* latents (about zero mean, unit variance per channel).

    Frames are (B, 3, T, H, W) in [-1, 1]; latents are (B, latent_channels, T', H', W') with
    T' = compression.latent_frames(T), H' = H / compression.height, W' = W / compression.width.
    """

    @property
    def compression(self) -> Compression:
        """Pixels one latent cell covers along time, height and width."""
        ...

    @property
    def latent_channels(self) -> int:
        """C of the latents."""
        ...

    def encode(self, frames: Tensor) -> Tensor:
        """Frames -> normalised latents (the mean of the posterior, where the codec has one).

        Raises UsageError when T, H or W does not fit :attr:`compression`.
        """
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Normalised latents -> frames clamped to [-1, 1]."""
        ...

    def decode_stream(self, latents: Tensor) -> Iterator[Tensor]:
        """Yield the frames of :meth:`decode` in order, one chunk (B, 3, t, H, W) per latent frame.

        The first chunk holds one frame, every later one ``compression.time``; memory does not grow with T'.
        """
        ...
