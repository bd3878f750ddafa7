"""The video autoencoder of TI2V-5B (wan/modules/vae2_2.py of Wan2.2): 4x16x16 pixels, 48 channels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from einops import rearrange
from torch import Tensor, nn

from rushes.core.shapes import Compression
from rushes.models.wan_vae import WanVAE
from rushes.models.wan_vae21 import head, middle, show
from rushes.models.wan_vae_layers import (
    CausalConv3d,
    Downsample,
    FeatureCache,
    ResidualBlock,
    Upsample,
    average_down,
    repeat_up,
    run,
)

MEAN = (
    -0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174, 0.1838, 0.1557, -0.1382, 0.0542, 0.2813, 0.0891,
    0.1570, -0.0098, 0.0375, -0.1825, -0.2246, -0.1207, -0.0698, 0.5109, 0.2665, -0.2108, -0.2158, 0.2502,
    -0.2055, -0.0322, 0.1109, 0.1567, -0.0729, 0.0899, -0.2799, -0.1230, -0.0313, -0.1649, 0.0117, 0.0723,
    -0.2839, -0.2083, -0.0520, 0.3748, 0.0152, 0.1957, 0.1433, -0.2944, 0.3573, -0.0548, -0.1681, -0.0667,
)  # fmt: skip
STD = (
    0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.4990, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894, 1.0901,
    0.6885, 0.6165, 0.8454, 0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659,
    0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093, 0.5709, 0.6065, 0.6415, 0.4944,
    0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.0600, 0.3943, 0.5537, 0.5444, 0.4089, 0.7468, 0.7744,
)  # fmt: skip
PATCH = 2


@dataclass(frozen=True)
class WanVAE22Config:
    """Architecture; the defaults are the published ones. ``mean`` and ``std`` whiten the latents."""

    kind: ClassVar[str] = "wan2.2"

    encoder_width: int = 160
    decoder_width: int = 256
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    temporal: tuple[bool, ...] = (False, True, True)
    blocks: int = 2
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD

    def widths(self, width: int) -> tuple[int, ...]:
        """Channels of every level, finest first."""
        return tuple(width * multiplier for multiplier in self.multipliers)


class DownLevel(nn.Module):
    """Residual blocks and a downsampling, beside a shortcut of averages."""

    def __init__(self, in_channels: int, out_channels: int, blocks: int, temporal: bool | None) -> None:
        """``temporal`` is None on the coarsest level, which does not downsample."""
        super().__init__()
        self.out_channels, self.temporal = out_channels, temporal
        layers: list[nn.Module] = [
            ResidualBlock(in_channels if i == 0 else out_channels, out_channels) for i in range(blocks)
        ]
        if temporal is not None:
            layers.append(Downsample(out_channels, temporal))
        self.downsamples = nn.ModuleList(layers)

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:
        """(B, T, H, W, C) -> (B, T or T / 2, H / 2, W / 2, C')."""
        time, space = (2 if self.temporal else 1), (1 if self.temporal is None else 2)
        return run(self.downsamples, x, cache) + average_down(x, self.out_channels, time, space)


class UpLevel(nn.Module):
    """Residual blocks and an upsampling, beside a shortcut of repeats."""

    def __init__(self, in_channels: int, out_channels: int, blocks: int, temporal: bool | None) -> None:
        """``temporal`` is None on the finest level, which has neither upsampling nor shortcut."""
        super().__init__()
        self.out_channels, self.temporal = out_channels, temporal
        layers: list[nn.Module] = [
            ResidualBlock(in_channels if i == 0 else out_channels, out_channels) for i in range(blocks)
        ]
        if temporal is not None:
            layers.append(Upsample(out_channels, out_channels, temporal))
        self.upsamples = nn.ModuleList(layers)

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:
        """(B, T, H, W, C) -> (B, T or 2T, 2H, 2W, C')."""
        if self.temporal is None:
            return run(self.upsamples, x, cache)
        is_start = cache.is_start(self)
        cache.keep(self, x[:, :0])
        time = 2 if self.temporal else 1
        return run(self.upsamples, x, cache) + repeat_up(x, self.out_channels, time, 2, is_start)


class Encoder(nn.Module):
    """Patches (B, T, H/2, W/2, 12) -> (B, T', H/16, W/16, 96)."""

    def __init__(self, config: WanVAE22Config) -> None:
        super().__init__()
        widths = config.widths(config.encoder_width)
        self.conv1 = CausalConv3d(3 * PATCH**2, widths[0], 3)
        self.downsamples = nn.ModuleList(
            DownLevel(before, width, config.blocks, temporal)
            for (before, width), temporal in zip(
                pairwise((widths[0], *widths)), (*config.temporal, None), strict=True
            )
        )
        self.middle = middle(widths[-1])
        self.head = head(widths[-1], 2 * len(config.mean))

    def forward(self, patches: Tensor, cache: FeatureCache) -> Tensor:
        """One chunk: one frame at the start, later four."""
        x = run(self.downsamples, self.conv1(patches, cache), cache)
        return show(self.head, run(self.middle, x, cache), cache)


class Decoder(nn.Module):
    """Latents (B, T', h, w, 48) -> patches (B, T, 8h, 8w, 12)."""

    def __init__(self, config: WanVAE22Config) -> None:
        super().__init__()
        widths = config.widths(config.decoder_width)[::-1]
        self.conv1 = CausalConv3d(len(config.mean), widths[0], 3)
        self.middle = middle(widths[0])
        self.upsamples = nn.ModuleList(
            UpLevel(before, width, config.blocks + 1, temporal)
            for (before, width), temporal in zip(
                pairwise((widths[0], *widths)), (*config.temporal[::-1], None), strict=True
            )
        )
        self.head = head(widths[-1], 3 * PATCH**2)

    def forward(self, latents: Tensor, cache: FeatureCache) -> Tensor:
        """One chunk of any number of latent frames."""
        x = run(self.middle, self.conv1(latents, cache), cache)
        return show(self.head, run(self.upsamples, x, cache), cache)


class WanVAE22(WanVAE):
    """Wan2.2's codec."""

    def __init__(self, config: WanVAE22Config) -> None:
        super().__init__(config.mean, config.std, Compression(time=4, height=16, width=16))
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def _shape_in(self, frames: Tensor) -> Tensor:
        # the column offset is the outer of the two: the official order is (c, r, q), r along the width
        return rearrange(frames, "b t (h q) (w r) c -> b t h w (c r q)", q=PATCH, r=PATCH)

    def _shape_out(self, decoded: Tensor) -> Tensor:
        return rearrange(decoded, "b t h w (c r q) -> b t (h q) (w r) c", q=PATCH, r=PATCH)
