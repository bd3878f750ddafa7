"""What stands around the denoising of A14B on a GPU: decoding, the text encoder, the change of experts.

Random weights at full size, made on the device. Decoding: Wan2.1's autoencoder at 480p and 720p, 81 frames,
variant by variant, with the time to the first frame. Text: umT5-XXL on two prompts. Experts: how fast one
arrives from the host's memory, alone and beside a working expert, and what it costs when both are resident.
A variant that fails, or takes longer than --each seconds, is named and the rest goes on; after --limit
seconds nothing new begins. What is printed is also kept in $OUT, where that is set. Needs torch, einops and
safetensors.
Predicted for one H200 at 720p: float32 14 to 20 s, TF32 5 to 7, bfloat16 2 to 4 (150 to 300 TFLOP/s), less
with kernels searched or norm and SiLU compiled; first frame 0.1 s; two prompts of 100 tokens 0.02 s; an
expert from page-locked memory 0.6 s at 50 GB/s, from ordinary memory 3 to 5 s.
Example: python benchmarks/gpu_vae.py --runs 3 --limit 300
Rehearsal: python benchmarks/gpu_vae.py --scale tiny --device cpu --runs 2
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
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
from einops import rearrange, repeat
from torch import Tensor, nn

from rushes.models import wan_vae21, wan_vae_layers
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae_layers import FeatureCache

VAES = {"full": WanVAE21Config(), "tiny": WanVAE21Config(width=16)}
SIZES = {"full": ["1280x720x81", "832x480x81"], "tiny": ["96x64x9", "64x48x9"]}
TEXTS = {
    "full": TextEncoderConfig(256_384, 4096, 24, 64, 64, 10_240),
    "tiny": TextEncoderConfig(512, 64, 2, 2, 32, 96),
}
EXPERTS = {
    "full": TransformerConfig(5120, 40, 40, 13824, 16, 16, 4096, 512),
    "tiny": TransformerConfig(128, 4, 2, 256, 16, 16, 64, 32),
}
LATENTS = {"full": (16, 21, 60, 104), "tiny": (16, 3, 8, 8)}
GIB = 2**30
FLOP_PER_PIXEL = 8.56e6  # of decoding one pixel of one frame, a multiply-add as two


@dataclass(frozen=True)
class Variant:
    """One way to decode the same latents.

    ``at_once`` latent frames make a chunk after the first; ``repeats``: pixels are doubled in memory, not by
    summed taps; ``search``: the library tries its kernels; ``compiled``: norm and SiLU are one kernel;
    ``last``: kernels lie channels-last, as the frames do.
    """

    name: str
    dtype: torch.dtype
    tf32: bool = False
    search: bool = False
    at_once: int = 1
    repeats: bool = False
    compiled: bool = False
    last: bool = False


VARIANTS = (
    Variant("float32", torch.float32),
    Variant("TF32", torch.float32, tf32=True),
    Variant("bfloat16", torch.bfloat16),
    Variant("bfloat16, kernels searched", torch.bfloat16, search=True),
    Variant("bfloat16, 5 at once", torch.bfloat16, at_once=5),
    Variant("bfloat16, pixels repeated", torch.bfloat16, repeats=True),
    Variant("bfloat16, kernels channels-last", torch.bfloat16, last=True),
    Variant("bfloat16, norm and SiLU compiled", torch.bfloat16, compiled=True),
    Variant("bfloat16, all of it", torch.bfloat16, search=True, compiled=True, last=True),
)


class Decoding:
    """An autoencoder in both precisions, and latents of one size."""

    def __init__(self, config: WanVAE21Config, device: torch.device) -> None:
        self.device = device
        wide = random_module(lambda: WanVAE21(config), torch.float32, device)
        narrow = WanVAE21(config).to(device)
        narrow.load_state_dict(wide.state_dict())
        self.codecs = {torch.float32: wide, torch.bfloat16: narrow.bfloat16().requires_grad_(False)}
        self.latents = torch.empty(0)
        self.frames = 0

    def resize(self, size: str) -> None:
        """Latents of a clip of this size."""
        width, height, self.frames = map(int, size.split("x"))
        generator = torch.Generator(self.device).manual_seed(0)
        shape = (1, 16, (self.frames - 1) // 4 + 1, height // 8, width // 8)
        self.latents = torch.randn(shape, generator=generator, device=self.device)

    def chunks(self, variant: Variant) -> Iterator[Tensor]:
        """Frames as the engine streams them, or in larger chunks."""
        codec = self.codecs[variant.dtype]
        if variant.at_once == 1:
            return codec.decode_stream(self.latents)
        raw = rearrange(codec._colour(self.latents), "b c t h w -> b t h w c").to(variant.dtype)
        cache = FeatureCache()
        parts = [raw[:, :1], *raw[:, 1:].split(variant.at_once, dim=1)]
        made = (codec.decoder(codec.conv2(part, cache), cache) for part in parts)
        return (rearrange(part, "b t h w c -> b c t h w").float().clamp(-1, 1) for part in made)

    def run(self, variant: Variant) -> tuple[float, Tensor]:
        """Seconds to the first frame, and every eighth pixel of the last; frames are dropped as they come."""
        before = time.perf_counter()
        first, last = 0.0, self.latents
        for chunk in self.chunks(variant):
            if not first:
                self._wait()
                first = time.perf_counter() - before
            last = chunk[:, :, -1:, ::8, ::8].clone()
        return first, last

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    @contextmanager
    def set(self, variant: Variant) -> Iterator[None]:
        """The libraries' switches, doubling and norms as the variant wants them."""
        cudnn, matmul, layers = torch.backends.cudnn, torch.backends.cuda.matmul, wan_vae_layers
        before = cudnn.allow_tf32, cudnn.benchmark, matmul.allow_tf32
        functions = layers.convolve_doubled, layers.activate, wan_vae21.activate
        codec = self.codecs[variant.dtype]
        cudnn.allow_tf32 = matmul.allow_tf32 = variant.tf32
        cudnn.benchmark = variant.search
        if variant.last:
            _lay_kernels(codec, torch.channels_last_3d, torch.channels_last)
        if variant.repeats:
            layers.convolve_doubled = convolve_repeated
        if variant.compiled:
            layers.activate = wan_vae21.activate = torch.compile(layers.activate, dynamic=True)
        try:
            yield
        finally:
            if variant.last:
                _lay_kernels(codec, torch.contiguous_format, torch.contiguous_format)
            cudnn.allow_tf32, cudnn.benchmark, matmul.allow_tf32 = before
            layers.convolve_doubled, layers.activate, wan_vae21.activate = functions


def _lay_kernels(codec: nn.Module, clips: torch.memory_format, pictures: torch.memory_format) -> None:
    for parameter in codec.parameters():
        if parameter.ndim > 3:
            parameter.data = parameter.data.contiguous(
                memory_format=clips if parameter.ndim == 5 else pictures
            )


def convolve_repeated(convolution: nn.Module, x: Tensor) -> Tensor:
    """What ``convolve_doubled`` saves: every pixel twice along height and width, then the convolution."""
    doubled = repeat(x, "b t h w c -> (b t) c (h p) (w q)", p=2, q=2)
    return rearrange(convolution(doubled), "(b t) c h w -> b t h w c", b=x.shape[0])


def decode(options: argparse.Namespace, device: torch.device, deadline: Deadline) -> None:
    """A table of variants per size."""
    bench = Decoding(VAES[options.scale], device)
    for size in SIZES[options.scale]:
        bench.resize(size)
        width, height, frames = map(int, size.split("x"))
        work = FLOP_PER_PIXEL * width * height * frames
        print(f"\n## Decoding {size}\n")
        print("| variant | s | range (runs) | first frame s | TFLOP/s | peak GiB | apart |")
        print("|---|---|---|---|---|---|---|")
        reference = None
        for variant in VARIANTS:
            if deadline.passed():
                print(f"| {variant.name} | left out: time is up | | | | | |", flush=True)
                continue
            try:
                with at_most(min(options.each, deadline.left())), bench.set(variant):
                    _, result = bench.run(variant)
                    reference = result if reference is None else reference
                    taken, peak, first = _repeat(bench, variant, options.runs, deadline)
            except Exception as error:  # one variant less, not the run
                print(f"| {variant.name} | failed: {reason(error)} | | | | | |", flush=True)
                continue
            finally:
                free()
            median = statistics.median(taken)
            print(
                f"| {variant.name} | {median:.3f} | {min(taken):.3f}-{max(taken):.3f} ({len(taken)}) "
                f"| {first:.3f} | {work / median / 1e12:.1f} | {peak:.2f} "
                f"| {distance(result, reference):.1e} |",
                flush=True,
            )


def _repeat(
    bench: Decoding, variant: Variant, runs: int, deadline: Deadline
) -> tuple[list[float], float, float]:
    taken: list[float] = []
    firsts: list[float] = []
    peak = 0.0
    for _ in range(runs):
        if taken and deadline.passed():
            break
        seconds, peak = seconds_and_peak(bench.device, lambda: firsts.append(bench.run(variant)[0]))
        taken.append(seconds)
    return taken, peak, statistics.median(firsts)


def text(options: argparse.Namespace, device: torch.device, deadline: Deadline) -> None:
    """Two prompts through the encoder, as one batch of the usual lengths and at the longest."""
    encoder = random_module(lambda: UMT5Encoder(TEXTS[options.scale]), torch.bfloat16, device)
    print("\n## Text encoder, two prompts, bfloat16\n")
    print("| tokens | s | peak GiB |\n|---|---|---|")
    for tokens in (100, 128, 512):
        ids = torch.randint(2, encoder.config.vocab_size, (2, tokens), device=device)
        mask = torch.ones_like(ids, dtype=torch.bool)
        if deadline.passed():
            print(f"| {tokens} | left out: time is up | |")
            continue
        encoder(ids, mask)
        taken = [seconds_and_peak(device, lambda i=ids, m=mask: encoder(i, m)) for _ in range(options.runs)]
        print(f"| {tokens} | {statistics.median(s for s, _ in taken):.4f} | {taken[-1][1]:.2f} |", flush=True)


class Switch:
    """A working expert, and the blocks of the next one in the host's memory, page-locked or not."""

    def __init__(self, scale: str, blocks: int, device: torch.device) -> None:
        config = EXPERTS[scale]
        self.device = device
        self.expert = random_module(lambda: WanTransformer(config), torch.bfloat16, device)
        chosen = list(self.expert.blocks)[:blocks]
        self.here = [parameter for block in chosen for parameter in block.parameters()]
        self.bytes = sum(parameter.nbytes for parameter in self.here)
        whole = sum(parameter.nbytes for parameter in self.expert.parameters())
        self.share = self.bytes / whole
        self.loose = [parameter.cpu() for parameter in self.here]
        pin = device.type == "cuda"
        self.locked = [value.pin_memory() if pin else value.clone() for value in self.loose]
        self.latents = torch.randn(1, *LATENTS[scale], device=device)
        words = min(100, config.text_len // 2)
        self.context = torch.randn(1, words, config.text_dim, device=device).bfloat16()
        self.memory = self.expert.remember(self.context)
        self.beside = torch.cuda.Stream() if pin else None

    def copy(self, source: list[Tensor]) -> None:
        """All blocks to the device."""
        for here, there in zip(self.here, source, strict=True):
            here.copy_(there, non_blocking=True)

    def forward(self) -> Tensor:
        """One forward at 480p."""
        return self.expert(self.latents, torch.tensor([500.0], device=self.device), self.memory)

    def both(self) -> None:
        """A forward while the next expert arrives on a stream of its own."""
        if self.beside is None:
            self.copy(self.locked)
            self.forward()
            return
        self.beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.beside):
            self.copy(self.locked)  # the same numbers come back: the forward is not disturbed
        self.forward()
        torch.cuda.current_stream().wait_stream(self.beside)


def experts(options: argparse.Namespace, device: torch.device, deadline: Deadline) -> None:
    """What the switch of experts costs, by where the next one waits."""
    switch = Switch(options.scale, options.blocks, device)
    gib = switch.bytes / GIB
    print(f"\n## Change of experts: {gib:.2f} GiB of blocks, {switch.share:.0%} of an expert\n")
    print("| what | s | GiB/s | whole expert s |\n|---|---|---|---|")
    cases: dict[str, tuple[Callable[[], object], bool]] = {
        "resident: keys of two prompts": (
            lambda: [_keys(switch.expert, switch.context) for _ in range(2)],
            False,
        ),
        "from page-locked memory": (lambda: switch.copy(switch.locked), True),
        "from ordinary memory": (lambda: switch.copy(switch.loose), True),
        "forward alone": (switch.forward, False),
        "forward beside arriving blocks": (switch.both, False),
    }
    for name, (run, is_copy) in cases.items():
        if deadline.passed():
            print(f"| {name} | left out: time is up | | |")
            continue
        try:
            with at_most(min(options.each, deadline.left())):
                run()
                seconds = statistics.median(seconds_and_peak(device, run)[0] for _ in range(options.runs))
        except Exception as error:
            print(f"| {name} | failed: {reason(error)} | | |", flush=True)
            continue
        rate = f"{gib / seconds:.1f} | {seconds / switch.share:.2f}" if is_copy else " | "
        print(f"| {name} | {seconds:.4f} | {rate} |", flush=True)


def _keys(expert: WanTransformer, context: Tensor) -> None:
    """Keys and values of a prompt in every block, as an expert makes them when its range begins."""
    memory = expert.remember(context)
    for index, block in enumerate(expert.blocks):
        memory.at(index, block.cross_attn)


PARTS = {"text": text, "experts": experts, "decode": decode}


@torch.inference_mode()
def main() -> None:
    """Print every part; one that cannot run is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", choices=VAES, default="full")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--blocks", type=int, default=10, help="of the expert that arrives")
    parser.add_argument("--limit", type=float, default=300, help="seconds after which nothing new begins")
    parser.add_argument("--each", type=float, default=60, help="seconds a variant may take")
    options = parser.parse_args()
    keep_output(__file__)
    device, deadline = torch.device(options.device), Deadline(options.limit)
    print(f"{describe(device)}, {options.scale}, medians of {options.runs}")
    for name in options.parts:
        before = time.perf_counter()
        try:
            PARTS[name](options, device, deadline)
        except Exception as error:
            print(f"\n{name} failed: {reason(error)}", flush=True)
        free()
        print(f"\n({name}: {time.perf_counter() - before:.0f} s in all)", flush=True)


if __name__ == "__main__":
    main()
