"""The recipes: functions that return one. Small on purpose: a CPU trains mini in an evening."""

from dataclasses import replace

from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.training.recipe import (
    CodecRun,
    DataRun,
    Mix,
    TextRun,
    TrainingRecipe,
    TransformerRun,
)


def mini() -> TrainingRecipe:
    """Mini "S": 3.7 M codec, 2.6 M text encoder, 5.2 M transformer, 256x160 pictures at 12 fps."""
    return TrainingRecipe(
        codec=MiniCodecConfig(24, encoder_widths=(48, 96, 160), decoder_widths=(64, 128, 192)),
        text_encoder=TextEncoderConfig(
            vocab_size=4096, hidden_size=192, depth=4, num_heads=3, head_dim=64, ffn_size=512
        ),
        transformer=TransformerConfig(
            hidden_size=192,
            depth=8,
            num_heads=3,
            ffn_size=768,
            in_channels=24,
            out_channels=24,
            text_dim=192,
            text_len=64,
        ),
        vocabulary_size=4096,
        text_length=64,
        data_run=DataRun(scenes=((1, 20_000), (17, 4_000), (61, 1_000)), shard=200),
        codec_run=CodecRun(steps=4_000, learning_rate=8e-4, batch=8, crop=(9, 96, 96), clips=2000),
        text_run=TextRun(steps=600, learning_rate=1e-3, scenes=32),
        transformer_run=TransformerRun(
            steps=12_000,
            learning_rate=8e-4,
            mixes=(
                Mix(0, (1,), (1.0,)),
                Mix(4_000, (1, 17), (0.3, 0.7)),
                Mix(8_000, (1, 17, 61), (0.2, 0.4, 0.4)),
            ),
            tokens_per_batch=3840,
            null_caption_share=0.1,
        ),
    )


def mini_continued() -> TrainingRecipe:
    """The same mini from shipped weights: all clip lengths from the first step on."""
    fresh = mini()
    run = replace(fresh.transformer_run, steps=13_000, mixes=(Mix(0, (1, 17, 61), (0.25, 0.35, 0.4)),))
    return replace(fresh, transformer_run=run)
