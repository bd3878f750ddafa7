"""Models as others publish them: official folders, diffusers folders, ComfyUI's loose files.

What a part is built like is read from the shapes of its tensors; what the model is called and how it is
driven comes from the published model it is a size of.
"""

import hashlib
from pathlib import Path

from rushes.core.errors import WeightsError
from rushes.models.detection import codec_config, text_encoder_config, transformer_config
from rushes.models.model_files import CODEC, TEXT_ENCODER, TOKENIZER, ExpertFiles, ModelFiles, PartFiles
from rushes.models.naming import (
    codec_source,
    embedded_tokenizer,
    open_file,
    text_encoder_source,
    transformer_source,
)
from rushes.models.places import Places, find_places
from rushes.models.published import PUBLISHED, PublishedModel
from rushes.models.tensor_source import TensorSource
from rushes.models.transformer import TransformerConfig

FINGERPRINT_BYTES = 1 << 16


def foreign_files(path: Path) -> ModelFiles:
    """The model in a folder of somebody else's layout, or the one a loose transformer file belongs to.

    Raises WeightsError naming what is missing, which expert of a pair, or what cannot be told.
    """
    places = find_places(path)
    experts = [transformer_source(open_file(path)) for path in places.transformers]
    raw_text = open_file(places.text_encoder)
    text, codec = text_encoder_source(raw_text), codec_source(open_file(places.codec))
    configs = [transformer_config(source, places.num_heads) for source in experts]
    if len(set(configs)) > 1:
        raise WeightsError(f"the experts in {path} have different sizes: they belong to different models")
    published = _published(configs[0], len(experts), path)
    bounds = published.expert_bounds if places.boundary is None else (places.boundary, 0.0)
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
    if not places.tokenizer.is_file():
        raise WeightsError(
            f"the tokenizer {places.tokenizer} is missing: fetch spiece.model of google/umt5-xxl"
        )
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
