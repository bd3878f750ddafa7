"""A codec's decoder divided over ranks by rows of the picture; the result is that of one rank.

Every layer that looks beyond its rows gets the next one from its neighbours, and attention inside a frame
everyone's keys and values, so nothing is cut off and nothing blended: exact, unlike tiles. Time is not
divided: every rank streams through it, and the causal cache of each layer holds the rank's own rows.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rushes.core.errors import UsageError
from rushes.engine.parallel.channel import Channel
from rushes.engine.parallel.tokens import even_shares
from rushes.models.codecs import Codec
from rushes.models.mini_codec import MiniCodec
from rushes.models.wan_vae_layers import AttentionBlock, Upsample


class SharedRows:
    """The hooks on one decoder whose pictures have their rows along ``axis``."""

    def __init__(self, channel: Channel, axis: int) -> None:
        self._channel = channel
        self._axis = axis
        self._shares: list[int] = []

    def keep_own(self, _decoder: nn.Module, arguments: tuple[Tensor, Any]) -> tuple[Tensor, Any]:
        """Whole latents in, this rank's rows on."""
        latents, past = arguments
        rows, size = latents.shape[self._axis], self._channel.size
        if rows < size:
            raise UsageError(f"{size} devices cannot divide {rows} rows of latents: use at most {rows}")
        self._shares = even_shares(rows, size)
        return torch.split(latents, self._shares, self._axis)[self._channel.index], past

    def collect(self, _decoder: nn.Module, _arguments: Any, pictures: Tensor) -> Tensor:
        """Own rows of pictures in, whole ones out, on every rank."""
        scale = pictures.shape[self._axis] // self._own
        before, behind = pictures.shape[: self._axis], pictures.shape[self._axis + 1 :]
        shapes = [(*before, rows * scale, *behind) for rows in self._shares]
        return torch.cat(self._channel.gather(pictures, shapes, "pictures"), self._axis)

    def add_halo(self, _layer: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A row more on every side that has a neighbour, and two rows more in all.

        Rows lie along axis 2 for all layers: (N, C, H, W) of pictures, (B, T, H, W, C) of Wan's clips.
        """
        x, *others = arguments
        first, last = x[:, :, :1], x[:, :, -1:]
        empty = x[:, :, :0]
        above, below = self._channel.index - 1, self._channel.index + 1
        sent = {above: first, below: last}
        parts = [sent.get(rank, empty) for rank in range(self._channel.size)]
        arrived = self._channel.exchange(parts, [part.shape for part in parts], "halo")
        top, bottom = self._margins
        rows = x.shape[2]
        # padding keeps the memory format, which the fast kernels need; a concatenation may not
        x = F.pad(x, [0, 0] * (x.ndim - 3) + [top, bottom])
        if top:
            x[:, :, top - 1 : top] = arrived[above]
        if bottom:
            x[:, :, top + rows : top + rows + 1] = arrived[below]
        return x, *others

    def drop_halo(self, scale: int, _layer: nn.Module, _arguments: Any, result: Tensor) -> Tensor:
        """Without what became of the rows around the own ones, ``scale`` of each."""
        top, bottom = (scale * margin for margin in self._margins)
        return result[:, :, top : result.shape[2] - bottom]

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Own places (N, 1, own rows * W, C) to everyone's."""
        width = keys.shape[2] // self._own
        packed = torch.stack([keys, values])
        shapes = [(*packed.shape[:3], rows * width, packed.shape[4]) for rows in self._shares]
        keys, values = torch.cat(self._channel.gather(packed, shapes, "rows"), dim=3).unbind(0)
        return F.scaled_dot_product_attention(queries, keys, values)

    @property
    def _own(self) -> int:
        return self._shares[self._channel.index]

    @property
    def _margins(self) -> tuple[int, int]:
        """Rows put above and below: a neighbour's, beyond it nothing, but two in all on every rank.

        An even number stays even so, which the fast kernel for CPUs needs (:mod:`rushes.models.winograd`).
        """
        first, last = self._channel.index == 0, self._channel.index == self._channel.size - 1
        return (0, 2) if first else (2, 0) if last else (1, 1)


def share_rows(codec: Codec, channel: Channel) -> None:
    """Let the ranks of ``channel`` decode together, each its rows; the frames are whole on each.

    Its decoder alone would then wait for the others. Raises UsageError, when it decodes, for pictures with
    fewer rows of latents than ranks.
    """
    if channel.size == 1:
        return
    rows = SharedRows(channel, axis=3 if isinstance(codec, MiniCodec) else 2)
    codec.decoder.register_forward_pre_hook(rows.keep_own)
    codec.decoder.register_forward_hook(rows.collect)
    for module in codec.decoder.modules():
        if isinstance(module, AttentionBlock):
            module.attend = rows.attend
    for layer, scale in looking_beyond(codec.decoder).items():
        layer.register_forward_pre_hook(rows.add_halo)
        layer.register_forward_hook(partial(rows.drop_halo, scale))


def looking_beyond(decoder: nn.Module) -> Mapping[nn.Module, int]:
    """Layers that look one row beyond their own, and how many rows they make of each."""
    layers: dict[nn.Module, int] = {}
    within: set[nn.Module] = set()
    for module in decoder.modules():
        if isinstance(module, Upsample):
            layers[module] = 2
            within.update(module.modules())
        elif isinstance(module, nn.Conv2d | nn.Conv3d) and module.padding[-2] and module not in within:
            layers[module] = 1
    return layers
