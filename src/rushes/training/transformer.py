"""Training of the transformer: rectified flow on coded scenes, stills first, then longer and longer clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer
from rushes.training.captions import training_caption
from rushes.training.data import LatentPool
from rushes.training.ema import Ema
from rushes.training.losses import draw_sigmas, effort, velocity_loss
from rushes.training.optimiser import BlockOptimiser, warmup_stable_decay
from rushes.training.recipe import TransformerRun

# Longer clips carry more redundancy, so their noise levels lie higher: shift per number of latent frames.
SHIFT_BY_LATENT_FRAMES = {1: 1.5, 5: 2.5, 16: 3.2}


class TransformerStage:
    """Velocity loss with frozen text encoder, captions dropped for guidance, Muon + AdamW, EMA."""

    name = "transformer"

    def __init__(
        self,
        transformer: WanTransformer,
        text: tuple[Tokenizer, UMT5Encoder],
        run: TransformerRun,
        pools: Mapping[int, LatentPool],
        visibility: torch.Tensor,
        seed: int,
    ) -> None:
        self.transformer, self.run, self.steps, self.step = transformer, run, run.steps, 0
        self.tokenizer, self.text_encoder = text
        self.pools, self.visibility = pools, visibility
        self.ema = Ema(transformer)
        self.optimiser = BlockOptimiser(transformer, run.learning_rate)
        self.seed = seed

    def train_step(self) -> Mapping[str, float]:
        """One batch of clips of one length."""
        random = np.random.default_rng((self.seed, self.step))
        generator = torch.Generator().manual_seed(self.seed + self.step)
        mix = self.run.mix_at(self.step)
        num_frames = int(random.choice(mix.num_frames, p=mix.odds))
        clean, presence, attributes = self.pools[num_frames].draw(self._batch(num_frames), random)
        captions = [training_caption(values, random, self.run.null_caption_share) for values in attributes]
        sigmas = draw_sigmas(len(clean), SHIFT_BY_LATENT_FRAMES[clean.shape[2]], generator)
        noise = torch.randn(clean.shape, generator=generator)
        noisy = torch.lerp(clean, noise, sigmas.view(-1, 1, 1, 1, 1))
        with torch.autocast("cpu", torch.bfloat16):
            velocity = self.transformer(noisy, 1000 * sigmas, self._context(captions))
        loss = velocity_loss(velocity, clean, noise, effort(presence, self.visibility))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.transformer.parameters(), 1.0)
        self.optimiser.step(warmup_stable_decay(self.step, self.steps))
        self.ema.update(self.transformer, self.step)
        return {f"loss_{num_frames}": loss.item()}

    def _batch(self, num_frames: int) -> int:
        _, latent_frames, height, width = self.pools[num_frames].latents[0].shape[1:]
        patch = self.transformer.config.patch_size
        tokens = latent_frames // patch[0] * (height // patch[1]) * (width // patch[2])
        return max(1, int(self.run.tokens_per_batch // tokens))

    @torch.no_grad()
    def _context(self, captions: list[str]) -> torch.Tensor:
        ids, mask = self.tokenizer.encode(captions, self.transformer.config.text_len)
        with torch.autocast("cpu", torch.bfloat16):
            context: torch.Tensor = self.text_encoder(ids, mask)
        return context

    def state_dict(self) -> dict[str, Any]:
        """Weights, averages, optimiser, step."""
        return {
            "weights": self.transformer.state_dict(),
            "ema": self.ema.weights,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.transformer.load_state_dict(state["weights"])
        self.ema.load(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
