"""The layers of Wan's two video autoencoders (wan/modules/vae2_1.py, vae2_2.py), in their parameter names.

Between layers a clip is (B, T, H, W, C), contiguous: norms run over the last axis, and convolutions see the
same memory as channels-last, which the fast bfloat16 kernels of CPU and GPU want.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from einops import rearrange, reduce
from torch import Tensor, nn

from rushes.models import winograd
from rushes.models.precision import wide

KEPT = 2
"""Frames a temporal convolution remembers: its kernel of three looks two back."""
PIECE = 1 << 18
"""Values that norms work through at once on a CPU: enough to share out, few enough for its caches."""


class FeatureCache:
    """What every temporal layer remembers of the frames before the current chunk; one object per stream.

    It is part of the model: the temporal resampling treats the first frame of a stream by itself.
    ``scratch`` is memory that the stream's convolutions share.
    """

    def __init__(self) -> None:
        self._frames: dict[nn.Module, Tensor] = {}
        self.scratch = winograd.Scratch()

    def is_start(self, layer: nn.Module) -> bool:
        """Whether ``layer`` has kept nothing of this stream yet."""
        return layer not in self._frames

    def before(self, layer: nn.Module) -> Tensor | None:
        """The frames ``layer`` kept, (B, up to 2, H, W, C)."""
        return self._frames.get(layer)

    def keep(self, layer: nn.Module, frames: Tensor) -> None:
        """Remember ``frames`` until the next chunk; a view would keep the whole chunk in memory."""
        self._frames[layer] = frames


class ChannelNorm(nn.Module):
    """x / |x| * sqrt(C) * gamma over the channels: an RMS norm whose epsilon only guards a zero vector.

    The official shape of gamma has a trailing one for every axis of the picture: (C, 1, 1) or (C, 1, 1, 1).
    """

    def __init__(self, channels: int, picture_axes: int = 3) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(channels, *(1,) * picture_axes))

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True).clamp_(min=1e-12)
        scale = self.gamma.flatten() * self.gamma.shape[0] ** 0.5
        normed: Tensor = x / length
        # new memory for a large clip costs as much as the arithmetic
        return normed * scale if torch.is_grad_enabled() else normed.mul_(scale)


def activate(norm: nn.Module, x: Tensor, into: Tensor | None = None) -> Tensor:
    """SiLU of the norm of (B, T, H, W, C), in its own memory or ``into``, which may be ``x`` and is lost."""
    if x.device.type != "cpu" or torch.is_grad_enabled():
        return F.silu(norm(x), inplace=True)
    # only of values that lie in a row are pieces views; convolutions may return others
    made = into if into is not None and into.is_contiguous() else x.new_empty(x.shape)
    # a piece is still in the cache from one operation to the next
    places = max(1, PIECE // x.shape[-1])
    pieces = (torch.split(values.flatten(0, -2), places) for values in (x, made))
    for piece, result in zip(*pieces, strict=True):
        result.copy_(F.silu(norm(piece), inplace=True))
    return made


class CausalConv3d(nn.Conv3d):
    """Convolution over this and earlier frames; before the first frame of a stream lie zeros."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__(in_channels, out_channels, kernel, padding=(0, kernel // 2, kernel // 2))

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:  # type: ignore[override]
        """(B, T, H, W, C) -> (B, T, H, W, C')."""
        if self.kernel_size[0] == 1:
            return pointwise(self, x)
        # two taps of time would see nothing but the zeros
        alone = x.shape[1] == 1 and cache.is_start(self)
        past = take_past(self, x, cache)
        weight, past = (self.weight[:, :, -1:], past[:, :0]) if alone else (self.weight, past)
        if self.bias is None or not winograd.suits(x, weight):
            clip = _channels_first(torch.cat([past, x], dim=1))
            return _frames_last(F.conv3d(clip, weight, self.bias, padding=self.padding))
        made = x.new_empty(*x.shape[:-1], self.out_channels)
        for before, now, into in zip(past, x, made, strict=True):
            winograd.convolve([*before, *now], weight, self.bias, into, cache.scratch)
        return made


class TimeConv(nn.Conv3d):
    """Convolution along time alone, kernel three, without padding of its own."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, (3, 1, 1), stride=(stride, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T + 2, H, W, C) -> (B, T or T / 2, H, W, C')."""
        return _frames_last(super().forward(_channels_first(x)))


def take_past(layer: nn.Module, x: Tensor, cache: FeatureCache) -> Tensor:
    """The two frames before ``x``, zeros at the start of the stream; those before the next chunk are kept."""
    past = cache.before(layer)
    if past is None:
        past = x.new_zeros(x.shape[0], KEPT, *x.shape[2:])
    cache.keep(layer, torch.cat([past[:, x.shape[1] :], x[:, -KEPT:]], dim=1))
    return past


def _channels_first(x: Tensor) -> Tensor:
    return rearrange(x, "b t h w c -> b c t h w")


def _frames_last(x: Tensor) -> Tensor:
    return rearrange(x, "b c t h w -> b t h w c")


class ResidualBlock(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x)))))); a pointwise shortcut where the width changes."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.residual = nn.ModuleDict(
            {
                "0": ChannelNorm(in_channels),
                "2": CausalConv3d(in_channels, out_channels, 3),
                "3": ChannelNorm(out_channels),
                "6": CausalConv3d(out_channels, out_channels, 3),
            }
        )
        self.shortcut = CausalConv3d(in_channels, out_channels, 1) if in_channels != out_channels else None

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:
        """(B, T, H, W, C) -> (B, T, H, W, C')."""
        layers = self.residual
        y: Tensor = layers["2"](activate(layers["0"], x), cache)
        y = layers["6"](activate(layers["3"], y, into=y), cache)
        y += x if self.shortcut is None else self.shortcut(x, cache)
        return y


class AttentionBlock(nn.Module):
    """Every place of a frame attends to its whole frame, one head.

    ``attend`` may be replaced where this process holds only some of the places.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attend: Callable[[Tensor, Tensor, Tensor], Tensor] = F.scaled_dot_product_attention
        self.norm = ChannelNorm(channels, picture_axes=2)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:  # noqa: ARG002  as every layer
        """(B, T, H, W, C) -> same."""
        places = rearrange(self.norm(x), "b t h w c -> (b t) 1 (h w) c")
        queries, keys, values = pointwise(self.to_qkv, places).chunk(3, dim=-1)
        mixed = pointwise(self.proj, self.attend(queries, keys, values))
        return x + mixed.reshape(x.shape)


def pointwise(convolution: nn.Conv2d | nn.Conv3d, x: Tensor) -> Tensor:
    """A 1x1 convolution of (..., C) as the matrix product it is."""
    return F.linear(x, convolution.weight.flatten(1), convolution.bias)


def convolve_doubled(convolution: nn.Module, x: Tensor) -> Tensor:
    """A 3x3 convolution of (B, T, H, W, C) with every pixel repeated twice along height and width.

    Each output sees two pixels along an axis, one of them through two taps: four kernels of 2x2 summed taps,
    one for each place in a doubled pixel, take 4 products where 9 were, and nothing is repeated in memory.
    """
    assert isinstance(convolution, nn.Conv2d)
    frames = rearrange(x, "b t h w c -> (b t) c h w")
    count, _, height, width = frames.shape
    doubled = x.new_empty(count, 2 * height, 2 * width, convolution.out_channels)
    taps = convolution.weight.to(wide(x.dtype))
    for row, rows in enumerate(_summed(taps, 2)):
        for column, kernel in enumerate(_summed(rows, 3)):
            made = F.conv2d(frames, kernel.to(x.dtype), convolution.bias, padding=1)
            inside = made[:, :, row : row + height, column : column + width]
            doubled[:, row::2, column::2] = rearrange(inside, "n c h w -> n h w c")
    return rearrange(doubled, "(b t) h w c -> b t h w c", b=x.shape[0])


def _summed(taps: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Three taps as the two that the first and the second of equal neighbours need."""
    first, middle, last = taps.unbind(axis)
    return torch.stack([first, middle + last], axis), torch.stack([first + middle, last], axis)


def _spatial(convolution: nn.Module, x: Tensor) -> Tensor:
    """A layer of pictures (N, C, H, W) on every frame of (B, T, H, W, C)."""
    frames = convolution(rearrange(x, "b t h w c -> (b t) c h w"))
    spread: Tensor = rearrange(frames, "(b t) c h w -> b t h w c", b=x.shape[0])
    return spread


class Downsample(nn.Module):
    """Half the height and width, and half the frames where ``temporal``; the first frame stays alone."""

    def __init__(self, channels: int, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.ModuleDict({"1": nn.Conv2d(channels, channels, 3, stride=2)})
        self.time_conv = TimeConv(channels, channels, stride=2) if temporal else None

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:
        """(B, T, H, W, C) -> (B, T or (T + 1) / 2 at the start, T / 2 later, H / 2, W / 2, C)."""
        x = _spatial(self.resample["1"], F.pad(x, (0, 0, 0, 1, 0, 1)))  # right and bottom only
        if self.time_conv is None:
            return x
        past = cache.before(self)
        cache.keep(self, x[:, -1:].clone())
        if past is not None:
            later: Tensor = self.time_conv(torch.cat([past, x], dim=1))
            return later
        # the first frame passes by; it is the left neighbour of what follows
        return x if x.shape[1] == 1 else torch.cat([x[:, :1], self.time_conv(x)], dim=1)


class Upsample(nn.Module):
    """Twice the height and width, and twice the frames where ``temporal``; the first frame stays one."""

    def __init__(self, channels: int, out_channels: int, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.ModuleDict({"1": nn.Conv2d(channels, out_channels, 3, padding=1)})
        self.time_conv = TimeConv(channels, 2 * channels) if temporal else None

    def forward(self, x: Tensor, cache: FeatureCache) -> Tensor:
        """(B, T, H, W, C) -> (B, T, or 2T - 1 at the start, 2T later, 2H, 2W, C')."""
        if self.time_conv is not None:
            x = self._twice_the_frames(self.time_conv, x, cache)
        return convolve_doubled(self.resample["1"], x)

    def _twice_the_frames(self, time_conv: TimeConv, x: Tensor, cache: FeatureCache) -> Tensor:
        """The first frame of a stream passes by unseen: for the second, the past is still zeros."""
        first, rest = (x[:, :1], x[:, 1:]) if cache.is_start(self) else (x[:, :0], x)
        if cache.is_start(self):
            cache.keep(self, x[:, :0].clone())
        if rest.shape[1]:
            pairs = time_conv(torch.cat([take_past(time_conv, rest, cache), rest], dim=1))
            rest = rearrange(pairs, "b t h w (p c) -> b (t p) h w c", p=2)
        return torch.cat([first, rest], dim=1) if first.shape[1] else rest


def average_down(x: Tensor, out_channels: int, time: int, space: int) -> Tensor:
    """Parameter-free shortcut of a level of the 2.2 encoder: cells to channels, then means of neighbours.

    (B, T, H, W, C) -> (B, ceil(T / time), H / space, W / space, out_channels); zeros go before an odd T.
    """
    x = F.pad(x, (0, 0, 0, 0, 0, 0, -x.shape[1] % time, 0))
    # channel order (C, t, p, q): groups of neighbours in it are averaged
    cells = rearrange(x, "b (t o) (h p) (w q) c -> b t h w (c o p q)", o=time, p=space, q=space)
    return reduce(cells, "b t h w (c g) -> b t h w c", "mean", c=out_channels)


def repeat_up(x: Tensor, out_channels: int, time: int, space: int, is_start: bool) -> Tensor:
    """Parameter-free shortcut of a level of the 2.2 decoder: channels repeated, then spread over cells.

    (B, T, H, W, C) -> (B, time * T, space * H, space * W, out_channels), without the ``time - 1`` frames
    that would come before the first of a stream.
    """
    copies = out_channels * time * space * space // x.shape[-1]
    repeated = x.repeat_interleave(copies, dim=-1)
    spread = rearrange(repeated, "b t h w (c o p q) -> b (t o) (h p) (w q) c", o=time, p=space, q=space)
    return spread[:, time - 1 :] if is_start else spread


def run(layers: nn.ModuleList, x: Tensor, cache: FeatureCache) -> Tensor:
    """``layers`` one after another."""
    for layer in layers:
        x = layer(x, cache)
    return x
