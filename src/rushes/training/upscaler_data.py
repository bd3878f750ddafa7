"""Training data of the upscaler: crops of renders at five times the size, and what the codec makes of them.

A shard is named by its first seed and its count of scenes; it holds ``CROPS`` crops a scene.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.mini_codec import MiniCodec
from rushes.models.upscaler import FACTOR
from rushes.training.crops import GRID, SIDE, TARGET_FRAMES, CropShard
from rushes.training.shards import to_pixels, write_array
from rushes.world.render import render_frames
from rushes.world.scene import Scene, sample_scene

# Below the seeds of evaluation, above those of mini's own clips.
FIRST_SEED = 800_000_000
SHOT_FRAMES = 61
CODED_FRAMES = 9
CROPS = 3
CANDIDATES = 12
SCENES = 25
"""In a shard."""
# The part of a picture that is delivered, and the grid on which codec and network see it alike.
TOP, HEIGHT, WIDTH = 8, 144, 256
# Sampled latents are not as clean as coded ones: a share of the scenes is decoded with noise.
NOISY_SHARE, MOST_NOISE = 1 / 3, 0.15


def crop_shards(folder: Path, scenes: int, codec: MiniCodec) -> Iterator[CropShard]:
    """The shards of the first ``scenes`` scenes, each made when it is asked for."""
    for start in range(0, scenes, SCENES):
        yield crop_shard(folder, FIRST_SEED + start, min(SCENES, scenes - start), codec)


def crop_shard(folder: Path, first_seed: int, count: int, codec: MiniCodec) -> CropShard:
    """A shard from ``folder``, rendered and coded on first use."""
    names = [folder / f"{kind}_{first_seed}_{count}.npy" for kind in ("inputs", "targets")]
    if not all(name.exists() for name in names):
        folder.mkdir(parents=True, exist_ok=True)
        parts = [scene_crops(sample_scene(first_seed + index), codec) for index in range(count)]
        for name, arrays in zip(names, zip(*parts, strict=True), strict=True):
            write_array(np.concatenate(arrays), name)
    return CropShard(*(np.load(name, mmap_mode="r") for name in names))


def scene_crops(scene: Scene, codec: MiniCodec) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Inputs and targets of one scene, where plain enlarging is wrong more often than where it is right."""
    random = scene.random("upscaler")
    start = int(random.integers(SHOT_FRAMES - CODED_FRAMES + 1))
    first = int(random.integers(CODED_FRAMES - TARGET_FRAMES + 1))
    noise = float(random.uniform(0, MOST_NOISE)) * float(random.random() < NOISY_SHARE)
    small = render_frames(scene, SHOT_FRAMES, range(start, start + CODED_FRAMES))
    seen = slice(TOP, TOP + HEIGHT)
    decoded = coded_clip(small, codec, noise, int(random.integers(2**31)))[:, seen]
    moments = range(start + first, start + first + TARGET_FRAMES)
    large = render_frames(scene, SHOT_FRAMES, moments, FACTOR)[:, FACTOR * TOP : FACTOR * (TOP + HEIGHT)]
    around = decoded[np.clip(np.arange(first - 1, first + TARGET_FRAMES + 1), 0, CODED_FRAMES - 1)]
    middle = TARGET_FRAMES // 2
    corners = _telling_corners(around[middle + 1], large[middle], random)
    inputs = [around[:, y : y + SIDE, x : x + SIDE] for y, x in corners]
    side = FACTOR * SIDE
    targets = [large[:, FACTOR * y : FACTOR * y + side, FACTOR * x : FACTOR * x + side] for y, x in corners]
    return np.stack(inputs), np.stack(targets)


@torch.no_grad()
def coded_clip(clip: NDArray[np.uint8], codec: MiniCodec, noise: float, seed: int) -> NDArray[np.uint8]:
    """(T, H, W, 3) through the codec, its latents disturbed by ``noise`` of their deviation."""
    with torch.autocast("cpu", torch.bfloat16):
        latents = codec.encode(to_pixels(torch.from_numpy(clip[None])))
        disturbance = torch.randn(latents.shape, generator=torch.Generator().manual_seed(seed))
        decoded = codec.decode(latents + noise * disturbance)
    levels: NDArray[np.uint8] = to_levels(decoded)[0]
    return levels


def to_levels(frames: Tensor) -> NDArray[np.uint8]:
    """float (N, 3, T, H, W) in [-1, 1] -> uint8 (N, T, H, W, 3)."""
    levels = ((frames.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    pictures: NDArray[np.uint8] = rearrange(levels, "n c t h w -> n t h w c").contiguous().numpy()
    return pictures


def _telling_corners(
    small: NDArray[np.uint8], large: NDArray[np.uint8], random: np.random.Generator
) -> list[tuple[int, int]]:
    """Top left corners of ``CROPS`` crops, drawn in proportion to the error of plain enlarging there."""
    plain = cv2.resize(small, large.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    error = np.abs(plain - large.astype(np.float32))
    rows = random.integers((HEIGHT - SIDE) // GRID + 1, size=CANDIDATES) * GRID
    columns = random.integers((WIDTH - SIDE) // GRID + 1, size=CANDIDATES) * GRID
    corners = list(zip(rows.tolist(), columns.tolist(), strict=True))
    side = FACTOR * SIDE
    odds = np.array([error[FACTOR * y :, FACTOR * x :][:side, :side].mean() for y, x in corners]) + 1.0
    chosen = random.choice(CANDIDATES, CROPS, replace=False, p=odds / odds.sum())
    return [corners[index] for index in chosen]
