"""Training data drawn with skia: pictures for the codec, and what it makes of them for the transformer."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from einops import reduce
from numpy.typing import NDArray

from rushes.models.mini_codec import MiniCodec
from rushes.training.crops import CropShard
from rushes.training.filming import Footage
from rushes.training.flows import CELL
from rushes.training.shards import Shard, Shelves, later_frames, moments, to_pixels
from rushes.training.upscaler_data import crop_shards
from rushes.world.presence import subject_presence
from rushes.world.render import render, render_frames
from rushes.world.scene import Scene


class SkiaFilming:
    """Films on the CPU, scene by scene."""

    device = torch.device("cpu")

    def footage(self, shard: Shard) -> Footage:
        """Pictures of a shard, and where the subject is in them."""
        scenes, length = list(shard.scenes()), shard.num_frames
        presence = np.stack([subject_presence(scene, *moments(scene, length)) for scene in scenes])
        frames = np.stack([render_scene(scene, length) for scene in scenes])
        return Footage(frames, presence.astype(np.float16))

    def film(self, shards: Sequence[Shard], shelves: Shelves, codec: MiniCodec) -> Iterator[Shard]:
        """Put every one of ``shards`` on its shelves; yields each when it lies there."""
        for shard in shards:
            scenes, length = list(shard.scenes()), shard.num_frames
            kinds = [
                [encode_clip(codec, render_scene(scene, length)) for scene in scenes],
                [latent_presence(scene, length) for scene in scenes],
            ]
            if shelves.motion:
                kinds.append([latent_motion(scene, length) for scene in scenes])
            shelves.put(shard, *(np.stack(kind) for kind in kinds))
            yield shard

    def crops(self, folder: Path, scenes: int, codec: MiniCodec) -> Iterator[CropShard]:
        """What the upscaler learns from, kept in ``folder``."""
        return crop_shards(folder, scenes, codec)


def render_scene(scene: Scene, num_frames: int) -> NDArray[np.uint8]:
    """(T, H, W, 3); a still is a moment chosen by the scene's seed, so that poses in mid-action are seen."""
    return render_frames(scene, *moments(scene, num_frames))


def latent_presence(scene: Scene, num_frames: int) -> NDArray[np.float16]:
    """(T', H', W'): share of each latent cell under the subject, a mean over the frames the cell covers."""
    presence = subject_presence(scene, *moments(scene, num_frames))
    cells: NDArray[np.float16] = later_frames(presence[None, None])[0, 0].astype(np.float16)
    return cells


def latent_motion(scene: Scene, num_frames: int) -> NDArray[np.float16]:
    """(3, T', H', W'): mean flow to the next frame, x and y, and share that stays visible, cell by cell.

    The last frame, which has no next, counts like the one before. A still shows no motion: all zero.
    """
    clip = render(scene, num_frames)
    known = np.concatenate([clip.flow, clip.visible[..., None].astype(np.float32)], axis=-1)
    known = np.concatenate([known, known[-1:] if len(known) else np.zeros((1, *known.shape[1:]), np.float32)])
    cells = reduce(known, "t (h p) (w q) c -> c t h w", "mean", p=CELL, q=CELL)
    motion: NDArray[np.float16] = later_frames(cells[None])[0].astype(np.float16)
    return motion


@torch.no_grad()
def encode_clip(codec: MiniCodec, clip: NDArray[np.uint8]) -> NDArray[np.float16]:
    """(T, H, W, 3) -> (C, T', H', W') float16."""
    with torch.autocast("cpu", torch.bfloat16):
        latents = codec.encode(to_pixels(torch.from_numpy(clip[None])))
    coded: NDArray[np.float16] = latents[0].to(torch.float16).numpy()
    return coded
