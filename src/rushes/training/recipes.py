"""The recipes: functions that return one. Small on purpose: a CPU trains mini in an evening."""

from dataclasses import replace

from rushes.core.vocabulary import MOMENT
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.upscaler import UpscalerConfig
from rushes.training.flows import MOTION_CHANNELS
from rushes.training.recipe import (
    CodecRun,
    DataRun,
    Mix,
    TextRun,
    TrainingRecipe,
    TransformerRun,
    UpscalerRun,
)

# What a scene of the film world says of itself in numbers (``Scene.sliders``), and of a still of it.
SLIDERS = ("pan_x", "pan_y", "zoom", "speed", "strength", "orbit", "track", MOMENT)
# Where Wan2.2-T2V-A14B switches experts (wan/configs/wan_t2v_A14B.py); mini keeps it.
BOUNDARY = 0.875
# Each expert also learns what lies this far beyond the boundary: they hand over, they do not jump.
OVERLAP = 0.05


def mini() -> TrainingRecipe:
    """Mini "S": codec 3.7 M, text encoder 2.6 M, transformer 5.2 M, upscaler 0.8 M; 256x160 at 12 fps."""
    trunk = TrainingRecipe(
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
            num_controls=len(SLIDERS),
            world_heads=1,
        ),
        vocabulary_size=4096,
        text_length=64,
        data_run=DataRun(
            scenes=((1, 20_000), (17, 4_000), (61, 6_000)), held_out=((1, 64), (17, 24), (61, 40)), shard=200
        ),
        codec_run=CodecRun(steps=8_000, learning_rate=8e-4, batch=8, crop=(9, 96, 96), clips=2000),
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
            shared_noise=0.5,
        ),
        upscaler=UpscalerConfig(width=96, fine_width=32, half_blocks=1, quarter_blocks=2),
        upscaler_run=UpscalerRun(steps=10_000, learning_rate=4e-4, batch=6, crop=(2, 48), scenes=900),
        sliders=SLIDERS,
    )
    return with_two_experts(trunk, 2_200)


def mini_continued() -> TrainingRecipe:
    """A round of both shipped experts, an evening of one core; the next round starts from what it ships.

    All clip lengths from the first step on, and most of it cools down.
    """
    fresh = mini()
    run = replace(
        fresh.transformer_run,
        steps=0,
        learning_rate=6e-4,
        mixes=(Mix(0, (1, 17, 61), (0.3, 0.3, 0.4)),),
        decay=0.6,
    )
    return with_two_experts(replace(fresh, transformer_run=run), 2_200)


def mini_on_gpu() -> TrainingRecipe:
    """The same mini on one large GPU: thirty times the scenes, sixty-four times the batch, half an hour.

    By the fit of arXiv 2410.08184 its 5 M parameters suit about the 0.7 G tokens it then sees. The codec is
    another than the shipped one, so one trunk learns its latents before it is forked.
    """
    fresh = mini_continued()
    trunk = replace(
        fresh.transformer_run, steps=2_400, learning_rate=1e-3, tokens_per_batch=245_760, decay=0.2
    )
    larger = replace(
        fresh,
        data_run=replace(fresh.data_run, scenes=((1, 60_000), (17, 40_000), (61, 30_000)), shard=500),
        codec_run=replace(fresh.codec_run, steps=4_000, batch=64),
        transformer_run=trunk,
    )
    return with_two_experts(larger, 600)


def with_motion(recipe: TrainingRecipe) -> TrainingRecipe:
    """``recipe`` with the picture's motion as two more latent channels, consistent along the exact flow."""
    shape, run = recipe.transformer, recipe.transformer_run
    wider = replace(
        shape,
        in_channels=shape.in_channels + MOTION_CHANNELS,
        out_channels=shape.out_channels + MOTION_CHANNELS,
    )
    weights = replace(run.weights, motion=0.5, flow_consistency=0.05)
    return replace(recipe, transformer=wider, transformer_run=replace(run, weights=weights))


def with_kinematics(recipe: TrainingRecipe) -> TrainingRecipe:
    """``recipe`` with a loss on the second differences of the predicted clip."""
    run = recipe.transformer_run
    weights = replace(run.weights, kinematic=0.05)
    return replace(recipe, transformer_run=replace(run, weights=weights))


def with_token_experts(recipe: TrainingRecipe) -> TrainingRecipe:
    """``recipe`` with four feed-forwards of which each token uses one: as much work as a single one."""
    shape = replace(recipe.transformer, num_ffn_experts=4, ffn_top_k=1)
    return replace(recipe, transformer=shape)


def with_two_experts(recipe: TrainingRecipe, steps: int) -> TrainingRecipe:
    """``recipe`` with the trunk forked for ``steps`` more: 40 % of them at high noise, 60 % at low.

    As eDiff-I trains its stage experts (arXiv 2211.01324), at half the learning rate.
    """
    run = recipe.transformer_run
    trained = replace(run, mixes=(replace(run.mixes[-1], from_step=0),), learning_rate=run.learning_rate / 2)
    high = replace(trained, steps=round(0.4 * steps), sigmas=(BOUNDARY - OVERLAP, 1.0))
    low = replace(trained, steps=round(0.6 * steps), sigmas=(0.0, BOUNDARY + OVERLAP))
    return replace(recipe, expert_runs=(high, low))
