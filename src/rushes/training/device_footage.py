"""Training data made on a device, without skia: the same shards as ``rushes.training.footage`` makes.

Scenes are packed in worker processes, drawn and coded on the device, and only what training reads is kept:
latents, where the subject is, and how it moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from einops import reduce
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.models.mini_codec import MiniCodec
from rushes.training.crops import CropShard
from rushes.training.filming import Footage
from rushes.training.shards import Shard, Shelves, later_frames, moments, to_pixels
from rushes.world.cells import CELL, cell_means
from rushes.world.classes import SUBJECT
from rushes.world.raster.feed import batches
from rushes.world.raster.render import BatchMaps, render_maps

# What is drawn and coded at a time: about 4 GB of working memory each.
FRAMES_DRAWN = 2048
FRAMES_CODED = 1024


class Reel(NamedTuple):
    """Some scenes: latents (N, C, T', H', W'), presence (N, T', H', W'), motion (N, 3, T', H', W')."""

    latents: Tensor
    presence: Tensor
    motion: Tensor


@dataclass(frozen=True)
class DeviceFilming:
    """Films on ``device``, with so many worker processes packing scenes."""

    device: torch.device
    workers: int

    def footage(self, shard: Shard) -> Footage:
        """Pictures of a shard, and where the subject is in them."""
        packed = batches(list(shard.scenes()), shard.num_frames, _scenes_at_once(shard), self.workers)
        frames, presence = [], []
        for batch in packed:
            pictures, maps = render_maps(batch, self.device)
            frames.append(pictures.cpu().numpy())
            presence.append(_subject_shares(maps).to(torch.float16).cpu().numpy())
        return Footage(np.concatenate(frames), np.concatenate(presence))

    def film(self, shards: Sequence[Shard], shelves: Shelves, codec: MiniCodec) -> Iterator[Shard]:
        """Put every one of ``shards`` on its shelves; yields each when it lies there."""
        for num_frames, same in groupby(shards, key=lambda shard: shard.num_frames):
            group, held = list(same), list[Reel]()
            reels = _reels(group, num_frames, codec, self)
            for shard in group:
                while sum(len(reel.latents) for reel in held) < shard.count:
                    held.append(next(reels))
                whole = Reel(*(torch.cat(parts) for parts in zip(*held, strict=True)))
                shelves.put(shard, *(part[: shard.count].cpu().numpy() for part in whole))
                held = [Reel(*(part[shard.count :] for part in whole))]
                yield shard

    def crops(self, folder: Path, scenes: int, codec: MiniCodec) -> Iterator[CropShard]:
        """Raises UsageError: the upscaler's large pictures are drawn with skia alone."""
        del folder, scenes, codec
        raise UsageError("the upscaler's pictures are drawn with skia: train it on the CPU")


def _scenes_at_once(shard: Shard) -> int:
    return max(1, FRAMES_DRAWN // shard.num_frames)


@torch.no_grad()
def _reels(
    shards: Sequence[Shard], num_frames: int, codec: MiniCodec, filming: DeviceFilming
) -> Iterator[Reel]:
    scenes = [scene for shard in shards for scene in shard.scenes()]
    chosen = [moments(scene, num_frames) for scene in scenes]
    size, length = _scenes_at_once(shards[0]), chosen[0][0]
    for batch in batches(scenes, length, size, filming.workers, [drawn for _, drawn in chosen]):
        frames, maps = render_maps(batch, filming.device)
        yield Reel(_coded(codec, frames), _presence(maps), _motion(maps))


def _coded(codec: MiniCodec, frames: Tensor) -> Tensor:
    """uint8 (N, T, H, W, 3) -> float16 latents."""
    parts = torch.split(frames, max(1, FRAMES_CODED // frames.shape[1]))
    with torch.autocast(frames.device.type, torch.bfloat16):
        return torch.cat([codec.encode(to_pixels(part)) for part in parts]).to(torch.float16)


def _subject_shares(maps: BatchMaps) -> Tensor:
    """(N, T, H/16, W/16): share of each cell under the subject."""
    shares: Tensor = cell_means((maps.classes == SUBJECT).float())
    return shares


def _presence(maps: BatchMaps) -> Tensor:
    return later_frames(_subject_shares(maps)[:, None])[:, 0].to(torch.float16)


def _motion(maps: BatchMaps) -> Tensor:
    """As ``latent_motion`` of ``rushes.training.footage``; of a still it is zero."""
    flow = torch.cat([maps.flow, maps.visible[..., None].float()], dim=-1)
    if not flow.shape[1]:
        flow = flow.new_zeros(len(flow), 1, *flow.shape[2:])
    else:
        flow = torch.cat([flow, flow[:, -1:]], dim=1)
    cells = reduce(flow, "n t (h p) (w q) c -> n c t h w", "mean", p=CELL, q=CELL)
    return later_frames(cells).to(torch.float16)
