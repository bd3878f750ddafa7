"""A complete model of real classes at tiny sizes with random weights, for tests of engine and commands."""

import io
from dataclasses import replace
from fractions import Fraction

import sentencepiece
import torch

from rushes.core.request import Request, Sampling
from rushes.models.bundle import Bundle, Expert, ModelDefaults
from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.training.warm_start import load_grown

SHORT_REQUEST = Request(
    prompt="a red fox",
    context_text="a red fox leaps over the snow",
    num_frames=9,
    frame_rate=Fraction(12),
    height=64,
    width=64,
    seed=3,
    sampling=Sampling(4, guidance_high=4.0, guidance_low=3.0, shift=3.0, step_rule="unipc"),
)

SENTENCES = [
    "a red fox leaps over the snow",
    "一位红斗篷女战士跃下古城墙",
    "赤い狐が雪を越えて跳ぶ",
    "붉은 여우가 눈 위를 뛴다",
]


def tiny_tokenizer():
    """Pieces of four sentences, with bytes for everything else."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20), model_writer=model, vocab_size=340,
        hard_vocab_limit=False, byte_fallback=True,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    return Tokenizer(model.getvalue())


def tiny_transformer(seed, depth):
    """A transformer whose output depends on every input: no weight is left at its zero start."""
    torch.manual_seed(seed)
    transformer = WanTransformer(
        TransformerConfig(
            hidden_size=24, depth=depth, num_heads=2, ffn_size=32, in_channels=16, out_channels=16,
            text_dim=16, text_len=32, freq_dim=16,
        )
    )  # fmt: skip
    transformer.init_weights()
    for parameter in transformer.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return transformer.eval().requires_grad_(False)


def tiny_bundle(depth=2):
    """Two different experts switched at 0.875; mini's picture size, 1 to 37 frames at 12 fps.

    ``depth`` blocks in each transformer: more make it slow.
    """
    text_encoder_config = TextEncoderConfig(
        vocab_size=340, hidden_size=16, depth=1, num_heads=2, head_dim=8, ffn_size=16
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        text_encoder = UMT5Encoder(text_encoder_config)
        text_encoder.init_weights()
        codec = MiniCodec(MiniCodecConfig(16, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)))
        experts = (Expert(tiny_transformer(1, depth), 0.875), Expert(tiny_transformer(2, depth), 0.0))
    return Bundle(
        name="tiny",
        licence="Apache-2.0",
        tokenizer=tiny_tokenizer(),
        text_encoder=text_encoder.eval().requires_grad_(False),
        experts=experts,
        codec=codec.eval().requires_grad_(False),
        defaults=ModelDefaults(
            width=256,
            height=160,
            crop=(8, 0, 144, 256),
            frame_rate=Fraction(12),
            frame_limits=(1, 37),
            seconds=Fraction(3),
            sampling=Sampling(steps=4, guidance_high=4.0, guidance_low=3.0, shift=3.0),
        ),
    )


def steered_by(bundle, sliders):
    """``bundle`` with a control for each of ``sliders``, whose weights matter."""
    experts = []
    for expert in bundle.experts:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            grown = WanTransformer(replace(expert.transformer.config, num_controls=len(sliders)))
            grown.init_weights()
            load_grown(grown, expert.transformer.state_dict())
            torch.nn.init.normal_(grown.controls.down.weight, std=0.5)
        experts.append(replace(expert, transformer=grown.eval().requires_grad_(False)))
    conventions = replace(bundle.conventions, sliders=sliders)
    return replace(bundle, experts=tuple(experts), conventions=conventions)


def wide_bundle(hidden_size, depth):
    """The tiny model but for its experts, which weigh 64 * hidden_size**2 * depth bytes each in float32."""
    config = TransformerConfig(
        hidden_size=hidden_size, depth=depth, num_heads=8, ffn_size=4 * hidden_size, in_channels=16,
        out_channels=16, text_dim=16, text_len=32,
    )  # fmt: skip
    experts = []
    for sigma in (0.875, 0.0):
        transformer = WanTransformer(config)
        transformer.init_weights()
        experts.append(Expert(transformer.eval().requires_grad_(False), sigma))
    return replace(tiny_bundle(), experts=tuple(experts))
