"""Mini's video codec: a compact causal autoencoder, 4x16x16 pixels to one latent cell.

A linear map between patches of 4x16x16 pixels and latents (started from principal components, which alone
reach 24 dB) plus a network for what is not linear: factorised (2+1)D residual blocks without norms (one per
block cost 10 % time and gained nothing). Causal along time: frame 0 stands alone, then every four frames make
one latent frame, so a clip can be coded and decoded chunk by chunk with the same result. Activations stay
channels-last (the einops patterns end in ``c`` and are then viewed as ``b c t h w``), which the CPU's bf16
convolutions need.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.core.errors import UsageError
from rushes.core.shapes import Compression

PATCH_VALUES = 4 * 16 * 16 * 3


@dataclass(frozen=True)
class MiniCodecConfig:
    """Widths at 1/4, 1/8 and 1/16 of the picture; residual blocks per level are fixed by the class."""

    kind: ClassVar[str] = "mini"

    latent_channels: int
    encoder_widths: tuple[int, int, int]
    decoder_widths: tuple[int, int, int]


class Past:
    """What each causal layer remembers of the frames before the current chunk; one object per stream."""

    def __init__(self) -> None:
        self._frames: dict[nn.Module, Tensor] = {}

    def prepend(self, layer: nn.Module, x: Tensor, kept: int, padding: int) -> Tensor:
        """``x`` with the ``kept`` frames before it; at the start, the first repeated ``padding`` times."""
        before = self._frames.get(layer)
        joined = torch.cat([x[:, :, :1]] * padding + [x] if before is None else [before, x], dim=2)
        self._frames[layer] = joined[:, :, joined.shape[2] - kept :]
        return joined

    def is_start(self, layer: nn.Module) -> bool:
        """Whether ``layer`` has seen no chunk of this stream yet."""
        return layer not in self._frames


def _to_patches(x: Tensor, size: int) -> Tensor:
    patches = rearrange(x, "b c t (h p) (w q) -> b t h w (p q c)", p=size, q=size)
    return rearrange(patches, "b t h w c -> b c t h w")


def _from_patches(x: Tensor, size: int) -> Tensor:
    pixels = rearrange(x, "b (p q c) t h w -> b t (h p) (w q) c", p=size, q=size)
    return rearrange(pixels, "b t h w c -> b c t h w")


class SpatialConv(nn.Module):
    """Conv2d on every frame of (B, C, T, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H', W')."""
        frames = self.conv(rearrange(x, "b c t h w -> (b t) c h w"))
        restored: Tensor = rearrange(frames, "(b t) c h w -> b c t h w", b=x.shape[0])
        return restored


class CausalConv(nn.Module):
    """Convolution along time over the current and the two frames before; stride 1 or 2."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, (3, 1, 1), stride=(stride, 1, 1))
        self.kept = 3 - stride

    @torch.no_grad()
    def start_as_copy(self) -> None:
        """Begin by repeating the current frame, so that a fresh video codec is an image codec."""
        for parameter in self.conv.parameters():
            parameter.zero_()
        width = self.conv.in_channels
        for row in range(self.conv.out_channels):
            self.conv.weight[row, row % width, -1] = 1

    def forward(self, x: Tensor, past: Past) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T or T/2, H, W)."""
        joined: Tensor = self.conv(past.prepend(self, x, kept=self.kept, padding=2))
        return joined


class Block(nn.Module):
    """x + temporal(silu(spatial(silu(x)))); the temporal part starts at zero so that depth is harmless."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.spatial = SpatialConv(width, width)
        self.temporal = CausalConv(width, width)
        for parameter in self.temporal.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, past: Past) -> Tensor:
        """(B, C, T, H, W) -> same."""
        result: Tensor = x + self.temporal(F.silu(self.spatial(F.silu(x))), past)
        return result


class TemporalUp(nn.Module):
    """Two frames from each, except the first of a clip, which stays one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = CausalConv(width, 2 * width)
        self.conv.start_as_copy()

    def forward(self, x: Tensor, past: Past) -> Tensor:
        """(B, C, T, H, W) -> (B, C, 2T or 2T-1, H, W)."""
        start = past.is_start(self.conv)
        pairs = rearrange(self.conv(x, past), "b (p c) t h w -> b (t p) h w c", p=2)
        pairs = rearrange(pairs, "b t h w c -> b c t h w")
        doubled: Tensor = pairs[:, :, 1:] if start else pairs
        return doubled


class SpatialUp(nn.Module):
    """Twice the height and width by a pointwise convolution and a pixel shuffle."""

    def __init__(self, in_width: int, out_width: int) -> None:
        super().__init__()
        self.conv = SpatialConv(in_width, 4 * out_width, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, 2H, 2W)."""
        return _from_patches(self.conv(x), 2)


class PatchEncoder(nn.Module):
    """Linear: every 4x16x16 pixels to one latent; the first frame of a clip counts as four."""

    def __init__(self, latent_channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(PATCH_VALUES, latent_channels)

    def forward(self, frames: Tensor, past: Past) -> Tensor:
        """(B, 3, T, H, W) -> (B, C, T/4, H/16, W/16)."""
        whole = past.prepend(self, frames, kept=0, padding=3)
        patches = rearrange(whole, "b c (t o) (h p) (w q) -> b t h w (o p q c)", o=4, p=16, q=16)
        latents: Tensor = rearrange(self.linear(patches), "b t h w c -> b c t h w")
        return latents


class PatchDecoder(nn.Module):
    """The reverse; of the first latent frame of a clip only the last picture is shown."""

    def __init__(self, latent_channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(latent_channels, PATCH_VALUES)

    def forward(self, latents: Tensor, is_start: bool) -> Tensor:
        """(B, C, T, H, W) -> (B, 3, 4T or 4T-3, 16H, 16W)."""
        patches = self.linear(rearrange(latents, "b c t h w -> b t h w c"))
        frames = rearrange(patches, "b t h w (o p q c) -> b c (t o) (h p) (w q)", o=4, p=16, q=16)
        shown: Tensor = frames[:, :, 3:] if is_start else frames
        return shown


class Encoder(nn.Module):
    """(B, 3, 4n+1, H, W) in [-1, 1] -> (B, latent channels, n+1, H/16, W/16), not yet normalised."""

    def __init__(self, config: MiniCodecConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.encoder_widths
        self.patches = PatchEncoder(config.latent_channels)
        self.stem = SpatialConv(48, fine)
        self.fine = Block(fine)
        self.to_middle = SpatialConv(fine, middle, stride=2)
        self.middle = Block(middle)
        self.halve_rate = CausalConv(middle, middle, stride=2)
        self.middle_slow = Block(middle)
        self.to_coarse = SpatialConv(middle, coarse, stride=2)
        self.quarter_rate = CausalConv(coarse, coarse, stride=2)
        self.coarse = nn.ModuleList([Block(coarse), Block(coarse)])
        self.head = SpatialConv(coarse, config.latent_channels)
        for rate in (self.halve_rate, self.quarter_rate):
            rate.start_as_copy()
        nn.init.zeros_(self.head.conv.weight)

    def forward(self, frames: Tensor, past: Past) -> Tensor:
        """One chunk of a clip; the first chunk of a stream has one frame or 4n+1, later ones 4n."""
        x = self.stem(_to_patches(frames, 4))
        x = self.to_middle(self.fine(x, past))
        x = self.halve_rate(self.middle(x, past), past)
        x = self.to_coarse(self.middle_slow(x, past))
        x = self.quarter_rate(x, past)
        for block in self.coarse:
            x = block(x, past)
        latents: Tensor = self.patches(frames, past) + self.head(F.silu(x))
        return latents


class Decoder(nn.Module):
    """(B, latent channels, n+1, H/16, W/16) -> (B, 3, 4n+1, H, W), unclamped."""

    def __init__(self, config: MiniCodecConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.decoder_widths
        self.patches = PatchDecoder(config.latent_channels)
        self.stem = SpatialConv(config.latent_channels, coarse)
        self.coarse = nn.ModuleList([Block(coarse), Block(coarse), Block(coarse)])
        self.double_rate = TemporalUp(coarse)
        self.to_middle = SpatialUp(coarse, middle)
        self.middle_slow = nn.ModuleList([Block(middle), Block(middle)])
        self.quadruple_rate = TemporalUp(middle)
        self.middle = Block(middle)
        self.to_fine = SpatialUp(middle, fine)
        self.fine = nn.ModuleList([Block(fine), Block(fine)])
        self.head = SpatialConv(fine, 48)
        nn.init.zeros_(self.head.conv.weight)

    def forward(self, latents: Tensor, past: Past) -> Tensor:
        """One chunk of latent frames."""
        linear = self.patches(latents, past.is_start(self.double_rate.conv))
        x = self.stem(latents)
        for block in self.coarse:
            x = block(x, past)
        x = self.to_middle(self.double_rate(x, past))
        for block in self.middle_slow:
            x = block(x, past)
        x = self.middle(self.quadruple_rate(x, past), past)
        x = self.to_fine(x)
        for block in self.fine:
            x = block(x, past)
        pixels: Tensor = linear + _from_patches(self.head(F.silu(x)), 4)
        return pixels


class MiniCodec(nn.Module):
    """The codec as the engine uses it: pixels in [-1, 1], latents of zero mean and unit deviation.

    Frames come as 4n+1 (``Compression.latent_frames`` checks it); one chunk is one latent frame.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: MiniCodecConfig) -> None:
        super().__init__()
        self.config = config
        self.compression = Compression(time=4, height=16, width=16)
        self.latent_channels = config.latent_channels
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.register_buffer("latent_mean", torch.zeros(config.latent_channels))
        self.register_buffer("latent_std", torch.ones(config.latent_channels))

    @property
    def dtype(self) -> torch.dtype:
        """What the networks compute in; latents and pixels outside are float32."""
        return self.decoder.stem.conv.weight.dtype

    def encode(self, frames: Tensor) -> Tensor:
        """(B, 3, 4n+1, H, W) in [-1, 1] -> normalised latents (B, C, n+1, H/16, W/16).

        Raises UsageError when the clip is not 4n+1 frames or not a multiple of 16 pixels.
        """
        return torch.cat(list(self.encode_stream(frames)), dim=2)

    def encode_stream(self, frames: Tensor) -> Iterator[Tensor]:
        """The same, one latent frame at a time."""
        self._check(frames)
        past = Past()
        step = self.compression.time
        for end in range(1, frames.shape[2] + 1, step):
            chunk = frames[:, :, max(0, end - step) : end].to(self.dtype)
            yield self.normalise(self.encoder(chunk, past).float())

    def decode(self, latents: Tensor) -> Tensor:
        """Normalised latents (B, C, n+1, h, w) -> pixels (B, 3, 4n+1, 16h, 16w) in [-1, 1]."""
        return torch.cat(list(self.decode_stream(latents)), dim=2)

    def decode_stream(self, latents: Tensor) -> Iterator[Tensor]:
        """The same, chunk by chunk: one frame from the first latent frame, four from every later one."""
        past = Past()
        for index in range(latents.shape[2]):
            chunk = self.denormalise(latents[:, :, index : index + 1]).to(self.dtype)
            yield self.decoder(chunk, past).float().clamp(-1, 1)

    def sketch(self, latents: Tensor) -> Tensor:
        """Latents (B, C, T, h, w) -> a picture per latent frame (B, 3, T, 16h, 16w), by the linear map alone.

        A hundredth of the decoder's time, and on clips of the film world within 0.5 dB of it.
        """
        cells = self.denormalise(latents).to(self.dtype)
        pictures = [self.decoder.patches(cell, is_start=True) for cell in torch.split(cells, 1, dim=2)]
        return torch.cat(pictures, dim=2).float().clamp(-1, 1)

    def normalise(self, latents: Tensor) -> Tensor:
        """Raw encoder output to zero mean and unit deviation per channel."""
        return (latents - _per_channel(self.latent_mean)) / _per_channel(self.latent_std)

    def denormalise(self, latents: Tensor) -> Tensor:
        """The inverse of :meth:`normalise`."""
        return latents * _per_channel(self.latent_std) + _per_channel(self.latent_mean)

    def _check(self, frames: Tensor) -> None:
        _, _, num_frames, height, width = frames.shape
        self.compression.latent_frames(num_frames)
        if height % self.compression.height or width % self.compression.width:
            raise UsageError(f"frames are {width}x{height}: pad them to a multiple of 16x16")


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1, 1)
