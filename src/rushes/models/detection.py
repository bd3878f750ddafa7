"""What a part is built like, read from the shapes of its tensors under our names."""

from collections.abc import Mapping
from typing import Any

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import TensorSource
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

TEXT_LEN = 512
HEAD_DIM = 128


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


def codec_config(source: TensorSource) -> WanVAE21Config | WanVAE22Config:
    """Architecture from shapes; the statistics of the latents are the published ones, in no file."""
    shapes = {name: spec.shape for name, spec in source.specs().items()}
    try:
        config: WanVAE21Config | WanVAE22Config
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
