"""Training of the transformer: rectified flow on coded scenes, stills first, then longer and longer clips."""

import math
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rushes.core.errors import UsageError
from rushes.core.vocabulary import MOMENT, SEEN_IN_STILLS
from rushes.diffusion.camera_path import camera_moves, camera_path
from rushes.diffusion.conditioning import known_tokens
from rushes.diffusion.noise import share_over_time
from rushes.models.moe import balance_loss
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer
from rushes.training.captions import training_caption
from rushes.training.ema import Ema
from rushes.training.flows import Motion, motion_channels
from rushes.training.known import draw_known
from rushes.training.losses import (
    channel_effort,
    draw_sigmas,
    effort,
    flow_consistency_loss,
    kinematic_loss,
    sigma_at,
    velocity_loss,
)
from rushes.training.optimiser import BlockOptimiser, warmup_stable_decay
from rushes.training.pools import LatentBatch, LatentPool
from rushes.training.recipe import TransformerRun

# Longer clips carry more redundancy, so their noise levels lie higher: shift per number of latent frames.
SHIFTS = ((1, 5, 16), (1.5, 2.5, 3.2))
# A quarter of all clips are told no slider, so that words alone still do; of the rest each is told as often,
# but for a still's moment.
TOLD_CLIPS, TOLD_SLIDERS, TOLD = 0.75, 0.7, {MOMENT: 0.9}
# Of all batches of stills this share are first frames of clips, which is what a clip may go on from.
FIRST_FRAMES = 0.4


@dataclass(frozen=True)
class Material:
    """What a transformer learns from, on its own device where it is made of tensors.

    ``pools`` and ``held_out``: frames of a clip -> coded scenes. ``visibility`` (C,): what each channel moves
    in the picture. ``sliders``: names of the transformer's controls.
    """

    tokenizer: Tokenizer
    text_encoder: UMT5Encoder
    pools: Mapping[int, LatentPool]
    held_out: Mapping[int, LatentPool]
    visibility: Tensor
    sliders: tuple[str, ...]


class Lesson(NamedTuple):
    """One batch as the transformer meets it: clean latents (B, C, T, H, W) with their motion channels, the
    known cells (B, 1, T, H, W) of them, how they move, captions, controls (B, sliders) and the paths of
    their cameras (B, T, 3)."""

    clean: Tensor
    known: Tensor
    motion: Motion | None
    captions: list[str]
    controls: Tensor | None
    camera: Tensor


class TransformerStage:
    """Velocity loss with frozen text encoder, captions dropped for guidance, Muon + AdamW, EMA.

    It computes where the transformer is. ``name`` is that of its state.
    """

    def __init__(
        self, name: str, transformer: WanTransformer, run: TransformerRun, material: Material, seed: int
    ) -> None:
        self.name, self.transformer, self.run, self.material = name, transformer, run, material
        self.steps, self.step, self.seed = run.steps, 0, seed
        self.device = transformer.patch_embedding.weight.device
        # compiled, what lies between the matrix products touches memory once; a CPU gains little
        self._network = transformer if self.device.type == "cpu" else torch.compile(transformer)
        self.ema = Ema(transformer)
        self.optimiser = BlockOptimiser(transformer, run.learning_rate)
        channels = channel_effort(material.visibility.to(self.device))
        extra = transformer.config.out_channels - len(channels)
        self._channels = torch.cat([channels, channels.new_full((extra,), run.weights.motion)])
        self._preparing = ThreadPoolExecutor(max_workers=1)
        self._ahead: Future[tuple[int, LatentBatch, Lesson]] | None = None
        # steps that taught what a model's record promises
        self.taught = {"known_tokens": 0, "sliders": 0}

    def train_step(self) -> Mapping[str, float]:
        """One batch of clips of one length."""
        num_frames, batch, lesson = self._next()
        generator = torch.Generator(self.device).manual_seed(self.seed + self.step)
        sigmas = draw_sigmas(len(batch.clean), _shift(batch.clean), generator, self.run.sigmas)
        drawn = torch.randn(lesson.clean.shape, generator=generator, device=self.device)
        noise = share_over_time(drawn, self.run.shared_noise, lesson.camera)
        error = self._error(lesson, sigmas, noise)
        figures = self._losses(error, lesson, batch.presence.to(self.device), sigmas)
        torch.stack(list(figures.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.transformer.parameters(), 1.0)
        self.optimiser.step(warmup_stable_decay(self.step, self.steps, decay_share=self.run.decay))
        self.ema.update(self.transformer, self.step)
        self.taught["known_tokens"] += self.run.gives_known
        self.taught["sliders"] += bool(self.material.sliders)
        figures[f"loss_{num_frames}"] = figures.pop("loss")
        shown = {name: value.item() for name, value in figures.items()}
        is_due = (self.step + 1) % self.run.validate_every == 0
        return {**shown, **self.validate()} if is_due else shown

    def _next(self) -> tuple[int, LatentBatch, Lesson]:
        """The batch of this step. Beside a GPU the next one is prepared while this one is learned."""
        if self.device.type == "cpu":
            return self._prepare(self.step)
        ready = self._ahead or self._preparing.submit(self._prepare, self.step)
        prepared = ready.result()
        self._ahead = self._preparing.submit(self._prepare, self.step + 1)
        return prepared

    def _prepare(self, step: int) -> tuple[int, LatentBatch, Lesson]:
        random = np.random.default_rng((self.seed, step))
        mix = self.run.mix_at(step)
        num_frames = int(random.choice(mix.num_frames, p=mix.odds))
        batch = self._draw(num_frames, random)
        return num_frames, batch, self._lesson(batch, random)

    def _draw(self, num_frames: int, random: np.random.Generator) -> LatentBatch:
        size, pools = self._batch(num_frames), self.material.pools
        longer = [length for length in pools if length > 1]
        if num_frames == 1 and longer and random.random() < FIRST_FRAMES:
            return pools[int(random.choice(longer))].draw(size, random).first_frames()
        return pools[num_frames].draw(size, random)

    @torch.no_grad()
    def validate(self) -> Mapping[str, float]:
        """Squared error of the averaged weights' velocity on the held-out clips, pictures only.

        Always the same clips, captions, noises and levels, these spread evenly over what training draws; a
        clip that moves begins with its first latent frame, as in use.
        """
        figures = {}
        for num_frames, pool in self.material.held_out.items():
            random = np.random.default_rng(num_frames)
            batch = pool.take(np.arange(len(pool)))
            captions = [training_caption(values, random, null_share=0) for values in batch.attributes]
            clean = self._with_motion(batch)
            known = torch.zeros_like(clean[:, :1], dtype=torch.bool)
            known[:, :, :1] = clean.shape[2] > 1
            share = (torch.arange(len(pool), device=self.device) + 0.5) / len(pool)
            drawn = _noise_of(clean, batch.clean.shape[1], num_frames)
            camera = self._camera(batch)
            noise = share_over_time(drawn.to(self.device), self.run.shared_noise, camera)
            lesson = Lesson(clean, known, None, captions, None, camera)
            sigmas = sigma_at(share, _shift(clean), self.run.sigmas)
            error = self._error(lesson, sigmas, noise, self.ema.weights)
            pictures = error[:, : len(self.material.visibility)]
            figures[f"validation_{num_frames}"] = pictures.square().mean().item()
        return {**figures, "validation": sum(figures.values()) / len(figures)} if figures else {}

    def _lesson(self, batch: LatentBatch, random: np.random.Generator) -> Lesson:
        captions = [training_caption(each, random, self.run.null_caption_share) for each in batch.attributes]
        clean, motion = self._with_motion(batch), None
        patch = self.transformer.config.patch_size
        if self.run.gives_known:
            known = draw_known(len(clean), clean.shape[2:], patch, random).to(self.device)
        else:
            known = torch.zeros_like(clean[:, :1], dtype=torch.bool)
        if batch.motion is not None:
            moved = batch.motion.to(self.device)
            motion = Motion(moved[:, :2], moved[:, 2:])
        controls = self._controls(batch, captions, random) if self.material.sliders else None
        return Lesson(clean, known, motion, captions, controls, self._camera(batch))

    def _camera(self, batch: LatentBatch) -> Tensor:
        """Noise and attention know how the cameras move even where no slider is told."""
        return camera_path(camera_moves(batch.sliders), batch.clean.shape[2]).to(self.device)

    def _with_motion(self, batch: LatentBatch) -> Tensor:
        clean = batch.clean.to(self.device)
        if batch.motion is None or not self.run.weights.motion:
            return clean
        return torch.cat([clean, motion_channels(batch.motion[:, :2].to(self.device))], dim=1)

    def _controls(self, batch: LatentBatch, captions: list[str], random: np.random.Generator) -> Tensor:
        """(B, sliders), NaN where a clip is not told; one without words is told nothing."""
        names = self.material.sliders
        values = torch.tensor([[each.get(name, math.nan) for name in names] for each in batch.sliders])
        is_told = random.random((len(captions), 1)) < TOLD_CLIPS
        told = is_told & (random.random(values.shape) < [TOLD.get(name, TOLD_SLIDERS) for name in names])
        told &= np.array([[bool(caption)] for caption in captions])
        if batch.clean.shape[2] == 1:
            told &= np.array([name in SEEN_IN_STILLS for name in names])
        return values.masked_fill(~torch.from_numpy(told), math.nan).to(self.device)

    def _error(
        self, lesson: Lesson, sigmas: Tensor, noise: Tensor, weights: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """The error of the velocity (B, C, T, H, W) by the own weights or others; 0 where known."""
        clean, known = lesson.clean, lesson.known
        given = clean.clone()
        given[:, len(self.material.visibility) :] = 0  # nobody gives the motion of what is known
        noisy = torch.where(known, given, torch.lerp(clean, noise, sigmas.view(-1, 1, 1, 1, 1)))
        still = known_tokens(known, self.transformer.config.patch_size).all(-1)
        timestep = (1000 * sigmas)[:, None].masked_fill(still, 0)
        asked = noisy, timestep, self._context(lesson.captions), lesson.controls, lesson.camera
        with torch.autocast(self.device.type, torch.bfloat16):
            if weights is None:
                velocity = self._network(*asked)
            else:
                velocity = torch.func.functional_call(self.transformer, dict(weights), asked)
        error: Tensor = (velocity.float() - (noise - clean)).masked_fill(known, 0)
        return error

    def _losses(self, error: Tensor, lesson: Lesson, presence: Tensor, sigmas: Tensor) -> dict[str, Tensor]:
        """Every part of the loss, weighted."""
        weights = self.run.weights
        error = error * self._channels.sqrt().view(1, -1, 1, 1, 1)
        losses = {"loss": velocity_loss(error, effort(presence, lesson.known))}
        if weights.kinematic:
            losses["kinematic"] = weights.kinematic * kinematic_loss(error, sigmas)
        if weights.flow_consistency and lesson.motion is not None:
            consistency = flow_consistency_loss(error, lesson.motion, sigmas)
            losses["flow_consistency"] = weights.flow_consistency * consistency
        if self.transformer.config.num_ffn_experts:
            losses["balance"] = weights.balance * balance_loss(self.transformer)
        return losses

    def _batch(self, num_frames: int) -> int:
        _, latent_frames, height, width = self.material.pools[num_frames].latents[0].shape[1:]
        patch = self.transformer.config.patch_size
        tokens = latent_frames // patch[0] * (height // patch[1]) * (width // patch[2])
        return max(1, int(self.run.tokens_per_batch // tokens))

    @torch.no_grad()
    def _context(self, captions: list[str]) -> Tensor:
        ids, mask = self.material.tokenizer.encode(captions, self.transformer.config.text_len)
        with torch.autocast(self.device.type, torch.bfloat16):
            context: Tensor = self.material.text_encoder(ids.to(self.device), mask.to(self.device))
        return context

    def state_dict(self) -> dict[str, Any]:
        """Weights, averages, optimiser, step, and how long each ability was taught."""
        return {
            "weights": self.transformer.state_dict(),
            "ema": self.ema.weights,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "taught": self.taught,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`. Raises UsageError for the state of another transformer."""
        if state["weights"].keys() != self.transformer.state_dict().keys():
            raise UsageError(
                f"{self.name}.pt is of a transformer of another shape: move it away to train this one"
            )
        self.transformer.load_state_dict(state["weights"])
        self.ema.load(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.taught.update(state.get("taught", {}))  # older states taught none of it


def _noise_of(clean: Tensor, pictures: int, seed: int) -> Tensor:
    """Noise whose first channels, the ``pictures``, are the same whatever follows them."""
    generator = torch.Generator().manual_seed(seed)
    parts = clean[:, :pictures], clean[:, pictures:]
    return torch.cat([torch.randn(part.shape, generator=generator) for part in parts], dim=1)


def _shift(latents: Tensor) -> float:
    return float(np.interp(latents.shape[2], *SHIFTS))
