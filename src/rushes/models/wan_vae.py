"""What Wan's two video autoencoders share as codecs: whitened latents, and streams of causal chunks."""

from collections.abc import Iterator, Sequence

import torch
from einops import rearrange
from torch import Tensor, nn

from rushes.core.errors import UsageError
from rushes.core.shapes import Compression
from rushes.models.wan_vae_layers import CausalConv3d, FeatureCache


class WanVAE(nn.Module):
    """A :class:`~rushes.models.codec.VideoCodec` around an encoder and a decoder that subclasses build.

    Parameters are uninitialised until a strict load. Encoding takes the mean of the posterior.
    """

    encoder: nn.Module
    decoder: nn.Module

    def __init__(self, mean: Sequence[float], std: Sequence[float], compression: Compression) -> None:
        super().__init__()
        self.compression = compression
        self.latent_channels = len(mean)
        self._statistics = (tuple(mean), tuple(std))
        self.conv1 = CausalConv3d(2 * len(mean), 2 * len(mean), 1)
        self.conv2 = CausalConv3d(len(mean), len(mean), 1)

    @property
    def dtype(self) -> torch.dtype:
        """What the networks compute in; latents and pixels outside are at least float32."""
        return self.conv2.weight.dtype

    def encode(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, 4n+1, H, W) in [-1, 1] -> normalised latents (B, C, n+1, H', W').

        Raises UsageError when the clip is not 4n+1 frames or no multiple of the latent cell.
        """
        return torch.cat(list(self.encode_stream(frames)), dim=2)

    def encode_stream(self, frames: Tensor) -> Iterator[Tensor]:
        """The same, one latent frame at a time."""
        self._check(frames)
        cache, step = FeatureCache(), self.compression.time
        for end in range(1, frames.shape[2] + 1, step):
            chunk = rearrange(frames[:, :, max(0, end - step) : end], "b c t h w -> b t h w c")
            moments = self.conv1(self.encoder(self._shape_in(chunk.to(self.dtype)), cache), cache)
            mean = rearrange(moments[..., : self.latent_channels], "b t h w c -> b c t h w")
            yield self._whiten(mean.to(frames.dtype))

    def decode(self, latents: Tensor) -> Tensor:
        """Normalised latents (B, C, n+1, h, w) -> frames (B, 3, 4n+1, H, W) clamped to [-1, 1]."""
        return torch.cat(list(self.decode_stream(latents)), dim=2)

    def decode_stream(self, latents: Tensor) -> Iterator[Tensor]:
        """The same, chunk by chunk: one frame from the first latent frame, four from every later one."""
        cache = FeatureCache()
        for index in range(latents.shape[2]):
            raw = rearrange(self._colour(latents[:, :, index : index + 1]), "b c t h w -> b t h w c")
            decoded = self._shape_out(self.decoder(self.conv2(raw.to(self.dtype), cache), cache))
            yield rearrange(decoded, "b t h w c -> b c t h w").to(latents.dtype).clamp(-1, 1)

    def _shape_in(self, frames: Tensor) -> Tensor:
        """Frames (B, T, H, W, 3) as the encoder takes them."""
        return frames

    def _shape_out(self, decoded: Tensor) -> Tensor:
        """The decoder's output as frames (B, T, H, W, 3)."""
        return decoded

    def _whiten(self, latents: Tensor) -> Tensor:
        mean, std = (latents.new_tensor(values).view(1, -1, 1, 1, 1) for values in self._statistics)
        return (latents - mean) / std

    def _colour(self, latents: Tensor) -> Tensor:
        mean, std = (latents.new_tensor(values).view(1, -1, 1, 1, 1) for values in self._statistics)
        return latents * std + mean

    def _check(self, frames: Tensor) -> None:
        _, _, num_frames, height, width = frames.shape
        cell = self.compression
        cell.latent_frames(num_frames)
        if height % cell.height or width % cell.width:
            raise UsageError(
                f"frames are {width}x{height}: pad them to a multiple of {cell.width}x{cell.height}"
            )
