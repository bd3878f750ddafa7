"""A whole generation (two experts, guidance, UniPC, VAE) beside diffusers' WanPipeline, weights equal.

Both take the same contexts, noise and settings, and run in turn in one process, so that a slow spell of the
machine falls on both. Transformers in bfloat16 or float32, the VAE of Wan2.1 in float32 as published.
Example: python benchmarks/wan_pipeline.py --runs 5
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sentencepiece
import torch
from torch import Tensor, nn

from rushes.core.model_facts import Conventions, ModelDefaults
from rushes.core.request import Request, Sampling
from rushes.engine.events import Finished
from rushes.engine.generate import generate
from rushes.engine.run import Run
from rushes.engine.texts import Texts
from rushes.models.bundle import Bundle, Expert
from rushes.models.layouts import DIFFUSERS_TRANSFORMER
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.vae_layouts import wan_vae21_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config

TEXT_LEN, TEXT_DIM, WORDS = 512, 4096, 100


@dataclass(frozen=True)
class Size:
    """What is made, and with how large a model."""

    heads: int
    depth: int
    vae_width: int
    frames: int
    height: int
    width: int
    steps: int


def randomise(module: nn.Module, seed: int) -> None:
    """Small weights under which nothing overflows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.normal_(std=0.02, generator=generator)
            if "norm" in name or "gamma" in name:
                parameter.add_(1)


def build(size: Size, dtype: torch.dtype) -> tuple[Bundle, Any]:
    """Our bundle and diffusers' pipeline around the same weights."""
    from diffusers import (  # noqa: PLC0415 - slow to import
        AutoencoderKLWan,
        UniPCMultistepScheduler,
        WanPipeline,
        WanTransformer3DModel,
    )

    config = TransformerConfig(
        128 * size.heads, size.depth, size.heads, 512 * size.heads, 16, 16, TEXT_DIM, TEXT_LEN
    )
    vae = AutoencoderKLWan(base_dim=size.vae_width).eval()
    randomise(vae, 2)
    codec = WanVAE21(WanVAE21Config(width=size.vae_width))
    codec.load_state_dict(wan_vae21_layout(4, 2).to_ours(vae.state_dict()))
    theirs, ours = [], []
    for seed in range(2):
        reference = WanTransformer3DModel(
            num_attention_heads=size.heads, ffn_dim=config.ffn_size, num_layers=size.depth
        ).eval()
        randomise(reference, seed)
        transformer = WanTransformer(config)
        transformer.load_state_dict(DIFFUSERS_TRANSFORMER.to_ours(reference.state_dict()))
        theirs.append(_narrow(reference, dtype))
        ours.append(transformer.to(dtype).eval().requires_grad_(False))
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=12.0
    )
    pipeline = WanPipeline(
        tokenizer=None, text_encoder=None, vae=vae, scheduler=scheduler, transformer=theirs[0],
        transformer_2=theirs[1], boundary_ratio=0.875,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    return _bundle(size, ours, codec), pipeline


def _narrow(reference: nn.Module, dtype: torch.dtype) -> nn.Module:
    """As from_pretrained does it: what the class names stays float32."""
    for name, parameter in reference.named_parameters():
        if not any(kept in name for kept in reference._keep_in_fp32_modules):
            parameter.data = parameter.data.to(dtype)
    return reference


def _bundle(size: Size, transformers: list[WanTransformer], codec: WanVAE21) -> Bundle:
    model = _Bytes()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a fox", "a dog"] * 10), model_writer=model, vocab_size=270,
        byte_fallback=True, hard_vocab_limit=False, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    text_encoder = UMT5Encoder(TextEncoderConfig(300, TEXT_DIM, 1, 1, 8, 8))
    return Bundle(
        name="benchmark",
        licence="none",
        tokenizer=Tokenizer(bytes(model.content)),
        text_encoder=text_encoder,
        experts=(Expert(transformers[0], 0.875), Expert(transformers[1], 0.0)),
        codec=codec.eval().requires_grad_(False),
        defaults=ModelDefaults(
            size.width, size.height, (0, 0, size.height, size.width), Fraction(16), (1, 81), Fraction(1),
            Sampling(size.steps, 4.0, 3.0, 12.0, "diffusers", "unipc"),
        ),
        conventions=Conventions(whole_timesteps=True),
    )  # fmt: skip


class _Bytes:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> None:
        self.content += data


def sides(size: Size, dtype: torch.dtype) -> dict[str, Callable[[], Tensor]]:
    """Each side makes the frames and returns the latents."""
    bundle, pipeline = build(size, dtype)
    generator = torch.Generator().manual_seed(9)
    shape = (1, 16, (size.frames - 1) // 4 + 1, size.height // 8, size.width // 8)
    noise = torch.randn(shape, generator=generator)
    texts = []
    for _ in range(2):
        context = torch.zeros(1, TEXT_LEN, TEXT_DIM)
        context[:, :WORDS] = torch.randn(1, WORDS, TEXT_DIM, generator=generator)
        texts.append(context.to(dtype))
    request = Request(
        "a fox", "a fox", size.frames, Fraction(16), size.height, size.width, 0, bundle.defaults.sampling
    )

    def ours() -> Tensor:
        *_, last = generate(bundle, request, Run(texts=Texts(*texts), noise=noise))
        assert isinstance(last, Finished)
        return last.latents

    def reference() -> Tensor:
        kept = {}

        def keep(_pipeline: Any, _step: int, _timestep: Any, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            kept.update(tensors)
            return tensors

        pipeline(
            prompt_embeds=texts[0], negative_prompt_embeds=texts[1], height=size.height, width=size.width,
            num_frames=size.frames, num_inference_steps=size.steps, guidance_scale=4.0, guidance_scale_2=3.0,
            latents=noise, output_type="np", callback_on_step_end=keep,
        )  # fmt: skip
        return kept["latents"]

    return {"ours": ours, "diffusers": reference}


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dtypes", nargs="+", default=["bfloat16", "float32"])
    parser.add_argument(
        "--size", nargs=7, type=int, default=[4, 4, 32, 17, 256, 256, 8],
        metavar=("HEADS", "DEPTH", "VAE_WIDTH", "FRAMES", "HEIGHT", "WIDTH", "STEPS"),
    )  # fmt: skip
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = Size(*options.size)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {options.threads} threads, torch {torch.__version__}, load {os.getloadavg()[0]:.2f}")
    print(f"{size}\nmedians of {options.runs} paired runs after one to warm up\n")
    print("| dtype | ours s | diffusers s | times faster (range) | latents apart |\n|---|---|---|---|---|")
    for name in options.dtypes:
        both = sides(size, getattr(torch, name))
        latents = {side: make() for side, make in both.items()}
        seconds: dict[str, list[float]] = {side: [] for side in both}
        for _ in range(options.runs):
            for side, make in both.items():
                before = time.perf_counter()
                make()
                seconds[side].append(time.perf_counter() - before)
        ratios = sorted(b / a for a, b in zip(*seconds.values(), strict=True))
        apart = (latents["ours"] - latents["diffusers"]).norm() / latents["diffusers"].norm()
        medians = " | ".join(f"{statistics.median(each):.3f}" for each in seconds.values())
        faster = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        print(f"| {name} | {medians} | {faster} | {float(apart):.1e} |", flush=True)
    print(f"\nload after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
