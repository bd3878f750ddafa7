"""Warm start of the text encoder: read a scene's attributes out of its captions, alike in four languages."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.core.vocabulary import PLAIN_SKY, SLOTS
from rushes.language.captions import LANGUAGES, caption
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.training.captions import told_attributes
from rushes.training.optimiser import warmup_stable_decay
from rushes.training.recipe import TextRun
from rushes.world.scene import sample_scene

AGREEMENT_WEIGHT = 0.5


class AttributeReader(nn.Module):
    """One linear head per slot on the mean text state; the last class of each means 'not told'."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {slot: nn.Linear(width, len(values) + 1) for slot, values in SLOTS.items()}
        )

    def forward(self, states: Tensor, mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """States (B, L, D) and mask (B, L) -> logits per slot (B, values + 1) and the mean state (B, D)."""
        pooled = states.sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return {slot: head(pooled) for slot, head in self.heads.items()}, pooled


class TextStage:
    """Cross-entropy on every slot plus agreement of the four languages; the readers are thrown away."""

    name = "text"

    def __init__(self, encoder: UMT5Encoder, tokenizer: Tokenizer, run: TextRun, length: int) -> None:
        self.encoder, self.tokenizer, self.run, self.length = encoder, tokenizer, run, length
        self.steps, self.step = run.steps, 0
        self.device = next(encoder.parameters()).device
        self.reader = AttributeReader(encoder.config.hidden_size).to(self.device)
        self.module = nn.ModuleList([encoder, self.reader])
        self.optimiser = torch.optim.AdamW(self.module.parameters(), lr=run.learning_rate)

    def train_step(self) -> Mapping[str, float]:
        """One batch of scenes, each captioned in every language."""
        random = np.random.default_rng((11, self.step))
        captions, labels = self._batch(random)
        ids, mask = (part.to(self.device) for part in self.tokenizer.encode(captions, self.length))
        with torch.autocast(self.device.type, torch.bfloat16):
            states = self.encoder(ids, mask)
        logits, pooled = self.reader(states.float(), mask)
        loss = torch.stack([F.cross_entropy(logits[slot], labels[slot]) for slot in SLOTS]).mean()
        by_scene = rearrange(pooled, "(scenes languages) d -> scenes languages d", languages=len(LANGUAGES))
        apart = (by_scene - by_scene.mean(dim=1, keepdim=True)).square().mean() / pooled.var()
        (loss + AGREEMENT_WEIGHT * apart).backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimiser.param_groups[0]["lr"] = self.run.learning_rate * warmup_stable_decay(
            self.step, self.steps
        )
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        right = [(logits[slot].argmax(dim=1) == labels[slot]).float().mean() for slot in SLOTS]
        return {"loss": loss.item(), "apart": apart.item(), "accuracy": torch.stack(right).mean().item()}

    def _batch(self, random: np.random.Generator) -> tuple[list[str], dict[str, Tensor]]:
        captions: list[str] = []
        told_values: list[Mapping[str, str]] = []
        for _ in range(self.run.scenes):
            scene = sample_scene(int(random.integers(2**30)))
            told = dict(told_attributes(scene.told(), random))
            if told.get("sky") == PLAIN_SKY and len(told) > 1:
                del told["sky"]  # captions leave it unsaid
            for language in LANGUAGES:
                captions.append(caption(told, language, int(random.integers(2**31))))
                told_values.append(told)
        labels = {
            slot: torch.tensor(
                [values.index(told[slot]) if slot in told else len(values) for told in told_values],
                device=self.device,
            )
            for slot, values in SLOTS.items()
        }
        return captions, labels

    def state_dict(self) -> dict[str, Any]:
        """Weights of encoder and readers, optimiser, step."""
        return {
            "weights": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.module.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
