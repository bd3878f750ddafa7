"""Scenes by seed, in shards; the shelves their latents lie on.

A scene is its seed, so a shard is named by clip length and first seed and holds nothing but numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from einops import rearrange, reduce
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.vocabulary import MOMENT
from rushes.training.flows import FRAMES_PER_LATENT
from rushes.training.recipe import DataRun
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


def moments(scene: Scene, num_frames: int) -> tuple[int, range]:
    """Length of the shot, and which of its frames are drawn."""
    if num_frames > 1:
        return num_frames, range(num_frames)
    moment = _still_moment(scene)
    return STILL_MOMENTS, range(moment, moment + 1)


def sliders(scene: Scene, num_frames: int) -> Mapping[str, float]:
    """The scene's, and of a still its moment: 0 at the shot's first frame, 1 at its last."""
    if num_frames > 1:
        return scene.sliders()
    return {**scene.sliders(), MOMENT: _still_moment(scene) / (STILL_MOMENTS - 1)}


def _still_moment(scene: Scene) -> int:
    return int(np.random.default_rng(scene.seed).integers(STILL_MOMENTS))


Frames = TypeVar("Frames", Tensor, NDArray[np.float32])


def later_frames(maps: Frames) -> Frames:
    """Maps of every frame (N, C, T, h, w) -> of every latent frame: the first alone, then means of four."""
    later = reduce(maps[:, :, 1:], "n c (t p) h w -> n c t h w", "mean", p=FRAMES_PER_LATENT)
    if isinstance(maps, Tensor):
        return torch.cat([maps[:, :, :1], later], dim=2)
    return np.concatenate([maps[:, :, :1], later], axis=2)


@dataclass(frozen=True)
class Shelves:
    """Folders of what training reads of coded scenes; without ``motion`` none is kept."""

    latents: Path
    presence: Path
    motion: Path | None

    @property
    def _all(self) -> tuple[Path, ...]:
        return (self.latents, self.presence, *([self.motion] if self.motion else []))

    def holds(self, shard: Shard) -> bool:
        """Whether every file of the shard lies here."""
        return all((folder / f"{shard.name}.npy").exists() for folder in self._all)

    def put(self, shard: Shard, *arrays: NDArray[np.float16]) -> None:
        """Latents (N, C, T', H', W'), presence (N, T', H', W') and motion (N, 3, T', H', W') of a shard."""
        for folder, array in zip(self._all, arrays, strict=False):
            folder.mkdir(parents=True, exist_ok=True)
            write_array(array, folder / f"{shard.name}.npy")

    def read(self, folder: Path, shard: Shard) -> NDArray[np.float16]:
        """A memory map of the shard's file in one of the folders."""
        loaded: NDArray[np.float16] = np.load(folder / f"{shard.name}.npy", mmap_mode="r")
        return loaded


def to_pixels(clips: Tensor) -> Tensor:
    """uint8 (N, T, H, W, 3) -> float32 (N, 3, T, H, W) in [-1, 1], on the same device."""
    return rearrange(clips.float(), "n t h w c -> n c t h w") / 127.5 - 1


def write_array(values: NDArray[np.generic], path: Path) -> None:
    """Save and rename, so that a kill leaves no half file."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as handle:
        np.save(handle, values)
    partial.replace(path)
