"""A model on disk: its configurations and a source of tensors for every part, nothing loaded yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from rushes.core.errors import WeightsError
from rushes.core.model_facts import Conventions, ModelDefaults, ModelFacts
from rushes.core.shapes import CODEC_COMPRESSION
from rushes.models.codecs import CodecConfig
from rushes.models.model_record import FILE_NAME, ModelRecord, read_record
from rushes.models.tensor_source import REMEDY, SafetensorsFile, TensorSource
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.upscaler import UpscalerConfig
from rushes.models.weights_file import sha256_of

TOKENIZER = "tokenizer.model"
TEXT_ENCODER = "text_encoder.safetensors"
CODEC = "codec.safetensors"
UPSCALER = "upscaler.safetensors"
# One transformer for all noise, or one for high and one for low.
TRANSFORMER = "transformer.safetensors"
EXPERTS = ("transformer_high.safetensors", "transformer_low.safetensors")
# Above this the digest of a file is not taken at every start: half a minute for an expert of A14B.
CHECKED_BYTES = 1 << 30

Config = TypeVar("Config")


def expert_files(networks: Sequence[object]) -> tuple[str, ...]:
    """File of each expert: one file where all hold one network (or source of one); ValueError for three."""
    different = len({id(network) for network in networks})
    if different > len(EXPERTS):
        raise ValueError(f"{different} different experts: a model has a high-noise and a low-noise one")
    return (TRANSFORMER,) * len(networks) if different == 1 else EXPERTS


@dataclass(frozen=True)
class PartFiles(Generic[Config]):
    """One part: what it is built like, and its tensors under our names."""

    config: Config
    source: TensorSource


@dataclass(frozen=True)
class ExpertFiles:
    """The tensors of the expert in charge from ``from_sigma`` upwards; two experts may share one source."""

    source: TensorSource
    from_sigma: float


@dataclass(frozen=True)
class ModelFiles:
    """Everything a bundle is made of. ``sha256`` names the parts in a recipe: part -> digest.

    ``notes`` are sentences for a person on how the files were put together.
    """

    name: str
    licence: str
    tokenizer: bytes
    text_encoder: PartFiles[TextEncoderConfig]
    transformer: TransformerConfig
    experts: tuple[ExpertFiles, ...]
    codec: PartFiles[CodecConfig]
    defaults: ModelDefaults
    conventions: Conventions
    sha256: Mapping[str, str]
    notes: tuple[str, ...] = ()
    upscaler: PartFiles[UpscalerConfig] | None = None
    """Makes the delivered pictures larger; few models ship one."""

    @property
    def facts(self) -> ModelFacts:
        """The model without its files."""
        compression = CODEC_COMPRESSION[self.codec.config.kind]
        return ModelFacts(self.name, self.defaults, self.conventions, compression, self.upscaler is not None)


def own_files(folder: Path) -> ModelFiles:
    """The model of our own format in ``folder``.

    Raises WeightsError, naming file and remedy, for what is missing, cut off or changed. The content of files
    over ``CHECKED_BYTES`` is not hashed here.
    """
    record = read_record(folder)
    optional = (UPSCALER,) if record.upscaler else ()
    experts = (expert.file for expert in record.experts)
    names = dict.fromkeys((TOKENIZER, TEXT_ENCODER, CODEC, *optional, *experts))
    sources = {name: SafetensorsFile(folder / name) for name in names if name != TOKENIZER}
    for name in names:
        _check_digest(record, folder, name)
    return ModelFiles(
        name=record.name,
        licence=record.licence,
        tokenizer=(folder / TOKENIZER).read_bytes(),
        text_encoder=PartFiles(record.text_encoder, sources[TEXT_ENCODER]),
        transformer=record.transformer,
        experts=tuple(ExpertFiles(sources[each.file], each.from_sigma) for each in record.experts),
        codec=PartFiles(record.codec, sources[CODEC]),
        defaults=record.defaults,
        conventions=record.conventions,
        sha256=record.sha256,
        upscaler=PartFiles(record.upscaler, sources[UPSCALER]) if record.upscaler else None,
    )


def _check_digest(record: ModelRecord, folder: Path, name: str) -> None:
    if name not in record.sha256:
        raise WeightsError(f"{folder / FILE_NAME} has no SHA-256 for {name}: {REMEDY}")
    path = folder / name
    if path.exists() and path.stat().st_size > CHECKED_BYTES:
        return
    if sha256_of(path) != record.sha256[name]:
        raise WeightsError(f"{path} was changed after it was published (its SHA-256 differs): {REMEDY}")
