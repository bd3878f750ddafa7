"""Training of the codec on crops of rendered clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from einops import rearrange, repeat
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.mini_codec import MiniCodec, Past
from rushes.training.ema import Ema
from rushes.training.filming import Footage
from rushes.training.losses import psnr, reconstruction_loss
from rushes.training.optimiser import warmup_stable_decay
from rushes.training.recipe import CodecRun
from rushes.training.shards import to_pixels
from rushes.world.cells import CELL

# The decoder sees latents with up to this much noise, so that it forgives the sampler (arXiv 2501.00103).
MAX_LATENT_NOISE = 0.2
LATENT_SIZE_WEIGHT = 1e-4
STILL_SHARE = 0.25
SUBJECT_WEIGHT = 4


class CodecStage:
    """L1 and gradients on crops, tiny latent penalty, noisy decoding; AdamW and EMA."""

    name = "codec"

    def __init__(self, codec: MiniCodec, run: CodecRun, clips: list[Footage], seed: int) -> None:
        self.codec, self.run, self.steps, self.step = codec, run, run.steps, 0
        self.clips, self.device = clips, codec.latent_mean.device
        self.ema = Ema(codec)
        self.optimiser = torch.optim.AdamW(_groups(codec, run.learning_rate), weight_decay=0.0)
        self.learning_rates = [group["lr"] for group in self.optimiser.param_groups]
        self.seed = seed

    def train_step(self) -> Mapping[str, float]:
        """One batch of crops."""
        random = np.random.default_rng((self.seed, self.step))
        torch.manual_seed(self.seed + self.step)
        frames, presence = self._crops(random)
        with torch.autocast(self.device.type, torch.bfloat16):
            latents = self.codec.encoder(frames, Past())
            noisy = latents + random.uniform(0, MAX_LATENT_NOISE) * torch.randn_like(latents)
            decoded = self.codec.decoder(noisy, Past())
        loss = reconstruction_loss(decoded.float(), frames, subject_weight(presence))
        loss = loss + LATENT_SIZE_WEIGHT * latents.float().square().mean()
        self._update(loss)
        return {"loss": loss.item(), "psnr_db": psnr(decoded, frames)}

    def _crops(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        num_frames, height, width = self.run.crop
        num_frames = 1 if random.random() < STILL_SHARE else num_frames
        batch = self.run.batch * 4 if num_frames == 1 else self.run.batch
        crops, shares = [], []
        for _ in range(batch):
            shard = self.clips[random.integers(len(self.clips))]
            row = random.integers(len(shard.frames))
            clip, presence = shard.frames[row], shard.presence[row]
            top = random.integers((clip.shape[1] - height) // CELL + 1)
            left = random.integers((clip.shape[2] - width) // CELL + 1)
            start = random.integers(clip.shape[0] - num_frames + 1)
            seen = slice(start, start + num_frames)
            rows, columns = slice(top, top + height // CELL), slice(left, left + width // CELL)
            crops.append(clip[seen, _pixels_of(rows), _pixels_of(columns)])
            shares.append(presence[seen, rows, columns])
        return _pixels(np.stack(crops), self.device), torch.tensor(np.stack(shares), device=self.device)

    def _update(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.codec.parameters(), 1.0)
        factor = warmup_stable_decay(self.step, self.steps)
        for group, learning_rate in zip(self.optimiser.param_groups, self.learning_rates, strict=True):
            group["lr"] = learning_rate * factor
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


def subject_weight(presence: Tensor) -> Tensor:
    """Share of each cell under the subject (B, T, h, w) -> weight of its pixels (B, 1, T, 16 h, 16 w).

    Its mean is one. The subject covers a tenth of the picture and is what people look at: there errors count
    four times.
    """
    cells = 1 + (SUBJECT_WEIGHT - 1) * presence.float()
    return repeat(cells / cells.mean(), "b t h w -> b 1 t (h p) (w q)", p=CELL, q=CELL)


def _pixels_of(cells: slice) -> slice:
    return slice(CELL * cells.start, CELL * cells.stop)


def _pixels(clips: NDArray[np.uint8], device: torch.device) -> Tensor:
    return to_pixels(torch.tensor(clips, device=device))


def _groups(codec: MiniCodec, learning_rate: float) -> list[dict[str, Any]]:
    """The principal components are near their optimum: at the network's rate they lose 2 dB at once."""
    linear = [*codec.encoder.patches.parameters(), *codec.decoder.patches.parameters()]
    known = {id(parameter) for parameter in linear}
    network = [parameter for parameter in codec.parameters() if id(parameter) not in known]
    return [{"params": network, "lr": learning_rate}, {"params": linear, "lr": learning_rate / 40}]


@torch.no_grad()
def fit_principal_components(codec: MiniCodec, clips: list[Footage], samples: int = 160) -> None:
    """Set the codec's linear part to whitened principal components of the patches of ``samples`` clips.

    A start of 24 dB on clips and 26 dB on stills, where the network alone took an hour to come to 22 dB.
    """
    random = np.random.default_rng(0)
    patches = torch.cat(
        [
            _patches(frames[random.integers(len(frames))])
            for frames in (clips[index % len(clips)].frames for index in range(samples))
        ]
    )
    mean = patches.mean(dim=0)
    variances, directions = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    kept = codec.latent_channels
    scale, directions = variances[-kept:].sqrt(), directions[:, -kept:]
    encoder, decoder = codec.encoder.patches.linear, codec.decoder.patches.linear
    encoder.weight.copy_((directions / scale).T)
    encoder.bias.copy_(-(mean @ directions) / scale)
    decoder.weight.copy_(directions * scale)
    decoder.bias.copy_(mean)


def _patches(clip: NDArray[np.uint8]) -> Tensor:
    frames = _pixels(clip[None, 1:], torch.device("cpu"))
    patches = rearrange(frames, "b c (t o) (h p) (w q) -> (b t h w) (o p q c)", o=4, p=16, q=16)
    return patches[::4]


@torch.no_grad()
def fit_latent_statistics(codec: MiniCodec, clips: list[Footage], samples: int = 64) -> None:
    """Set mean and deviation per latent channel from ``samples`` clips: coded latents come out whitened."""
    random = np.random.default_rng(0)
    codec.latent_mean.zero_()
    codec.latent_std.fill_(1)
    coded = []
    for _ in range(samples):
        frames = clips[random.integers(len(clips))].frames
        clip = frames[random.integers(len(frames))]
        coded.append(codec.encode(_pixels(clip[None], codec.latent_mean.device)))
    values = rearrange(torch.cat(coded), "n c t h w -> c (n t h w)")
    codec.latent_mean.copy_(values.mean(dim=1))
    codec.latent_std.copy_(values.std(dim=1))


@torch.no_grad()
def channel_visibility(codec: MiniCodec) -> Tensor:
    """(C,) how far one deviation of each latent channel moves the picture: the linear decoder's columns."""
    moved: Tensor = codec.decoder.patches.linear.weight.norm(dim=0) * codec.latent_std
    return moved
