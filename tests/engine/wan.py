"""A tiny Wan in both codes: our bundle and the reference's parts with the same random weights."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from tests.models.references import randomise
from tests.tiny_model import tiny_tokenizer
from torch import Tensor

from rushes.core.model_facts import Conventions, FirstFrame, ModelDefaults
from rushes.core.request import Sampling
from rushes.models.bundle import Bundle, Expert
from rushes.models.layouts import DIFFUSERS_TRANSFORMER, TRANSFORMERS_UMT5
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.vae_layouts import wan_vae21_layout, wan_vae22_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config

TEXT_LEN = 20
TEXT = TextEncoderConfig(vocab_size=340, hidden_size=16, depth=2, num_heads=2, head_dim=8, ffn_size=24)
MEAN, STD = (0.1, 0.2, -0.1, 0.0), (1.0, 2.0, 0.5, 1.5)
SAMPLING = Sampling(
    8, guidance_high=4.0, guidance_low=3.0, shift=3.0, schedule="diffusers", step_rule="unipc"
)


@dataclass(frozen=True)
class Wan:
    """Our bundle, and the parts of diffusers' pipelines."""

    bundle: Bundle
    parts: dict[str, Any]
    text_encoder: Any

    def texts(self, *texts: str) -> list[Tensor]:
        """Contexts as diffusers' pipelines make them: zero behind the words."""
        ids, mask = self.bundle.tokenizer.encode(list(texts), TEXT_LEN)
        with torch.no_grad():
            states = self.text_encoder(ids, attention_mask=mask.long()).last_hidden_state
        return list((states * mask.unsqueeze(-1)).split(1))

    def scheduler(self) -> Any:
        """The solver both pipelines are published with."""
        from diffusers import UniPCMultistepScheduler  # noqa: PLC0415 - slow to import

        return UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SAMPLING.shift
        )


def build(first_frame: FirstFrame, num_experts: int) -> Wan:
    """A tiny T2V-A14B, I2V-A14B (``channels``) or TI2V-5B (``tokens``)."""
    from diffusers import AutoencoderKLWan, WanTransformer3DModel  # noqa: PLC0415 - slow to import

    extra = 4 + len(MEAN) if first_frame is FirstFrame.CHANNELS else 0
    shared = {"latents_mean": list(MEAN), "latents_std": list(STD), "z_dim": len(MEAN), "base_dim": 8}
    codec: WanVAE21 | WanVAE22
    if first_frame is FirstFrame.TOKENS:
        vae = AutoencoderKLWan(
            **shared, is_residual=True, decoder_base_dim=12, in_channels=12, out_channels=12, patch_size=2,
            scale_factor_spatial=16,
        )  # fmt: skip
        codec = WanVAE22(WanVAE22Config(encoder_width=8, decoder_width=12, mean=MEAN, std=STD))
        layout = wan_vae22_layout(4, 2)
    else:
        vae = AutoencoderKLWan(**shared)
        codec = WanVAE21(WanVAE21Config(width=8, mean=MEAN, std=STD))
        layout = wan_vae21_layout(4, 2)
    randomise(vae, seed=4)
    codec.load_state_dict(layout.to_ours(vae.state_dict()))
    theirs, ours = [], []
    for seed in range(num_experts):
        reference = WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=len(MEAN) + extra,
            out_channels=len(MEAN), text_dim=TEXT.hidden_size, freq_dim=16, ffn_dim=32, num_layers=2,
            rope_max_seq_len=64,
        ).eval()  # fmt: skip
        randomise(reference, seed=10 + seed)
        transformer = WanTransformer(
            TransformerConfig(
                hidden_size=24, depth=2, num_heads=2, ffn_size=32, in_channels=len(MEAN) + extra,
                out_channels=len(MEAN), text_dim=TEXT.hidden_size, text_len=TEXT_LEN, freq_dim=16,
            )
        )  # fmt: skip
        transformer.load_state_dict(DIFFUSERS_TRANSFORMER.to_ours(reference.state_dict()))
        theirs.append(reference)
        ours.append(transformer.eval().requires_grad_(False))
    reference_text = _text_encoder()
    text_encoder = UMT5Encoder(TEXT)
    text_encoder.load_state_dict(TRANSFORMERS_UMT5.to_ours(reference_text.state_dict()))
    bounds = (0.875, 0.0) if num_experts == 2 else (0.0,)
    bundle = Bundle(
        name="tiny wan",
        licence="Apache-2.0",
        tokenizer=tiny_tokenizer(),
        text_encoder=text_encoder.eval().requires_grad_(False),
        experts=tuple(Expert(transformer, bound) for transformer, bound in zip(ours, bounds, strict=True)),
        codec=codec.eval().requires_grad_(False),
        defaults=ModelDefaults(
            width=64, height=32, crop=(0, 0, 32, 64), frame_rate=Fraction(16), frame_limits=(5, 17),
            seconds=Fraction(9, 16), sampling=SAMPLING, negative_prompt="snow",
        ),
        conventions=Conventions(whole_timesteps=True, first_frame=first_frame),
    )  # fmt: skip
    parts = {"transformer": theirs[0], "transformer_2": theirs[-1] if num_experts == 2 else None}
    parts |= {"vae": vae.eval(), "boundary_ratio": 0.875 if num_experts == 2 else None}
    return Wan(bundle, parts, reference_text)


def _text_encoder() -> Any:
    from transformers import UMT5Config, UMT5EncoderModel  # noqa: PLC0415 - slow to import

    reference = UMT5EncoderModel(
        UMT5Config(
            vocab_size=TEXT.vocab_size,
            d_model=TEXT.hidden_size,
            d_kv=TEXT.head_dim,
            d_ff=TEXT.ffn_size,
            num_layers=TEXT.depth,
            num_heads=TEXT.num_heads,
            relative_attention_num_buckets=TEXT.num_buckets,
            relative_attention_max_distance=TEXT.max_distance,
        )
    ).eval()
    randomise(reference, seed=7)
    return reference
