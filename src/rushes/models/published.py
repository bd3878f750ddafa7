"""The published Wan models: what each is built of and how it is meant to be driven.

From the official configurations (wan/configs of Wan2.2 and Wan2.1) and README files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from rushes.core.model_facts import Conventions, FirstFrame, ModelDefaults
from rushes.core.request import Sampling
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

LICENCE = "Apache-2.0"
UMT5_XXL = TextEncoderConfig(
    vocab_size=256_384, hidden_size=4096, depth=24, num_heads=64, head_dim=64, ffn_size=10_240
)
# Decoding a 720p clip takes an H200 about as long as one forward of a 14B expert (docs/benchmarks).
DECODE_FORWARDS = 1.0

# The models were tuned with these words as what to keep away from; they are part of the model.
NEGATIVE_PROMPT = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，"
    "手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
HD, SD = ((1280, 720), (720, 1280)), ((832, 480), (480, 832))


@dataclass(frozen=True)
class PublishedModel:
    """One published model; ``expert_bounds`` are the sigmas its experts start at, from high noise."""

    name: str
    transformer: TransformerConfig
    codec: WanVAE21Config | WanVAE22Config
    expert_bounds: tuple[float, ...]
    defaults: ModelDefaults
    conventions: Conventions
    text_encoder: TextEncoderConfig = UMT5_XXL
    licence: str = LICENCE


def _transformer(dim: int, ffn: int, heads: int, depth: int, channels: tuple[int, int]) -> TransformerConfig:
    return TransformerConfig(
        hidden_size=dim,
        depth=depth,
        num_heads=heads,
        ffn_size=ffn,
        in_channels=channels[0],
        out_channels=channels[1],
        text_dim=4096,
        text_len=512,
    )


def _defaults(
    sizes: tuple[tuple[int, int], ...], num_frames: int, frame_rate: int, sampling: Sampling
) -> ModelDefaults:
    width, height = sizes[0]
    return ModelDefaults(
        width=width,
        height=height,
        crop=(0, 0, height, width),
        frame_rate=Fraction(frame_rate),
        frame_limits=(5, num_frames),
        seconds=Fraction(num_frames - 1, frame_rate),
        sampling=sampling,
        negative_prompt=NEGATIVE_PROMPT,
        sizes=sizes[1:],
    )


def _sampling(steps: int, shift: float, high: float, low: float) -> Sampling:
    return Sampling(steps, high, low, shift, schedule="official", step_rule="unipc")


_14B = (5120, 13_824, 40, 40)
_MODELS = (
    PublishedModel(
        "wan2.2-t2v-a14b",
        _transformer(*_14B, (16, 16)),
        WanVAE21Config(),
        (0.875, 0.0),
        _defaults((*HD, *SD), 81, 16, _sampling(40, 12.0, 4.0, 3.0)),
        Conventions(whole_timesteps=True, decode_forwards=DECODE_FORWARDS),
    ),
    PublishedModel(
        "wan2.2-i2v-a14b",
        _transformer(*_14B, (36, 16)),
        WanVAE21Config(),
        (0.9, 0.0),
        _defaults((*HD, *SD), 81, 16, _sampling(40, 5.0, 3.5, 3.5)),
        Conventions(whole_timesteps=True, first_frame=FirstFrame.CHANNELS, decode_forwards=DECODE_FORWARDS),
    ),
    PublishedModel(
        "wan2.2-ti2v-5b",
        _transformer(3072, 14_336, 24, 30, (48, 48)),
        WanVAE22Config(),
        (0.0,),
        _defaults(((1280, 704), (704, 1280)), 121, 24, _sampling(50, 5.0, 5.0, 5.0)),
        Conventions(whole_timesteps=True, first_frame=FirstFrame.TOKENS, decode_forwards=DECODE_FORWARDS),
    ),
    PublishedModel(
        "wan2.1-t2v-14b",
        _transformer(*_14B, (16, 16)),
        WanVAE21Config(),
        (0.0,),
        _defaults((*HD, *SD), 81, 16, _sampling(50, 5.0, 5.0, 5.0)),
        Conventions(whole_timesteps=True, decode_forwards=DECODE_FORWARDS),
    ),
    PublishedModel(
        "wan2.1-t2v-1.3b",
        _transformer(1536, 8960, 12, 30, (16, 16)),
        WanVAE21Config(),
        (0.0,),
        _defaults(SD, 81, 16, _sampling(50, 8.0, 6.0, 6.0)),
        Conventions(whole_timesteps=True, decode_forwards=DECODE_FORWARDS),
    ),
)

PUBLISHED: Mapping[str, PublishedModel] = MappingProxyType({model.name: model for model in _MODELS})
