"""Training data: scenes by seed, rendered once into shards of frames, coded once into shards of latents.

A scene is its seed, so a shard is named by clip length and first seed and holds nothing but numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from einops import rearrange, reduce
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.mini_codec import MiniCodec
from rushes.training.flows import CELL, FRAMES_PER_LATENT
from rushes.training.recipe import DataRun
from rushes.world.presence import subject_presence
from rushes.world.render import render, render_frames
from rushes.world.scene import Scene, sample_scene

# Seeds below are training; evaluation scenes lie above and are never rendered for training.
FIRST_EVALUATION_SEED = 1_000_000_000
# Watched during training, and neither trained on nor reported.
FIRST_VALIDATION_SEED = 3_000_000_000
SEEDS_PER_LENGTH = 10_000_000
STILL_MOMENTS = 37


@dataclass(frozen=True)
class Shard:
    """``count`` scenes of ``num_frames`` frames with consecutive seeds from ``first_seed``."""

    num_frames: int
    first_seed: int
    count: int

    @property
    def name(self) -> str:
        """File name without suffix."""
        return f"{self.num_frames:03d}_{self.first_seed:09d}_{self.count}"

    def scenes(self) -> Iterator[Scene]:
        """The scenes in order."""
        return (sample_scene(seed) for seed in range(self.first_seed, self.first_seed + self.count))


def shards(run: DataRun) -> list[Shard]:
    """All shards of a recipe; each clip length has its own range of seeds."""
    return [
        Shard(num_frames, num_frames * SEEDS_PER_LENGTH + start, min(run.shard, count - start))
        for num_frames, count in run.scenes
        for start in range(0, count, run.shard)
    ]


def held_out_shards(run: DataRun) -> list[Shard]:
    """One shard of each clip length that no training sees."""
    return [
        Shard(num_frames, FIRST_VALIDATION_SEED + num_frames * SEEDS_PER_LENGTH, count)
        for num_frames, count in run.held_out
    ]


def render_scene(scene: Scene, num_frames: int) -> NDArray[np.uint8]:
    """(T, H, W, 3); a still is a moment chosen by the scene's seed, so that poses in mid-action are seen."""
    return render_frames(scene, *_moments(scene, num_frames))


def _moments(scene: Scene, num_frames: int) -> tuple[int, range]:
    """Length of the shot, and which of its frames are drawn."""
    if num_frames > 1:
        return num_frames, range(num_frames)
    moment = int(np.random.default_rng(scene.seed).integers(STILL_MOMENTS))
    return STILL_MOMENTS, range(moment, moment + 1)


def latent_presence(scene: Scene, num_frames: int) -> NDArray[np.float16]:
    """(T', H', W'): share of each latent cell under the subject, a mean over the frames the cell covers."""
    presence = subject_presence(scene, *_moments(scene, num_frames))
    later = reduce(presence[1:], "(t p) h w -> t h w", "mean", p=4) if num_frames > 1 else presence[1:]
    return np.concatenate([presence[:1], later]).astype(np.float16)


def frames_of(shard: Shard, folder: Path) -> NDArray[np.uint8]:
    """(N, T, H, W, 3) memory map of a shard, rendered on first use."""
    path = folder / f"{shard.name}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        clips = np.stack([render_scene(scene, shard.num_frames) for scene in shard.scenes()])
        write_array(clips, path)
    loaded: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return loaded


def latents_of(shard: Shard, frames: Path, latents: Path, codec: MiniCodec) -> NDArray[np.float16]:
    """(N, C, T', H', W') normalised latents of a shard, coded on first use."""
    path = latents / f"{shard.name}.npy"
    if not path.exists():
        latents.mkdir(parents=True, exist_ok=True)
        clips = frames_of(shard, frames)
        write_array(np.stack([encode_clip(codec, clip) for clip in clips]), path)
    loaded: NDArray[np.float16] = np.load(path, mmap_mode="r")
    return loaded


def presence_of(shard: Shard, folder: Path) -> NDArray[np.float16]:
    """(N, T', H', W') :func:`latent_presence` of a shard, drawn on first use."""
    path = folder / f"{shard.name}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_array(np.stack([latent_presence(scene, shard.num_frames) for scene in shard.scenes()]), path)
    loaded: NDArray[np.float16] = np.load(path)
    return loaded


def latent_motion(scene: Scene, num_frames: int) -> NDArray[np.float16]:
    """(3, T', H', W'): mean flow to the next frame, x and y, and share that stays visible, cell by cell.

    The last frame, which has no next, counts like the one before; so does a still.
    """
    length, drawn = _moments(scene, num_frames)
    clip = render(scene, length)
    known = np.concatenate([clip.flow, clip.visible[..., None].astype(np.float32)], axis=-1)
    known = np.concatenate([known, known[-1:]])[drawn.start : drawn.stop]
    cells = reduce(known, "t (h p) (w q) c -> c t h w", "mean", p=CELL, q=CELL)
    later = reduce(cells[:, 1:], "c (t p) h w -> c t h w", "mean", p=FRAMES_PER_LATENT)
    return np.concatenate([cells[:, :1], later], axis=1).astype(np.float16)


def motion_of(shard: Shard, folder: Path) -> NDArray[np.float16]:
    """(N, 3, T', H', W') :func:`latent_motion` of a shard, rendered on first use."""
    path = folder / f"{shard.name}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_array(np.stack([latent_motion(scene, shard.num_frames) for scene in shard.scenes()]), path)
    loaded: NDArray[np.float16] = np.load(path)
    return loaded


@torch.no_grad()
def encode_clip(codec: MiniCodec, clip: NDArray[np.uint8]) -> NDArray[np.float16]:
    """(T, H, W, 3) -> (C, T', H', W') float16."""
    with torch.autocast("cpu", torch.bfloat16):
        latents = codec.encode(to_pixels(clip[None]))
    coded: NDArray[np.float16] = latents[0].to(torch.float16).numpy()
    return coded


def to_pixels(clips: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, T, H, W, 3) -> float32 (N, 3, T, H, W) in [-1, 1]."""
    frames = torch.from_numpy(clips.astype(np.float32))
    return rearrange(frames, "n t h w c -> n c t h w") / 127.5 - 1


def write_array(values: NDArray[np.generic], path: Path) -> None:
    """Save and rename, so that a kill leaves no half file."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as handle:
        np.save(handle, values)
    partial.replace(path)
