"""A model as the engine holds it: tokenizer, text encoder, experts by range of noise, codec, defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import torch

from rushes.core.errors import WeightsError
from rushes.core.lora_use import LoraUse
from rushes.core.model_facts import MINI_CONVENTIONS, Conventions, ModelDefaults, ModelFacts
from rushes.models.codecs import Codec, CodecConfig, build_codec
from rushes.models.foreign import foreign_files
from rushes.models.lora import with_loras
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.model_files import (
    CODEC,
    EXPERTS,
    TEXT_ENCODER,
    TOKENIZER,
    TRANSFORMER,
    UPSCALER,
    ModelFiles,
    expert_files,
    own_files,
)
from rushes.models.model_record import FILE_NAME, FORMAT, ExpertRecord, ModelRecord, write_record
from rushes.models.streaming import BlockPool, VisitingEncoder, stream_blocks
from rushes.models.tensor_source import REMEDY, check_fits, fill
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tiled_codec import TiledCodec
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import Block, WanTransformer
from rushes.models.upscaler import Upscaler
from rushes.models.weights_file import save_weights, sha256_of, write_atomically

__all__ = [
    "CODEC",
    "TEXT_ENCODER",
    "TOKENIZER",
    "UPSCALER",
    "Bundle",
    "Expert",
    "ModelDefaults",
    "check_files",
    "codec_dtype",
    "load_bundle",
    "load_files",
    "load_upscaler",
    "open_model",
    "save_bundle",
    "stream_files",
]


@dataclass(frozen=True)
class Expert:
    """A transformer in charge from ``from_sigma`` upwards; two experts may hold one transformer."""

    transformer: WanTransformer
    from_sigma: float


@dataclass(frozen=True)
class Bundle:
    """One complete model. ``experts`` are ordered from high noise, the last reaches sigma 0.

    Its parts are in memory, or come when they are needed (:mod:`rushes.models.streaming`). ``sha256`` names
    the files it was loaded from; it is empty for a model that was never saved.
    """

    name: str
    licence: str
    tokenizer: Tokenizer
    text_encoder: UMT5Encoder | VisitingEncoder
    experts: tuple[Expert, ...]
    codec: Codec | TiledCodec
    defaults: ModelDefaults
    sha256: Mapping[str, str] = field(default_factory=dict)
    conventions: Conventions = MINI_CONVENTIONS
    upscaler: Upscaler | None = None

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        bounds = [expert.from_sigma for expert in self.experts]
        if not bounds or bounds[-1] != 0 or any(a <= b for a, b in pairwise(bounds)):
            raise ValueError(f"experts must start at decreasing sigmas and end with 0, got {bounds}")
        width = self.text_encoder.config.hidden_size
        for expert in self.experts:
            config, channels = expert.transformer.config, self.codec.latent_channels
            if config.text_dim != width:
                raise ValueError(
                    f"transformer reads text of width {config.text_dim}, the encoder gives {width}"
                )
            if config.out_channels != channels + self.conventions.motion_channels:
                raise ValueError(f"transformer makes {config.out_channels} channels, the codec {channels}")
            if len(self.conventions.sliders) not in (0, config.num_controls):
                raise ValueError(
                    f"transformer has {config.num_controls} controls for {self.conventions.sliders}"
                )
        if self.tokenizer.vocab_size > self.text_encoder.config.vocab_size:
            raise ValueError(
                f"tokenizer has {self.tokenizer.vocab_size} pieces, "
                f"the text encoder {self.text_encoder.config.vocab_size}"
            )

    @property
    def facts(self) -> ModelFacts:
        """The model without its weights."""
        return ModelFacts(
            self.name, self.defaults, self.conventions, self.codec.compression, self.upscaler is not None
        )

    @property
    def latent_channels(self) -> int:
        """Channels of a clip's latents: those of the picture first, then those of its motion."""
        return self.codec.latent_channels + self.conventions.motion_channels

    @property
    def dtype(self) -> torch.dtype:
        """What the networks compute in."""
        return self.experts[0].transformer.patch_embedding.weight.dtype


def load_bundle(
    folder: Path, dtype: torch.dtype, device: torch.device | str, loras: Sequence[LoraUse] = ()
) -> Bundle:
    """Load the model in ``folder``, ours or foreign; experts that share a file share the module.

    Raises WeightsError, naming file and remedy, for anything missing, cut off, changed or not fitting.
    """
    return load_files(open_model(folder, loras), dtype, device)


def open_model(folder: Path, loras: Sequence[LoraUse] = ()) -> ModelFiles:
    """What is in ``folder``, of our own format or a foreign layout, with ``loras`` added. Loads nothing.

    Raises WeightsError, naming file and remedy, for what is missing, cut off or made for another model.
    """
    files = own_files(folder) if (folder / FILE_NAME).exists() else foreign_files(folder)
    return with_loras(files, loras)


def load_files(files: ModelFiles, dtype: torch.dtype, device: torch.device | str) -> Bundle:
    """Load every part of ``files`` into memory.

    Raises WeightsError, naming file and remedy, for anything cut off or not fitting; what headers tell comes
    before the first weight is read.
    """
    check_files(files)
    device = torch.device(device)
    with torch.device("meta"):
        text_encoder = UMT5Encoder(files.text_encoder.config)
        transformers = {id(each.source): WanTransformer(files.transformer) for each in files.experts}
    fill(text_encoder, files.text_encoder.source, dtype, device)
    sources = {id(each.source): each.source for each in files.experts}
    for key, transformer in transformers.items():
        fill(transformer, sources[key], dtype, device)
    bundle = _put_together(files, text_encoder, transformers, _load_codec(files, dtype, device))
    return replace(bundle, upscaler=load_upscaler(files, dtype, device))


def check_files(files: ModelFiles) -> None:
    """Raise WeightsError unless every part has exactly the tensors it must have, and the parts fit.

    Reads headers only: no values.
    """
    with torch.device("meta"):
        text_encoder, codec = UMT5Encoder(files.text_encoder.config), build_codec(files.codec.config)
        transformer = WanTransformer(files.transformer)
    check_fits(text_encoder, files.text_encoder.source)
    check_fits(codec, files.codec.source)
    if files.upscaler:
        with torch.device("meta"):
            upscaler = Upscaler(files.upscaler.config)
        check_fits(upscaler, files.upscaler.source)
    for expert in files.experts:
        check_fits(transformer, expert.source)
    _put_together(files, text_encoder, {id(each.source): transformer for each in files.experts}, codec)


def stream_files(files: ModelFiles, dtype: torch.dtype, device: torch.device | str, places: int) -> Bundle:
    """A bundle that needs little memory: the transformers' blocks pass through so many places.

    With one place less than a transformer has blocks, one expert is in memory at a time; 2 is the fewest. The
    text encoder is in memory only while it reads. The numbers are those of :func:`load_files`. Raises
    WeightsError, naming file and remedy, for anything cut off or not fitting; what headers tell comes before
    the first weight is read.
    """
    check_files(files)
    device = torch.device(device)

    def make() -> Block:
        with device:
            return Block(files.transformer)

    pool = BlockPool(make, places, dtype)
    sources = {id(each.source): each.source for each in files.experts}
    with torch.device("meta"):
        transformers = {key: WanTransformer(files.transformer) for key in sources}
    for key, transformer in transformers.items():
        stream_blocks(transformer, sources[key], pool, device)
    encoder = VisitingEncoder(files.text_encoder.config, files.text_encoder.source, dtype, device)
    bundle = _put_together(files, encoder, transformers, _load_codec(files, dtype, device))
    return replace(bundle, upscaler=load_upscaler(files, dtype, device))


def codec_dtype(config: CodecConfig, dtype: torch.dtype) -> torch.dtype:
    """What a codec computes in, in a model that computes in ``dtype``: Wan's in float32, as published."""
    return dtype if isinstance(config, MiniCodecConfig) else torch.float32


def load_upscaler(files: ModelFiles, dtype: torch.dtype, device: torch.device) -> Upscaler | None:
    """The upscaler of a model that ships one. Raises WeightsError when it is cut off or does not fit."""
    if files.upscaler is None:
        return None
    with torch.device("meta"):
        upscaler = Upscaler(files.upscaler.config)
    fill(upscaler, files.upscaler.source, dtype, device)
    return upscaler


def _load_codec(files: ModelFiles, dtype: torch.dtype, device: torch.device) -> Codec:
    with torch.device("meta"):
        codec = build_codec(files.codec.config)
    fill(codec, files.codec.source, codec_dtype(files.codec.config, dtype), device)
    return codec


def _put_together(
    files: ModelFiles,
    text_encoder: UMT5Encoder | VisitingEncoder,
    transformers: Mapping[int, WanTransformer],
    codec: Codec,
) -> Bundle:
    """The parts; ``transformers`` by the identity of their source."""
    try:
        return Bundle(
            name=files.name,
            licence=files.licence,
            tokenizer=Tokenizer(files.tokenizer),
            text_encoder=text_encoder,
            experts=tuple(Expert(transformers[id(each.source)], each.from_sigma) for each in files.experts),
            codec=codec,
            defaults=files.defaults,
            sha256=files.sha256,
            conventions=files.conventions,
        )
    except ValueError as error:
        raise WeightsError(f"the parts of {files.name} do not fit: {error}; {REMEDY}") from error


def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write every file of ``bundle``, ``model.json`` last; weights in bfloat16.

    Experts that hold one transformer share ``transformer.safetensors``; what lay there before of another
    model's transformers is removed. Raises ValueError for more than two different experts, experts of
    different shapes, or parts that are not in memory.
    """
    if isinstance(bundle.text_encoder, VisitingEncoder) or isinstance(bundle.codec, TiledCodec):
        raise ValueError(f"{bundle.name} was not loaded into memory: load it with load_files to save it")
    folder.mkdir(parents=True, exist_ok=True)
    if len({expert.transformer.config for expert in bundle.experts}) > 1:
        raise ValueError("experts of different shapes cannot be saved as one model")
    names = expert_files([expert.transformer for expert in bundle.experts])
    digests = {
        TEXT_ENCODER: save_weights(bundle.text_encoder, folder / TEXT_ENCODER),
        CODEC: save_weights(bundle.codec, folder / CODEC),
    }
    if bundle.upscaler:
        digests[UPSCALER] = save_weights(bundle.upscaler, folder / UPSCALER)
    for name, expert in zip(names, bundle.experts, strict=True):
        if name not in digests:
            digests[name] = save_weights(expert.transformer, folder / name)
    write_atomically(folder / TOKENIZER, bundle.tokenizer.model_bytes)
    digests[TOKENIZER] = sha256_of(folder / TOKENIZER)
    experts = zip(names, bundle.experts, strict=True)
    record = ModelRecord(
        format=FORMAT,
        name=bundle.name,
        licence=bundle.licence,
        transformer=bundle.experts[0].transformer.config,
        text_encoder=bundle.text_encoder.config,
        codec=bundle.codec.config,
        experts=tuple(ExpertRecord(name, expert.from_sigma) for name, expert in experts),
        defaults=bundle.defaults,
        sha256=digests,
        conventions=bundle.conventions,
        upscaler=bundle.upscaler.config if bundle.upscaler else None,
    )
    write_record(record, folder)
    for name in {TRANSFORMER, *EXPERTS} - set(names):
        (folder / name).unlink(missing_ok=True)
