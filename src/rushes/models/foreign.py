"""Models as others publish them: official folders, diffusers folders, ComfyUI's loose files.

What a part is built like is read from the shapes of its tensors; what the model is called and how it is
driven comes from the published model it is a size of.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.core.errors import WeightsError
from rushes.models.codecs import CodecConfig
from rushes.models.model_files import CODEC, TEXT_ENCODER, TOKENIZER, ExpertFiles, ModelFiles, PartFiles
from rushes.models.model_record import FILE_NAME
from rushes.models.naming import (
    codec_source,
    embedded_tokenizer,
    open_file,
    text_encoder_source,
    transformer_source,
)
from rushes.models.published import PUBLISHED, PublishedModel
from rushes.models.tensor_source import REMEDY, TensorSource
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

# As people name them: wan2.2_t2v_high_noise_14B, Wan2_2-T2V-A14B-HIGH.
HIGH = re.compile(r"(?<![a-z])high(?![a-z])", re.IGNORECASE)
LOW = re.compile(r"(?<![a-z])low(?![a-z])", re.IGNORECASE)
TEXT_LEN = 512
HEAD_DIM = 128
FINGERPRINT_BYTES = 1 << 16


@dataclass(frozen=True)
class Places:
    """Where the parts lie: one transformer, or two with the high-noise expert first."""

    transformers: tuple[Path, ...]
    text_encoder: Path
    codec: Path
    tokenizer: Path | None
    num_heads: int | None = None


def foreign_files(folder: Path) -> ModelFiles:
    """The model in a folder of somebody else's layout.

    Raises WeightsError naming what is missing, which expert of a pair, or what cannot be told.
    """
    if (folder / "model_index.json").exists():
        places = _diffusers(folder)
    elif (folder / "diffusion_models").is_dir() or (folder / "split_files").is_dir():
        places = _comfy(folder / "split_files" if (folder / "split_files").is_dir() else folder)
    elif any(folder.glob("*_noise_model")) or any(folder.glob("Wan*VAE.pth")):
        places = _official(folder)
    else:
        raise WeightsError(
            f"{folder / FILE_NAME} is missing, nor is it an official, diffusers or ComfyUI folder: {REMEDY}"
        )
    return _model_files(places, folder)


def _official(folder: Path) -> Places:
    """``high_noise_model`` and ``low_noise_model``, or shards beside the rest."""
    pair = folder / "high_noise_model", folder / "low_noise_model"
    transformers: tuple[Path, ...]
    if any(each.is_dir() for each in pair):
        _both(pair)
        transformers, config = pair, pair[0] / "config.json"
    else:
        transformers, config = (folder,), folder / "config.json"
    return Places(
        transformers,
        _one(folder, "models_t5_*.pth", "text encoder"),
        _one(folder, "Wan*VAE.pth", "codec"),
        folder / "google" / "umt5-xxl" / "spiece.model",
        _read_json(config).get("num_heads"),
    )


def _diffusers(folder: Path) -> Places:
    """``transformer`` is the high-noise expert, ``transformer_2`` the low-noise one."""
    index = _read_json(folder / "model_index.json")
    transformers: tuple[Path, ...] = (folder / "transformer",)
    if index.get("boundary_ratio") is not None:
        transformers = (*transformers, folder / "transformer_2")
        _both(transformers)
    return Places(
        transformers,
        folder / "text_encoder",
        folder / "vae",
        folder / "tokenizer" / "spiece.model",
        _read_json(folder / "transformer" / "config.json").get("num_attention_heads"),
    )


def _comfy(folder: Path) -> Places:
    """``diffusion_models``, ``text_encoders``, ``vae``; experts are told by their names alone."""
    found = sorted(path for path in (folder / "diffusion_models").iterdir() if path.is_file())
    high = [path for path in found if HIGH.search(path.name)]
    low = [path for path in found if LOW.search(path.name)]
    if high or low:
        if len(high) != 1 or len(low) != 1:
            names = ", ".join(path.name for path in found)
            raise WeightsError(
                f"{folder / 'diffusion_models'} holds {names}: leave one high-noise and one low-noise expert"
            )
        found = [*high, *low]
    if len(found) != 1 and not high:
        raise WeightsError(
            f"{folder / 'diffusion_models'} holds {len(found)} models: leave the one that is meant"
        )
    return Places(
        tuple(found),
        _one(folder / "text_encoders", "*", "text encoder"),
        _one(folder / "vae", "*", "codec"),
        None,
    )


def _both(pair: tuple[Path, ...]) -> None:
    """A lone expert renders silently wrong, so it is refused."""
    for path in pair:
        if not path.is_dir():
            raise WeightsError(f"{path} is missing: the model needs both experts, fetch the other one too")


def _one(folder: Path, pattern: str, part: str) -> Path:
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise WeightsError(f"{folder} should hold one {part} ({pattern}), found {names}")
    return found[0]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is no JSON: fetch the model again") from error
    return document if isinstance(document, dict) else {}


def _model_files(places: Places, folder: Path) -> ModelFiles:
    experts = [transformer_source(open_file(path)) for path in places.transformers]
    raw_text = open_file(places.text_encoder)
    text, codec = text_encoder_source(raw_text), codec_source(open_file(places.codec))
    configs = [transformer_config(source, places.num_heads) for source in experts]
    if len(set(configs)) > 1:
        raise WeightsError(f"the experts in {folder} have different sizes: they belong to different models")
    published = _published(configs[0], len(experts), folder)
    bounds = published.expert_bounds
    return ModelFiles(
        name=published.name,
        licence=published.licence,
        tokenizer=_tokenizer(places, raw_text),
        text_encoder=PartFiles(text_encoder_config(text), text),
        transformer=configs[0],
        experts=tuple(ExpertFiles(source, bound) for source, bound in zip(experts, bounds, strict=True)),
        codec=PartFiles(codec_config(codec), codec),
        defaults=published.defaults,
        conventions=published.conventions,
        sha256={
            TEXT_ENCODER: fingerprint(text),
            CODEC: fingerprint(codec),
            TOKENIZER: hashlib.sha256(_tokenizer(places, raw_text)).hexdigest(),
            **{f"expert_{position}": fingerprint(source) for position, source in enumerate(experts, 1)},
        },
    )


def _tokenizer(places: Places, text_encoder: TensorSource) -> bytes:
    embedded = embedded_tokenizer(text_encoder)
    if embedded is not None:
        return embedded
    if places.tokenizer is None or not places.tokenizer.is_file():
        where = places.tokenizer or f"{places.text_encoder} with an embedded spiece_model"
        raise WeightsError(f"the tokenizer {where} is missing: fetch spiece.model of google/umt5-xxl")
    return places.tokenizer.read_bytes()


def _published(config: TransformerConfig, experts: int, folder: Path) -> PublishedModel:
    """The published model of these channels and experts, by size where several share them."""
    family = [
        model
        for model in PUBLISHED.values()
        if len(model.expert_bounds) == experts
        and (model.transformer.in_channels, model.transformer.out_channels)
        == (config.in_channels, config.out_channels)
    ]
    if not family:
        raise WeightsError(
            f"{folder} holds {experts} transformer(s) of {config.in_channels} channels in and "
            f"{config.out_channels} out, which no published Wan model has"
        )
    return min(family, key=lambda model: abs(model.transformer.hidden_size - config.hidden_size))


def transformer_config(source: TensorSource, num_heads: int | None) -> TransformerConfig:
    """Architecture from shapes. The number of heads is not in them: 128 channels each unless given."""
    shapes = {name: spec.shape for name, spec in source.specs().items()}
    try:
        dim, in_channels, *patch = shapes["patch_embedding.weight"]
        return TransformerConfig(
            hidden_size=dim,
            depth=_count(shapes, "blocks"),
            num_heads=num_heads or dim // HEAD_DIM,
            ffn_size=shapes["blocks.0.ffn.0.weight"][0],
            in_channels=in_channels,
            out_channels=shapes["head.head.weight"][0] // (patch[0] * patch[1] * patch[2]),
            text_dim=shapes["text_embedding.0.weight"][1],
            text_len=TEXT_LEN,
            freq_dim=shapes["time_embedding.0.weight"][1],
            patch_size=(patch[0], patch[1], patch[2]),
        )
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise WeightsError(
            f"{source.label} lacks parts of a Wan transformer ({error}): fetch it again"
        ) from error


def text_encoder_config(source: TensorSource) -> TextEncoderConfig:
    """Architecture from shapes."""
    shapes = {name: spec.shape for name, spec in source.specs().items()}
    try:
        vocab_size, hidden_size = shapes["token_embedding.weight"]
        num_buckets, num_heads = shapes["blocks.0.pos_embedding.embedding.weight"]
        return TextEncoderConfig(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            depth=_count(shapes, "blocks"),
            num_heads=num_heads,
            head_dim=shapes["blocks.0.attn.q.weight"][0] // num_heads,
            ffn_size=shapes["blocks.0.ffn.fc1.weight"][0],
            num_buckets=num_buckets,
        )
    except (KeyError, ValueError) as error:
        raise WeightsError(
            f"{source.label} lacks parts of a umT5 encoder ({error}): fetch it again"
        ) from error


def codec_config(source: TensorSource) -> CodecConfig:
    """Architecture from shapes; the statistics of the latents are the published ones, in no file."""
    shapes = {name: spec.shape for name, spec in source.specs().items()}
    try:
        config: CodecConfig
        if "encoder.downsamples.0.downsamples.0.residual.0.gamma" in shapes:
            config = WanVAE22Config(
                encoder_width=shapes["encoder.conv1.weight"][0],
                decoder_width=shapes["decoder.head.0.gamma"][0],
            )
        else:
            config = WanVAE21Config(width=shapes["encoder.conv1.weight"][0])
        channels = shapes["conv2.weight"][0]
    except KeyError as error:
        raise WeightsError(
            f"{source.label} lacks parts of a Wan autoencoder ({error}): fetch it again"
        ) from error
    if channels != len(config.mean):
        raise WeightsError(
            f"{source.label} has {channels} latent channels, the {config.kind} autoencoder {len(config.mean)}"
        )
    return config


def _count(shapes: Mapping[str, Any], layers: str) -> int:
    return len({name.split(".")[1] for name in shapes if name.startswith(f"{layers}.")})


def fingerprint(source: TensorSource) -> str:
    """SHA-256 of every name, shape and stored type, and of the values of all small tensors.

    It tells the norms, biases and modulations of two trainings apart in a second, where the digest of all
    bytes would take half a minute for each expert.
    """
    digest = hashlib.sha256()
    for name, spec in sorted(source.specs().items()):
        digest.update(f"{name} {spec.shape} {spec.dtype}\n".encode())
        if spec.nbytes <= FINGERPRINT_BYTES:
            digest.update(source.read(name).float().contiguous().numpy().tobytes())
    return digest.hexdigest()
