"""Training of the read-out network on renders, and its place in the package."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.errors import WeightsError
from rushes.core.vocabulary import SLOTS
from rushes.models.codec import VideoCodec
from rushes.models.judge import PICTURE, ReadOut, ReadOutConfig, pair_indices
from rushes.models.weights_file import load_weights, save_weights, sha256_of
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene

# A range of its own: neither training (below 1e9) nor the protocol (from 1e9) uses these scenes.
FIRST_SCENE_SEED = 2_000_000_000
NUM_FRAMES = 17
CONFIG = ReadOutConfig(widths=(48, 96, 128), hidden_size=192)
WEIGHTS_FILE = "readout.safetensors"
NUM_CLIPS = 4000
CODED_EVERY = 6
NUM_STEPS = 2500

MIRRORED = {"left": "right", "right": "left", "pan_left": "pan_right", "pan_right": "pan_left"}


@dataclass(frozen=True)
class JudgedClips:
    """The frames the judge looks at, at its inner size, uint8 (N, 8, 80, 128, 3); each slot's index (N,)."""

    frames: NDArray[np.uint8]
    labels: dict[str, Tensor]

    def draw(self, chosen: NDArray[np.int64], mirrored: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """(B, 3, 8, 80, 128) in [-1, 1] and labels; ``mirrored`` swaps left and right in both."""
        frames = self.frames[chosen]
        labels = {slot: indices[chosen] for slot, indices in self.labels.items()}
        if mirrored:
            frames = frames[:, :, :, ::-1]
            labels = {slot: _mirror(slot)[indices] for slot, indices in labels.items()}
        return to_pixels(frames), labels


def _mirror(slot: str) -> Tensor:
    """Index of every value's mirror image."""
    values = SLOTS[slot]
    return torch.tensor([values.index(MIRRORED.get(value, value)) for value in values])


def to_pixels(frames: NDArray[np.uint8]) -> Tensor:
    """uint8 (B, T, H, W, 3) -> float32 (B, 3, T, H, W) in [-1, 1]."""
    return rearrange(torch.from_numpy(frames.astype(np.float32)), "b t h w c -> b c t h w") / 127.5 - 1


def shrink(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(T, H, W, 3) -> (T, 80, 128, 3) by area, as the judge does itself."""
    height, width = PICTURE
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames])


@torch.no_grad()
def reconstruct(codec: VideoCodec, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames (T, H, W, 3) through the codec and back."""
    decoded = codec.decode(codec.encode(to_pixels(frames[None])))
    values = ((decoded[0] + 1) * 127.5).round().to(torch.uint8)
    pictures: NDArray[np.uint8] = rearrange(values, "c t h w -> t h w c").numpy()
    return pictures


def render_clips(first_seed: int, count: int, codec: VideoCodec | None, coded_every: int) -> JudgedClips:
    """``count`` scenes from ``first_seed``; every ``coded_every``-th goes through the codec, if given."""
    # in order of time, so that the pairs of these eight frames are the pairs of the whole clip
    looked_at = torch.stack(pair_indices(NUM_FRAMES), dim=1).flatten().tolist()
    frames, attributes = [], []
    for number in range(count):
        scene = sample_scene(first_seed + number)
        clip = render_frames(scene, NUM_FRAMES)
        if codec is not None and number % coded_every == 0:
            clip = reconstruct(codec, clip)
        frames.append(shrink(clip[looked_at]))
        attributes.append(scene.attributes())
    labels = {
        slot: torch.tensor([values.index(each[slot]) for each in attributes])
        for slot, values in SLOTS.items()
    }
    return JudgedClips(np.stack(frames), labels)


def train_read_out(network: ReadOut, clips: JudgedClips, steps: int, batch: int = 32) -> Iterator[float]:
    """Train ``network`` on ``clips``, softened and noised like generated pictures; yields the losses."""
    network.train()
    random = np.random.default_rng(0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-3, total_steps=steps)
    for _ in range(steps):
        chosen = random.integers(len(clips.frames), size=batch)
        pixels, labels = clips.draw(chosen, mirrored=bool(random.random() < 0.5))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(_soften(pixels, random))
        losses = [F.cross_entropy(logits[slot].float(), labels[slot]) for slot in SLOTS]
        loss = torch.stack(losses).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        schedule.step()
        yield loss.item()


def make_read_out(codec: VideoCodec, path: Path, progress: Callable[[str, int, int], None]) -> None:
    """Render, train and save the judge: about forty minutes of one core."""
    clips = render_clips(FIRST_SCENE_SEED, NUM_CLIPS, codec, CODED_EVERY)
    torch.manual_seed(0)
    network = ReadOut(CONFIG)
    for step, _ in enumerate(train_read_out(network, clips, NUM_STEPS), 1):
        progress("judge", step, NUM_STEPS)
    save_read_out(network, path)


def _soften(pixels: Tensor, random: np.random.Generator) -> Tensor:
    """A random blur, shift of brightness and a little noise, the same for the whole batch."""
    frames = rearrange(pixels, "b c t h w -> (b t) c h w")
    if random.random() < 0.5:
        factor = float(random.uniform(0.4, 0.8))
        small = F.interpolate(frames, scale_factor=factor, mode="bilinear", antialias=True)
        frames = F.interpolate(small, size=pixels.shape[-2:], mode="bilinear")
    frames = (
        frames + float(random.uniform(-0.1, 0.1)) + float(random.uniform(0, 0.08)) * torch.randn_like(frames)
    )
    softened: Tensor = rearrange(frames, "(b t) c h w -> b c t h w", b=len(pixels))
    return softened


@torch.no_grad()
def read(network: ReadOut, clips: list[NDArray[np.uint8]]) -> list[dict[str, str]]:
    """What each clip (T, H, W, 3) shows: slot -> id."""
    network.eval()
    readings = []
    for clip in clips:
        logits = network(to_pixels(shrink(clip)[None]))
        readings.append({slot: SLOTS[slot][int(values.argmax())] for slot, values in logits.items()})
    return readings


def packaged_file() -> Path:
    """Where the package keeps the trained judge."""
    return Path(str(resources.files("rushes"))) / "weights" / "judge" / WEIGHTS_FILE


def save_read_out(network: ReadOut, path: Path) -> None:
    """Write the weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(network, path)


def load_read_out(path: Path) -> ReadOut:
    """The trained judge. Raises WeightsError when it was never trained."""
    if not path.exists():
        raise WeightsError(f"{path} is missing: train the judge with 'rushes eval --train-judge'")
    with torch.device("meta"):
        network = ReadOut(CONFIG)
    load_weights(network, path, sha256_of(path), torch.float32, torch.device("cpu"))
    return network
