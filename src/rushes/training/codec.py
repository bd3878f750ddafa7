"""Training of the codec on crops of rendered clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.mini_codec import MiniCodec, Past
from rushes.training.data import to_pixels
from rushes.training.ema import Ema
from rushes.training.losses import psnr, reconstruction_loss
from rushes.training.optimiser import warmup_stable_decay
from rushes.training.recipe import CodecRun

# The decoder sees latents with up to this much noise, so that it forgives the sampler (arXiv 2501.00103).
MAX_LATENT_NOISE = 0.2
# Half of the batches also decode 2x smaller latents to 2x smaller pictures: scale equivariance keeps high
# frequencies out of the latents (arXiv 2502.14831).
EQUIVARIANCE_WEIGHT = 0.25
LATENT_SIZE_WEIGHT = 1e-4
STILL_SHARE = 0.25


class CodecStage:
    """L1 and gradients on crops, tiny latent penalty, noisy decoding, scale equivariance; AdamW and EMA."""

    name = "codec"

    def __init__(self, codec: MiniCodec, run: CodecRun, clips: list[NDArray[np.uint8]], seed: int) -> None:
        self.codec, self.run, self.steps, self.step = codec, run, run.steps, 0
        self.clips = clips
        self.ema = Ema(codec)
        self.optimiser = torch.optim.AdamW(codec.parameters(), lr=run.learning_rate, weight_decay=1e-4)
        self.seed = seed

    def train_step(self) -> Mapping[str, float]:
        """One batch of crops."""
        random = np.random.default_rng((self.seed, self.step))
        torch.manual_seed(self.seed + self.step)
        frames = self._crops(random)
        with torch.autocast("cpu", torch.bfloat16):
            latents = self.codec.encoder(frames, Past())
            noisy = latents + random.uniform(0, MAX_LATENT_NOISE) * torch.randn_like(latents)
            decoded = self.codec.decoder(noisy, Past())
        loss = reconstruction_loss(decoded.float(), frames)
        loss = loss + LATENT_SIZE_WEIGHT * latents.float().square().mean()
        if random.random() < 0.5:
            loss = loss + EQUIVARIANCE_WEIGHT * self._equivariance_loss(latents, frames)
        self._update(loss)
        return {"loss": loss.item(), "psnr_db": psnr(decoded, frames)}

    def _crops(self, random: np.random.Generator) -> Tensor:
        num_frames, height, width = self.run.crop
        num_frames = 1 if random.random() < STILL_SHARE else num_frames
        # A still batch holds the pixels of a clip batch halved, which is about the same work per step.
        batch = self.run.batch * 4 if num_frames == 1 else self.run.batch
        crops = []
        for _ in range(batch):
            shard = self.clips[random.integers(len(self.clips))]
            clip = shard[random.integers(len(shard))]
            top = random.integers((clip.shape[1] - height) // 16 + 1) * 16
            left = random.integers((clip.shape[2] - width) // 16 + 1) * 16
            start = random.integers(clip.shape[0] - num_frames + 1)
            crops.append(clip[start : start + num_frames, top : top + height, left : left + width])
        return to_pixels(np.stack(crops))

    def _equivariance_loss(self, latents: Tensor, frames: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            decoded = self.codec.decoder(_halve(latents.float()), Past())
        return F.l1_loss(decoded.float(), _halve(frames))

    def _update(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.codec.parameters(), 1.0)
        factor = warmup_stable_decay(self.step, self.steps)
        self.optimiser.param_groups[0]["lr"] = self.run.learning_rate * factor
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.ema.update(self.codec, self.step)

    def state_dict(self) -> dict[str, Any]:
        """Weights, averages, optimiser, step."""
        return {
            "weights": self.codec.state_dict(),
            "ema": self.ema.weights,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.codec.load_state_dict(state["weights"])
        self.ema.load(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def _halve(x: Tensor) -> Tensor:
    frames = rearrange(x, "b c t h w -> (b t) c h w")
    return rearrange(F.avg_pool2d(frames, 2), "(b t) c h w -> b c t h w", b=x.shape[0])


@torch.no_grad()
def fit_latent_statistics(codec: MiniCodec, clips: list[NDArray[np.uint8]], samples: int = 64) -> None:
    """Set mean and deviation per latent channel from ``samples`` clips: coded latents come out whitened."""
    random = np.random.default_rng(0)
    codec.latent_mean.zero_()
    codec.latent_std.fill_(1)
    coded = []
    for _ in range(samples):
        shard = clips[random.integers(len(clips))]
        coded.append(codec.encode(to_pixels(shard[random.integers(len(shard))][None])))
    values = rearrange(torch.cat(coded), "n c t h w -> c (n t h w)")
    codec.latent_mean.copy_(values.mean(dim=1))
    codec.latent_std.copy_(values.std(dim=1))
