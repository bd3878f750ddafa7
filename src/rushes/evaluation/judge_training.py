"""Training of the two read-out networks on renders and their decoded latents; goes on where it stopped.

It starts from the shipped network where that has the recipe's shape, else from nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.vocabulary import SLOTS
from rushes.engine.pictures import from_pictures, to_pictures
from rushes.evaluation.reading import Clip, Role, judge_file, looked_at, shrink, to_pixels, visible
from rushes.models.codec import VideoCodec
from rushes.models.judge import ReadOut, ReadOutConfig, load_judge, save_judge
from rushes.world.render import render_frames
from rushes.world.scene import REVISION, sample_scene

MIRRORED = {"left": "right", "right": "left", "pan_left": "pan_right", "pan_right": "pan_left"}
LENGTHS = (17, 61, 61)  # scenes take turns
CODED_EVERY = 13
NOISE_OF_LATENTS = 0.25  # most, of their spread: what a generator leaves behind
SHARD = 100
SAVE_EVERY = 50

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Augmentation:
    """How pictures are spoilt, so that a soft or noisy clip reads like a sharp one.

    ``blur``: range of the factor a picture is shrunk by and enlarged again; ``light`` and ``noise``: the
    most, of a range of 2; ``shift``: the most pixels the whole clip is moved by.
    """

    blur: tuple[float, float]
    light: float
    noise: float
    shift: int


@dataclass(frozen=True)
class JudgeRecipe:
    """One network: what it looks at and how it is trained, on ``scenes`` from ``first_seed``."""

    role: Role
    config: ReadOutConfig
    augmentation: Augmentation
    seed: int
    first_seed: int
    scenes: int
    steps: int
    batch: int
    learning_rate: float

    @property
    def key(self) -> str:
        """Another recipe, other scenes or another world is another training, with a state of its own."""
        digest = hashlib.sha256(f"{REVISION} {LENGTHS} {CODED_EVERY} {self}".encode()).hexdigest()
        return f"{self.role}_{digest[:12]}"


# Seeds of their own: neither training (below 1e9) nor the protocol (from 1e9) uses these scenes. The chooser
# looks at the delivered 16:9 part, the reporter at the whole picture.
RECIPES: Mapping[Role, JudgeRecipe] = MappingProxyType(
    {
        Role.CHOOSER: JudgeRecipe(
            Role.CHOOSER,
            ReadOutConfig(SLOTS, (72, 128), 8, widths=(48, 96, 160), hidden_size=224),
            Augmentation((0.4, 0.8), light=0.1, noise=0.08, shift=3),
            seed=1, first_seed=2_000_000_000, scenes=8_000, steps=2_400, batch=24, learning_rate=1e-3,
        ),
        Role.REPORTER: JudgeRecipe(
            Role.REPORTER,
            ReadOutConfig(SLOTS, (80, 128), 8, widths=(48, 96, 160), hidden_size=224),
            Augmentation((0.5, 0.9), light=0.15, noise=0.06, shift=2),
            seed=2, first_seed=2_500_000_000, scenes=8_000, steps=2_400, batch=24, learning_rate=1e-3,
        ),
    }
)  # fmt: skip


@dataclass(frozen=True)
class JudgedClips:
    """Looked-at frames uint8 (N, T, h, w, 3) in parts; each slot's index (N,), -1 where it is hidden."""

    parts: tuple[NDArray[np.uint8], ...]
    labels: Mapping[str, Tensor]
    slots: Mapping[str, tuple[str, ...]]

    def draw(self, chosen: NDArray[np.int64], mirrored: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """(B, 3, T, h, w) in [-1, 1] and labels; ``mirrored`` swaps left and right in both."""
        starts = np.cumsum([0, *map(len, self.parts)])
        owners = np.searchsorted(starts, chosen, side="right") - 1
        frames = np.stack([self.parts[p][i - starts[p]] for p, i in zip(owners, chosen, strict=True)])
        labels = {slot: indices[chosen] for slot, indices in self.labels.items()}
        if mirrored:
            frames = frames[:, :, :, ::-1]
            labels = {slot: self._mirror(slot, indices) for slot, indices in labels.items()}
        return to_pixels(frames), labels

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def _mirror(self, slot: str, indices: Tensor) -> Tensor:
        values = self.slots[slot]
        turned = torch.tensor([values.index(MIRRORED.get(value, value)) for value in values])
        return torch.where(indices < 0, indices, turned[indices.clamp(min=0)])


@torch.no_grad()
def reconstruct(codec: VideoCodec, clip: Clip, noise: float = 0.0, seed: int = 0) -> Clip:
    """A clip (T, H, W, 3) through the codec and back, its latents spoilt by ``noise`` times their spread."""
    generator = torch.Generator().manual_seed(seed)
    with torch.autocast("cpu", torch.bfloat16):
        latents = codec.encode(from_pictures(clip)).float()
        latents = latents + noise * latents.std() * torch.randn(latents.shape, generator=generator)
        return to_pictures(codec.decode(latents))


def judged_clip(number: int, seed: int, codec: VideoCodec, config: ReadOutConfig) -> Clip:
    """The looked-at frames of a training scene; some went through the codec, half of these with noise."""
    scene, num_frames = sample_scene(seed), LENGTHS[number % len(LENGTHS)]
    if number % CODED_EVERY:
        return shrink(render_frames(scene, num_frames, looked_at(num_frames, config)), config)
    noise = NOISE_OF_LATENTS * float(np.random.default_rng(seed).random()) * (number // CODED_EVERY % 2)
    return shrink(reconstruct(codec, render_frames(scene, num_frames), noise, seed), config)


def training_clips(recipe: JudgeRecipe, codec: VideoCodec, folder: Path, progress: Progress) -> JudgedClips:
    """All scenes of a recipe, rendered once into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, recipe.scenes, SHARD):
        path = folder / f"{recipe.first_seed + start}.npy"
        if not path.exists():
            numbers = range(start, min(start + SHARD, recipe.scenes))
            clips = [judged_clip(n, recipe.first_seed + n, codec, recipe.config) for n in numbers]
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                np.save(file, np.stack(clips))
            partial.replace(path)
        parts.append(np.load(path, mmap_mode="r"))
        progress(f"{recipe.role}: scenes", min(start + SHARD, recipe.scenes), recipe.scenes)
    told = [visible(sample_scene(recipe.first_seed + n).attributes()) for n in range(recipe.scenes)]
    slots = recipe.config.slots
    labels = {
        slot: torch.tensor([values.index(each[slot]) if slot in each else -1 for each in told])
        for slot, values in slots.items()
    }
    return JudgedClips(tuple(parts), labels, slots)


class JudgeTraining:
    """A network on its way; ``state_dict`` holds all that the next step depends on."""

    def __init__(self, recipe: JudgeRecipe, clips: JudgedClips, shipped: ReadOut | None = None) -> None:
        self.recipe, self.clips, self.step = recipe, clips, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.network = ReadOut(recipe.config).train()
        if shipped and shipped.config == recipe.config:
            self.network.load_state_dict(shipped.state_dict())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), recipe.learning_rate, weight_decay=0.02)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.learning_rate, total_steps=recipe.steps + 1
        )

    def train(self) -> Iterator[float]:
        """The losses of the steps that are left."""
        while self.step < self.recipe.steps:
            random = np.random.default_rng((self.recipe.seed, self.step))
            chosen = random.integers(len(self.clips), size=self.recipe.batch)
            pixels, labels = self.clips.draw(chosen, mirrored=bool(random.random() < 0.5))
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(spoil(pixels, self.recipe.augmentation, random))
            losses = [
                F.cross_entropy(logits[slot].float(), labels[slot], ignore_index=-1)
                for slot in logits
                if (labels[slot] >= 0).any()
            ]
            loss = torch.stack(losses).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self.schedule.step()
            self.step += 1
            yield loss.item()

    def save(self, path: Path) -> None:
        """Write the state and rename, so that a kill leaves no half file."""
        partial = path.with_suffix(".partial")
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "step": self.step,
        }
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from :meth:`save`."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step = state["step"]


def spoil(pixels: Tensor, kind: Augmentation, random: np.random.Generator) -> Tensor:
    """A random blur, shift in place and brightness and a little noise, the same for the whole batch."""
    frames = rearrange(pixels, "b c t h w -> (b t) c h w")
    if random.random() < 0.5:
        factor = float(random.uniform(*kind.blur))
        small = F.interpolate(frames, scale_factor=factor, mode="bilinear", antialias=True)
        frames = F.interpolate(small, size=pixels.shape[-2:], mode="bilinear")
    down, right = random.integers(0, 2 * kind.shift + 1, size=2).tolist()
    height, width = pixels.shape[-2:]
    frames = F.pad(frames, (kind.shift,) * 4, mode="replicate")
    frames = frames[..., down : down + height, right : right + width]
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    grain = float(random.uniform(0, kind.noise)) * torch.randn(pixels.shape[1:], generator=generator)
    spoilt: Tensor = rearrange(frames, "(b t) c h w -> b c t h w", b=len(pixels))
    return spoilt + (float(random.uniform(-kind.light, kind.light)) + grain)


def make_judge(recipe: JudgeRecipe, codec: VideoCodec, folder: Path, progress: Progress) -> ReadOut:
    """Render, train and write one network into the package; state and renders lie in ``folder``."""
    own = folder / recipe.key
    clips = training_clips(recipe, codec, own, progress)
    packaged = judge_file(recipe.role)
    shipped = load_judge(packaged) if packaged.exists() else None
    training, state = JudgeTraining(recipe, clips, shipped), own / "state.pt"
    if state.exists():
        training.load(state)
    try:
        for _ in training.train():
            progress(f"{recipe.role}: steps", training.step, recipe.steps)
            if training.step % SAVE_EVERY == 0:
                training.save(state)
    finally:
        training.save(state)
    save_judge(training.network.eval(), packaged)
    return training.network
