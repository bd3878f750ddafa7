"""How mini is made: data, codec, text encoder, latents, transformers, upscaler, in this order, resumable."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from rushes.core.errors import UsageError
from rushes.language.mini_prompt import corpus
from rushes.models.bundle import Bundle
from rushes.models.mini_codec import MiniCodec
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer
from rushes.models.upscaler import Upscaler
from rushes.training.codec import (
    CodecStage,
    channel_visibility,
    fit_latent_statistics,
    fit_principal_components,
)
from rushes.training.filming import Filming, Footage
from rushes.training.loop import StopSignal, run_stage
from rushes.training.pools import LatentPool
from rushes.training.recipe import TrainingRecipe
from rushes.training.shards import Shard, Shelves, held_out_shards, shards, sliders, write_array
from rushes.training.text import TextStage
from rushes.training.tokenizer import train_tokenizer
from rushes.training.transformer import Material, TransformerStage
from rushes.training.upscaler import UpscalerStage
from rushes.training.warm_start import load_grown
from rushes.world.scene import REVISION

SEED = 2611
CORPUS_SIZE = 60_000
Part = TypeVar("Part", bound=nn.Module)
# Of the values of coded clips so many lie within the limits of what is denoised.
LIMITED_SHARE = 0.99
# From so many steps on, what they taught is promised.
ENOUGH_STEPS = 1000
STAGES = ("data", "codec", "text", "latents", "transformer", "experts", "upscaler")
EXPERTS = ("expert_high", "expert_low")


@dataclass(frozen=True)
class TrainedState:
    """Averaged weights of a transformer, and steps by what they taught."""

    weights: Mapping[str, torch.Tensor]
    taught: Mapping[str, int]


@dataclass(frozen=True)
class MiniTraining:
    """One training state in ``folder``; ``shipped`` weights, if any, are where a fresh state starts from."""

    recipe: TrainingRecipe
    folder: Path
    stop: StopSignal
    shipped: Bundle | None
    filming: Filming

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
            "experts": self._train_experts,
            "upscaler": self._train_upscaler,
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
        for shard in self._codec_shards():
            if self.stop.is_set():
                return False
            pictures, subject = self._footage_files(shard)
            if not (pictures.exists() and subject.exists()):
                pictures.parent.mkdir(parents=True, exist_ok=True)
                footage = self.filming.footage(shard)
                write_array(footage.frames, pictures)
                write_array(footage.presence, subject)
        return True

    def _train_codec(self) -> bool:
        if self._codec_file.exists():
            return True
        if not self._render_data():
            return False
        torch.manual_seed(SEED)
        codec = MiniCodec(self.recipe.codec).to(self.filming.device)
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
        encoder = UMT5Encoder(self.recipe.text_encoder).to(self.filming.device)
        encoder.init_weights()
        if self.shipped:
            encoder.load_state_dict(self.shipped.text_encoder.state_dict())
        stage = TextStage(encoder, self._tokenizer(), self.recipe.text_run, self.recipe.text_length)
        if not run_stage(stage, self.folder, self.stop):
            return False
        save_file(encoder.state_dict(), self._text_file)
        return True

    def _encode_data(self) -> bool:
        drawn = [*shards(self.recipe.data_run), *held_out_shards(self.recipe.data_run)]
        shelves = self._shelves()
        missing = [shard for shard in drawn if not shelves.holds(shard)]
        made = self.filming.film(missing, shelves, self._codec())
        return all(not self.stop.is_set() for _ in made)

    def _train_transformer(self) -> bool:
        run = self.recipe.transformer_run
        if not run.steps:
            return True
        if not self._encode_data():
            return False
        stage = TransformerStage("transformer", self.trunk(), run, self.material(), SEED)
        return run_stage(stage, self.folder, self.stop)

    def trunk(self) -> WanTransformer:
        """The transformer as its training begins: from shipped weights, or from nothing."""
        torch.manual_seed(SEED)
        transformer = WanTransformer(self.recipe.transformer).to(self.filming.device)
        transformer.init_weights()
        if self.shipped:
            load_grown(transformer, self.shipped.experts[-1].transformer.state_dict())
        return transformer

    def _train_experts(self) -> bool:
        """One transformer for high noise, another for low."""
        if not self.recipe.expert_runs:
            return True
        if not self._encode_data():
            return False
        material = self.material()
        for name, run, start in zip(EXPERTS, self.recipe.expert_runs, self._forked(), strict=True):
            transformer = WanTransformer(self.recipe.transformer).to(self.filming.device)
            transformer.load_state_dict(start.weights)
            stage = TransformerStage(name, transformer, run, material, SEED)
            stage.taught.update(start.taught)
            if not run_stage(stage, self.folder, self.stop):
                return False
        return True

    def _forked(self) -> tuple[TrainedState, TrainedState]:
        """Where the experts begin: two copies of the trunk, or the shipped ones where no trunk is trained."""
        if self.recipe.transformer_run.steps:
            trunk = self.state_of("transformer")
            return trunk, trunk
        if not self.shipped:
            raise UsageError("there are no shipped experts to go on from: give the trunk steps")
        promised = self.shipped.conventions
        taught = {
            "known_tokens": ENOUGH_STEPS * promised.any_tokens,
            "sliders": ENOUGH_STEPS * (promised.sliders == self.recipe.sliders),
        }
        high, low = (expert.transformer.state_dict() for expert in self.shipped.experts)
        return TrainedState(high, taught), TrainedState(low, taught)

    def _train_upscaler(self) -> bool:
        torch.manual_seed(SEED)
        upscaler = Upscaler(self.recipe.upscaler)
        upscaler.init_weights()
        if self.shipped and self.shipped.upscaler:
            upscaler.load_state_dict(self.shipped.upscaler.state_dict())
        run, shards_of_crops = self.recipe.upscaler_run, []
        for shard in self.filming.crops(self._crops(), run.scenes, self._codec()):
            if self.stop.is_set():
                return False
            shards_of_crops.append(shard)
        return run_stage(UpscalerStage(upscaler, run, shards_of_crops, SEED), self.folder, self.stop)

    def upscaler(self) -> Upscaler | None:
        """The averaged upscaler of this state, else the shipped one; None where there is none."""
        path = self.folder / "upscaler.pt"
        if not path.exists():
            return self.shipped.upscaler if self.shipped else None
        upscaler = Upscaler(self.recipe.upscaler)
        upscaler.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["ema"])
        return upscaler

    def parts(self) -> tuple[Tokenizer, UMT5Encoder, MiniCodec]:
        """What can be shipped beside the transformers."""
        return Tokenizer(self._tokenizer_file), self._text_encoder().cpu(), self._codec().cpu()

    def latent_limits(self) -> tuple[float, ...]:
        """Within which nearly all values of each channel of long clips lie; the shipped ones without any."""
        longest = max(shards(self.recipe.data_run), key=lambda shard: shard.num_frames)
        path = self._shelves().latents / f"{longest.name}.npy"
        if not path.exists():
            return self.shipped.conventions.latent_limits if self.shipped else ()
        clips = np.load(path).astype(np.float32)
        sizes = np.abs(clips).swapaxes(0, 1).reshape(clips.shape[1], -1)
        return tuple(round(limit, 2) for limit in np.quantile(sizes, LIMITED_SHARE, axis=1).tolist())

    def trained(self) -> tuple[TrainedState, ...]:
        """The transformer's state, or those of the experts at high and low noise once there are both."""
        has_experts = all((self.folder / f"{name}.pt").exists() for name in EXPERTS)
        return tuple(self.state_of(name) for name in (EXPERTS if has_experts else ("transformer",)))

    def state_of(self, stage: str) -> TrainedState:
        """Averaged weights of a transformer's state. Raises UsageError when there is none."""
        path = self.folder / f"{stage}.pt"
        if not path.exists():
            raise UsageError(f"no trained {stage} in {self.folder}: run 'rushes train' first")
        state = torch.load(path, map_location="cpu", weights_only=True)
        return TrainedState(state["ema"], state.get("taught", {}))

    def _footage_files(self, shard: Shard) -> tuple[Path, Path]:
        folder = self.folder / f"frames_{REVISION}"
        return folder / f"{shard.name}.npy", folder / f"{shard.name}_subject.npy"

    def _crops(self) -> Path:
        return self.folder / f"crops_{self._made_with()}"

    def _made_with(self) -> str:
        """Names the world and the codec."""
        weights = b"".join(value.cpu().numpy().tobytes() for value in self._codec().state_dict().values())
        return f"{REVISION}_{hashlib.sha256(weights).hexdigest()[:12]}"

    @property
    def _codec_file(self) -> Path:
        return self.folder / "codec.safetensors"

    @property
    def _text_file(self) -> Path:
        return self.folder / "text_encoder.safetensors"

    @property
    def _tokenizer_file(self) -> Path:
        return self.folder / "tokenizer.model"

    def _codec_shards(self) -> list[Shard]:
        short = [shard for shard in shards(self.recipe.data_run) if shard.num_frames > 1]
        return short[: self.recipe.codec_run.clips // self.recipe.data_run.shard]

    def _codec_clips(self) -> list[Footage]:
        files = (self._footage_files(shard) for shard in self._codec_shards())
        return [Footage(*(np.load(path, mmap_mode="r") for path in paths)) for paths in files]

    def _shelves(self) -> Shelves:
        moving = self.recipe.transformer_run.weights.needs_motion
        return Shelves(
            self.folder / f"latents_{self._made_with()}",
            self.folder / f"presence_{REVISION}",
            self.folder / f"motion_{REVISION}" if moving else None,
        )

    def material(self) -> Material:
        """What the transformer learns from, once the data is encoded."""
        run = self.recipe.data_run
        return Material(
            self._tokenizer(),
            self._text_encoder(),
            self._pools(shards(run)),
            self._pools(held_out_shards(run)),
            channel_visibility(self._codec()),
            self.recipe.sliders,
        )

    def _pools(self, drawn: list[Shard]) -> dict[int, LatentPool]:
        by_length: dict[int, list[Shard]] = {}
        for shard in drawn:
            by_length.setdefault(shard.num_frames, []).append(shard)
        return {num_frames: self._pool(same) for num_frames, same in by_length.items()}

    def _pool(self, drawn: list[Shard]) -> LatentPool:
        shelves = self._shelves()
        scenes = [scene for shard in drawn for scene in shard.scenes()]
        return LatentPool(
            tuple(shelves.read(shelves.latents, shard) for shard in drawn),
            tuple(shelves.read(shelves.presence, shard) for shard in drawn),
            tuple(shelves.read(shelves.motion, shard) for shard in drawn) if shelves.motion else (),
            tuple(scene.told() for scene in scenes),
            tuple(sliders(scene, drawn[0].num_frames) for scene in scenes),
        )

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
        return _finished(MiniCodec(self.recipe.codec), self._codec_file, "codec").to(self.filming.device)

    def _text_encoder(self) -> UMT5Encoder:
        return _finished(UMT5Encoder(self.recipe.text_encoder), self._text_file, "text").to(
            self.filming.device
        )


def _finished(part: Part, file: Path, stage: str) -> Part:
    if not file.exists():
        raise UsageError(f"stage {stage} is not finished: run 'rushes train --stage {stage}' first")
    part.load_state_dict(load_file(file))
    return part.eval().requires_grad_(False)
