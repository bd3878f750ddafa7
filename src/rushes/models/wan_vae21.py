"""The video autoencoder of Wan2.1 and A14B (wan/modules/vae2_1.py of Wan2.2): 4x8x8 pixels, 16 channels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from rushes.core.shapes import Compression
from rushes.models.wan_vae import WanVAE
from rushes.models.wan_vae_layers import (
    AttentionBlock,
    CausalConv3d,
    ChannelNorm,
    Downsample,
    FeatureCache,
    ResidualBlock,
    Upsample,
    activate,
    run,
)

MEAN = (
    -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
    0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921,
)  # fmt: skip
STD = (
    2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
    3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160,
)  # fmt: skip


@dataclass(frozen=True)
class WanVAE21Config:
    """Architecture; the defaults are the published ones. ``mean`` and ``std`` whiten the latents."""

    kind: ClassVar[str] = "wan2.1"

    width: int = 96
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    temporal: tuple[bool, ...] = (False, True, True)
    blocks: int = 2
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of every level, finest first."""
        return tuple(self.width * multiplier for multiplier in self.multipliers)


class Encoder(nn.Module):
    """Frames (B, T, H, W, 3) -> (B, T', H/8, W/8, 32)."""

    def __init__(self, config: WanVAE21Config) -> None:
        super().__init__()
        widths = config.widths
        self.conv1 = CausalConv3d(3, widths[0], 3)
        layers: list[nn.Module] = []
        for level, (before, width) in enumerate(pairwise((widths[0], *widths))):
            layers += [ResidualBlock(before if i == 0 else width, width) for i in range(config.blocks)]
            if level < len(config.temporal):
                layers.append(Downsample(width, config.temporal[level]))
        self.downsamples = nn.ModuleList(layers)
        self.middle = middle(widths[-1])
        self.head = head(widths[-1], 2 * len(config.mean))

    def forward(self, frames: Tensor, cache: FeatureCache) -> Tensor:
        """One chunk: one frame at the start, later four."""
        x = run(self.downsamples, self.conv1(frames, cache), cache)
        return show(self.head, run(self.middle, x, cache), cache)


class Decoder(nn.Module):
    """Latents (B, T', h, w, 16) -> frames (B, T, 8h, 8w, 3)."""

    def __init__(self, config: WanVAE21Config) -> None:
        super().__init__()
        widths, temporal = config.widths[::-1], config.temporal[::-1]
        self.conv1 = CausalConv3d(len(config.mean), widths[0], 3)
        self.middle = middle(widths[0])
        layers: list[nn.Module] = []
        before = widths[0]
        for level, width in enumerate(widths):
            layers += [ResidualBlock(before if i == 0 else width, width) for i in range(config.blocks + 1)]
            if level < len(temporal):
                before = width // 2
                layers.append(Upsample(width, before, temporal[level]))
        self.upsamples = nn.ModuleList(layers)
        self.head = head(widths[-1], 3)

    def forward(self, latents: Tensor, cache: FeatureCache) -> Tensor:
        """One chunk of any number of latent frames."""
        x = run(self.middle, self.conv1(latents, cache), cache)
        return show(self.head, run(self.upsamples, x, cache), cache)


def middle(width: int) -> nn.ModuleList:
    """The coarsest level: a block, attention inside each frame, a block."""
    return nn.ModuleList([ResidualBlock(width, width), AttentionBlock(width), ResidualBlock(width, width)])


def head(width: int, out_channels: int) -> nn.ModuleDict:
    """The last norm and convolution."""
    return nn.ModuleDict({"0": ChannelNorm(width), "2": CausalConv3d(width, out_channels, 3)})


def show(layers: nn.ModuleDict, x: Tensor, cache: FeatureCache) -> Tensor:
    """Apply a :func:`head`."""
    result: Tensor = layers["2"](activate(layers["0"], x, into=x), cache)
    return result


class WanVAE21(WanVAE):
    """Wan2.1's codec."""

    def __init__(self, config: WanVAE21Config) -> None:
        super().__init__(config.mean, config.std, Compression(time=4, height=8, width=8))
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
