"""Training of the upscaler on crops: decoded latents in, renders at five times the size as the answer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from rushes.models.upscaler import FACTOR, SEEN, Upscaler, bilinear_cells, to_pixels
from rushes.training.crops import GRID, SIDE, TARGET_FRAMES, CropShard
from rushes.training.ema import Ema
from rushes.training.losses import psnr, reconstruction_loss
from rushes.training.optimiser import warmup_stable_decay
from rushes.training.recipe import UpscalerRun

# Absolute errors alone let thin bright things vanish; squares alone are soft.
SQUARE_WEIGHT = 4.0
WARMUP_STEPS = 30


class UpscalerStage:
    """Errors, their squares, gradients and frame differences on the large picture; AdamW and EMA."""

    name = "upscaler"

    def __init__(self, upscaler: Upscaler, run: UpscalerRun, shards: list[CropShard], seed: int) -> None:
        self.upscaler, self.run, self.steps, self.step = upscaler, run, run.steps, 0
        self.shards, self.seed = shards, seed
        self.ema = Ema(upscaler)
        self.optimiser = torch.optim.AdamW(
            upscaler.parameters(), run.learning_rate, betas=(0.9, 0.99), weight_decay=0.0
        )

    def train_step(self) -> Mapping[str, float]:
        """One batch of crops; ``gain_db`` is over bilinear enlargement."""
        inputs, targets = self._crops(np.random.default_rng((self.seed, self.step)))
        seen = rearrange(inputs.unfold(1, SEEN, 1), "b t h w c s -> (b t) s h w c")
        with torch.autocast("cpu", torch.bfloat16):
            cells = self.upscaler(seen)
        large = _clip(cells, len(inputs))
        loss = reconstruction_loss(large, targets) + SQUARE_WEIGHT * F.mse_loss(large, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.upscaler.parameters(), 1.0)
        factor = warmup_stable_decay(self.step, self.steps, WARMUP_STEPS)
        self.optimiser.param_groups[0]["lr"] = self.run.learning_rate * factor
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.ema.update(self.upscaler, self.step)
        plain = psnr(_clip(bilinear_cells(seen[:, SEEN // 2]), len(inputs)), targets)
        return {"loss": loss.item(), "gain_db": psnr(large.detach(), targets) - plain}

    def _crops(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Small frames (B, T + 2, h, w, 3) and large ones (B, 3, T, 5h, 5w) in [-1, 1]."""
        num_frames, side = self.run.crop
        inputs, targets = [], []
        for _ in range(self.run.batch):
            shard = self.shards[random.integers(len(self.shards))]
            row = random.integers(len(shard.inputs))
            start = int(random.integers(TARGET_FRAMES - num_frames + 1))
            top, left = (random.integers((SIDE - side) // GRID + 1, size=2) * GRID).tolist()
            small = shard.inputs[row, start : start + num_frames + SEEN - 1]
            large = shard.targets[row, start : start + num_frames]
            small = small[:, top : top + side, left : left + side]
            large = large[:, FACTOR * top :, FACTOR * left :][:, : FACTOR * side, : FACTOR * side]
            mirrored = 1 - 2 * int(random.integers(2))
            inputs.append(small[:, :, ::mirrored])
            targets.append(large[:, :, ::mirrored])
        large_frames = rearrange(torch.from_numpy(np.stack(targets)), "b t h w c -> b c t h w")
        return torch.from_numpy(np.stack(inputs)) / 127.5 - 1, large_frames / 127.5 - 1

    def state_dict(self) -> dict[str, Any]:
        """Weights, averages, optimiser, step."""
        return {
            "weights": self.upscaler.state_dict(),
            "ema": self.ema.weights,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.upscaler.load_state_dict(state["weights"])
        self.ema.load(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def _clip(cells: Tensor, batch: int) -> Tensor:
    """Cells of ``batch`` clips, frame by frame -> (B, 3, T, 5h, 5w)."""
    return rearrange(to_pixels(cells.float()), "(b t) h w c -> b c t h w", b=batch)
