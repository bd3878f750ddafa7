"""How mini is made: data, codec, text encoder, latents, transformer, in this order, each resumable."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from rushes.core.errors import UsageError
from rushes.language.mini_prompt import corpus
from rushes.models.bundle import Bundle
from rushes.models.mini_codec import MiniCodec
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer
from rushes.training.codec import (
    CodecStage,
    channel_visibility,
    fit_latent_statistics,
    fit_principal_components,
)
from rushes.training.data import LatentPool, Shard, frames_of, latents_of, presence_of, shards
from rushes.training.loop import StopSignal, run_stage
from rushes.training.recipe import TrainingRecipe
from rushes.training.text import TextStage
from rushes.training.tokenizer import train_tokenizer
from rushes.training.transformer import TransformerStage
from rushes.world.scene import REVISION

SEED = 2611
CORPUS_SIZE = 60_000
Part = TypeVar("Part", bound=nn.Module)
STAGES = ("data", "codec", "text", "latents", "transformer")


@dataclass(frozen=True)
class MiniTraining:
    """One training state in ``folder``; ``shipped`` weights, if any, are where a fresh state starts from."""

    recipe: TrainingRecipe
    folder: Path
    stop: StopSignal
    shipped: Bundle | None

    def run(self, stages: tuple[str, ...] = STAGES) -> bool:
        """Work through ``stages`` in order; False when stopped before their end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._adopt_shipped(asked=() if stages == STAGES else stages)
        work = {
            "data": self._render_data,
            "codec": self._train_codec,
            "text": self._train_text,
            "latents": self._encode_data,
            "transformer": self._train_transformer,
        }
        with self.stop.listening():
            return all(work[stage]() for stage in stages)

    def _adopt_shipped(self, asked: tuple[str, ...]) -> None:
        """In a fresh state shipped codec and text encoder count as finished, unless ``asked`` names them."""
        if not self.shipped or any(self.folder.glob("*.pt")):
            return
        if "codec" not in asked and not self._codec_file.exists():
            save_file(self.shipped.codec.state_dict(), self._codec_file)
        if "text" not in asked and not self._text_file.exists():
            save_file(self.shipped.text_encoder.state_dict(), self._text_file)

    def _render_data(self) -> bool:
        for shard in shards(self.recipe.data_run):
            if self.stop.is_set():
                return False
            frames_of(shard, self._frames)
        return True

    def _train_codec(self) -> bool:
        if self._codec_file.exists():
            return True
        torch.manual_seed(SEED)
        codec = MiniCodec(self.recipe.codec)
        if self.shipped:
            codec.load_state_dict(self.shipped.codec.state_dict())
        else:
            fit_principal_components(codec, self._codec_clips())
        stage = CodecStage(codec, self.recipe.codec_run, self._codec_clips(), SEED)
        if not run_stage(stage, self.folder, self.stop):
            return False
        codec.load_state_dict(stage.ema.weights)
        fit_latent_statistics(codec, self._codec_clips())
        save_file(codec.state_dict(), self._codec_file)
        return True

    def _train_text(self) -> bool:
        if self._text_file.exists():
            return True
        torch.manual_seed(SEED)
        encoder = UMT5Encoder(self.recipe.text_encoder)
        encoder.init_weights()
        if self.shipped:
            encoder.load_state_dict(self.shipped.text_encoder.state_dict())
        stage = TextStage(encoder, self._tokenizer(), self.recipe.text_run, self.recipe.text_length)
        if not run_stage(stage, self.folder, self.stop):
            return False
        save_file(encoder.state_dict(), self._text_file)
        return True

    def _encode_data(self) -> bool:
        codec, latents = self._codec(), self._latents()
        for shard in shards(self.recipe.data_run):
            if self.stop.is_set():
                return False
            latents_of(shard, self._frames, latents, codec)
        return True

    def _train_transformer(self) -> bool:
        torch.manual_seed(SEED)
        transformer = WanTransformer(self.recipe.transformer)
        transformer.init_weights()
        if self.shipped:
            transformer.load_state_dict(self.shipped.experts[0].transformer.state_dict())
        stage = TransformerStage(
            transformer,
            (self._tokenizer(), self._text_encoder()),
            self.recipe.transformer_run,
            self._pools(),
            channel_visibility(self._codec()),
            SEED,
        )
        return run_stage(stage, self.folder, self.stop)

    def parts(self) -> tuple[bytes, UMT5Encoder, MiniCodec, dict[str, torch.Tensor]]:
        """What can be shipped: tokenizer file, text encoder, codec, the transformer's averaged weights."""
        state = torch.load(self.folder / "transformer.pt", map_location="cpu", weights_only=True)
        return self._tokenizer_file.read_bytes(), self._text_encoder(), self._codec(), state["ema"]

    @property
    def _frames(self) -> Path:
        return self.folder / f"frames_{REVISION}"

    def _latents(self) -> Path:
        weights = b"".join(value.numpy().tobytes() for value in self._codec().state_dict().values())
        return self.folder / f"latents_{REVISION}_{hashlib.sha256(weights).hexdigest()[:12]}"

    @property
    def _codec_file(self) -> Path:
        return self.folder / "codec.safetensors"

    @property
    def _text_file(self) -> Path:
        return self.folder / "text_encoder.safetensors"

    @property
    def _tokenizer_file(self) -> Path:
        return self.folder / "tokenizer.model"

    def _codec_clips(self) -> list[NDArray[np.uint8]]:
        short = [shard for shard in shards(self.recipe.data_run) if shard.num_frames > 1]
        count = self.recipe.codec_run.clips // self.recipe.data_run.shard
        return [frames_of(shard, self._frames) for shard in short[:count]]

    def _pools(self) -> dict[int, LatentPool]:
        by_length: dict[int, list[Shard]] = {}
        for shard in shards(self.recipe.data_run):
            by_length.setdefault(shard.num_frames, []).append(shard)
        codec, folder = self._codec(), self._latents()
        return {
            num_frames: LatentPool(
                tuple(latents_of(shard, self._frames, folder, codec) for shard in same),
                tuple(presence_of(shard, self.folder / f"presence_{REVISION}") for shard in same),
                tuple(scene.attributes() for shard in same for scene in shard.scenes()),
            )
            for num_frames, same in by_length.items()
        }

    def _tokenizer(self) -> Tokenizer:
        if not self._tokenizer_file.exists():
            model = (
                self.shipped.tokenizer.model_bytes
                if self.shipped
                else train_tokenizer(corpus(CORPUS_SIZE, SEED), self.recipe.vocabulary_size)
            )
            self._tokenizer_file.write_bytes(model)
        return Tokenizer(self._tokenizer_file)

    def _codec(self) -> MiniCodec:
        return _finished(MiniCodec(self.recipe.codec), self._codec_file, "codec")

    def _text_encoder(self) -> UMT5Encoder:
        return _finished(UMT5Encoder(self.recipe.text_encoder), self._text_file, "text")


def _finished(part: Part, file: Path, stage: str) -> Part:
    if not file.exists():
        raise UsageError(f"stage {stage} is not finished: run 'rushes train --stage {stage}' first")
    part.load_state_dict(load_file(file))
    return part.eval().requires_grad_(False)
