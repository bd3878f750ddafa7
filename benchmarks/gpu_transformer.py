"""One full-size A14B expert on a GPU: seconds per guided step, share of the peak, memory, variant by variant.

Random weights are made on the device. Every variant computes the same forward; they run in turn after a
warm-up, timed with events; "apart" is the distance of a variant's velocity from the first one's. All variants
run at the first size, the fastest three at the others. A variant that fails is named and the rest goes on;
after --limit seconds nothing new begins; a warm-up or a step may take --each seconds. What is printed is also
kept in $OUT, where that is set. Needs torch, einops and safetensors.
Predicted for one H200 (acceleration.md 1.2): 480p 4.9 to 5.6 s a step with cuDNN attention, 720p 19 to 21;
flash 15 to 30 % slower; compiled blocks 5 to 10 % faster than not; peak 32 to 36 GiB.
Example: python benchmarks/gpu_transformer.py --runs 3 --limit 420
Rehearsal: python benchmarks/gpu_transformer.py --scale tiny --device cpu --runs 2
"""

import argparse
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from device import (
    Deadline,
    at_most,
    describe,
    distance,
    free,
    keep_output,
    random_module,
    reason,
    seconds_and_peak,
)
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rushes.models import attention
from rushes.models.published import PUBLISHED
from rushes.models.transformer import TransformerConfig, WanTransformer

CONFIGS = {
    "full": PUBLISHED["wan2.2-t2v-a14b"].transformer,
    "tiny": TransformerConfig(128, 2, 2, 256, 16, 16, 64, 32),
}
SIZES = {"full": ["832x480x81", "1280x720x81"], "tiny": ["64x64x9", "96x64x9"]}
PEAK_FLOPS = 989.5e12  # dense bfloat16 of one H100 or H200
FINALISTS = 3
HEADER = (
    "| variant | s/step | range (runs) | of 989.5 TFLOP/s | peak GiB | apart |\n|---|---|---|---|---|---|"
)
PROMPT_TOKENS = {"full": 100, "tiny": 7}


@dataclass(frozen=True)
class Variant:
    """One way to run the same forward."""

    name: str
    backend: SDPBackend
    compiled: bool = False
    piece: int = attention.DEVICE_PIECE
    remembered: bool = True


CUDA_VARIANTS = (
    Variant("flash", SDPBackend.FLASH_ATTENTION),
    Variant("cudnn", SDPBackend.CUDNN_ATTENTION),
    Variant("cudnn, whole", SDPBackend.CUDNN_ATTENTION, piece=1 << 30),
    Variant("cudnn, text each time", SDPBackend.CUDNN_ATTENTION, remembered=False),
    Variant("cudnn, compiled", SDPBackend.CUDNN_ATTENTION, compiled=True),
    Variant("cudnn, compiled, whole", SDPBackend.CUDNN_ATTENTION, compiled=True, piece=1 << 30),
)
CPU_VARIANTS = (
    Variant("flash", SDPBackend.FLASH_ATTENTION),
    Variant("math", SDPBackend.MATH),
    Variant("flash, pieces", SDPBackend.FLASH_ATTENTION, piece=16),
    Variant("flash, text each time", SDPBackend.FLASH_ATTENTION, remembered=False),
    Variant("flash, compiled", SDPBackend.FLASH_ATTENTION, compiled=True),
)


def flops(config: TransformerConfig, tokens: int) -> float:
    """Of one forward: matrix products and attention, a multiply-add as two; the text's share left out."""
    d, f = config.hidden_size, config.ffn_size
    linear = 2 * tokens * (6 * d * d + 2 * d * f)
    return config.depth * (linear + 4 * tokens * d * (tokens + config.text_len))


class Bench:
    """A model, its inputs at one size, and what one guided step of it costs."""

    def __init__(self, model: WanTransformer, size: str, prompt_tokens: int) -> None:
        width, height, frames = map(int, size.split("x"))
        self.model, config = model, model.config
        self.device = model.patch_embedding.weight.device
        generator = torch.Generator(self.device).manual_seed(0)
        shape = (1, config.in_channels, (frames - 1) // 4 + 1, height // 8, width // 8)
        self.latents = torch.randn(shape, generator=generator, device=self.device)
        self.contexts = [
            torch.randn(1, length, config.text_dim, generator=generator, device=self.device).bfloat16()
            for length in (prompt_tokens, config.text_len // 4)
        ]
        self.timestep = torch.tensor([500.0], device=self.device)
        self.tokens = shape[2] * (shape[3] // 2) * (shape[4] // 2)
        self.memories = [model.remember(context) for context in self.contexts]
        self.plain = list(model.blocks)
        self.compiled = [torch.compile(block, dynamic=False) for block in self.plain]

    @contextmanager
    def set(self, variant: Variant) -> Iterator[None]:
        """The model as the variant wants it."""
        self.model.blocks = nn.ModuleList(self.compiled if variant.compiled else self.plain)
        before = attention.PIECE, attention.DEVICE_PIECE
        attention.PIECE = attention.DEVICE_PIECE = variant.piece
        try:
            # a bias on the text's padding is not every backend's: those may fall back
            fallback = [variant.backend, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
            with sdpa_kernel(fallback, set_priority=True):
                yield
        finally:
            attention.PIECE, attention.DEVICE_PIECE = before
            self.model.blocks = nn.ModuleList(self.plain)

    def step(self, variant: Variant) -> Tensor:
        """Both forwards of a guided step."""
        texts = self.memories if variant.remembered else self.contexts
        towards, away = (self.model(self.latents, self.timestep, text) for text in texts)
        return away + 4 * (towards - away)

    def take(self, variant: Variant) -> tuple[float, float]:
        """Seconds and peak GiB of one step."""
        with self.set(variant):
            return seconds_and_peak(self.device, lambda: self.step(variant))


def warm_up(bench: Bench, variants: list[Variant], deadline: Deadline, each: float) -> dict[Variant, float]:
    """Compile and pick kernels; how far each variant that works is from the first."""
    apart: dict[Variant, float] = {}
    first = None
    for variant in variants:
        if apart and deadline.passed():
            print(f"| {variant.name} | left out: time is up | | | | |", flush=True)
            continue
        try:
            with at_most(min(each, deadline.left()) if apart else each), bench.set(variant):
                result = bench.step(variant)
                first = result if first is None else first
                apart[variant] = distance(result, first)
        except Exception as error:  # one variant less, not the run
            print(f"| {variant.name} | failed: {reason(error)} | | | | |", flush=True)
        free()
    return apart


def measure(
    bench: Bench, variants: list[Variant], runs: int, deadline: Deadline, each: float
) -> list[Variant]:
    """Print a row per variant; those that work, fastest first."""
    apart = warm_up(bench, variants, deadline, each)
    taken: dict[Variant, list[float]] = {variant: [] for variant in apart}
    peaks = dict.fromkeys(apart, 0.0)
    for run in range(runs):
        for variant in list(taken):
            if run and deadline.passed():
                continue
            try:
                with at_most(each):
                    seconds, peaks[variant] = bench.take(variant)
            except Exception as error:
                print(f"| {variant.name} | failed: {reason(error)} | | | | |", flush=True)
                del taken[variant]
                continue
            taken[variant].append(seconds)
    work = 2 * flops(bench.model.config, bench.tokens)
    medians = {variant: statistics.median(values) for variant, values in taken.items()}
    for variant, seconds in medians.items():
        values = taken[variant]
        print(
            f"| {variant.name} | {seconds:.3f} | {min(values):.3f}-{max(values):.3f} ({len(values)}) "
            f"| {work / seconds / PEAK_FLOPS:.1%} | {peaks[variant]:.1f} | {apart[variant]:.1e} |",
            flush=True,
        )
    return sorted(medians, key=medians.__getitem__)


def profile(bench: Bench, variant: Variant) -> None:
    """Print where one step's time goes, by kernel."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if bench.device.type == "cuda":
        activities = [torch.profiler.ProfilerActivity.CUDA]
    with bench.set(variant), torch.profiler.profile(activities=activities) as recorded:
        bench.step(variant)
    key = "self_cuda_time_total" if bench.device.type == "cuda" else "self_cpu_time_total"
    print(f"\n{variant.name}, one step\n")
    print(recorded.key_averages().table(sort_by=key, row_limit=15, max_name_column_width=70))


@torch.no_grad()
def main() -> None:
    """Print a table per size, and a profile of the last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", choices=CONFIGS, default="full")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", nargs="+", metavar="WxHxF")
    parser.add_argument("--limit", type=float, default=420, help="seconds after which nothing new begins")
    parser.add_argument("--profile", action="store_true", help="kernels of one step of the fastest variant")
    parser.add_argument("--each", type=float, default=120, help="seconds a warm-up or a step may take")
    options = parser.parse_args()
    keep_output(__file__)
    device, deadline = torch.device(options.device), Deadline(options.limit)
    model = random_module(lambda: WanTransformer(CONFIGS[options.scale]), torch.bfloat16, device)
    variants = list(CUDA_VARIANTS if device.type == "cuda" else CPU_VARIANTS)
    print(f"{describe(device)}, {options.scale}, medians of {options.runs} in turn")
    for size in options.sizes or SIZES[options.scale]:
        if deadline.passed():
            print(f"\n{size}: left out, time is up")
            continue
        bench = Bench(model, size, PROMPT_TOKENS[options.scale])
        print(f"\n{size}, {bench.tokens} tokens, two forwards a step\n")
        print(HEADER)
        variants = measure(bench, variants, options.runs, deadline, options.each)[:FINALISTS]
        if options.profile and variants:
            profile(bench, variants[0])


if __name__ == "__main__":
    main()
