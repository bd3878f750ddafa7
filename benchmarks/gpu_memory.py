"""One full-size A14B step on a GPU under caps on its memory: which blocks stay, and what the rest costs.

Random weights lie in the machine's memory and pass to the GPU as a cap demands; every cap computes the same
step (two forwards), timed after a warm-up, the first line with all weights on the device. A cap that fails,
or takes longer than --each seconds, is named and the rest goes on; what is printed is also kept in $OUT,
where that is set. Needs torch, einops and safetensors, and 60 GB of the machine's memory.
Predicted for one H200 at 720p: 20 s a step whole; 24 GiB hold about 20 blocks, and a block computes 0.24 s
while 0.7 GB arrive in 0.1: within 5 %.
Example: python benchmarks/gpu_memory.py --size 1280x720x81 --caps 80 48 24 16
Rehearsal: python benchmarks/gpu_memory.py --scale tiny --device cpu --runs 1 --size 96x64x9
"""

import argparse
import math
import statistics
from functools import partial

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
from torch import Tensor

from rushes.models.attention import DEVICE_PIECE
from rushes.models.published import PUBLISHED
from rushes.models.streaming import FEWEST_PLACES, BlockPool, stream_blocks
from rushes.models.tensor_source import TensorMap
from rushes.models.transformer import Block, TransformerConfig, WanTransformer

CONFIGS = {
    "full": PUBLISHED["wan2.2-t2v-a14b"].transformer,
    "tiny": TransformerConfig(128, 6, 2, 256, 16, 16, 64, 32),
}
GIB = 1 << 30


class Step:
    """Both forwards of a guided step at one size, on whichever model is given."""

    def __init__(self, config: TransformerConfig, size: str, device: torch.device) -> None:
        width, height, frames = map(int, size.split("x"))
        generator = torch.Generator(device).manual_seed(0)
        shape = (1, config.in_channels, (frames - 1) // 4 + 1, height // 8, width // 8)
        self.latents = torch.randn(shape, generator=generator, device=device)
        self.contexts = [
            torch.randn(1, length, config.text_dim, generator=generator, device=device).bfloat16()
            for length in (config.text_len // 5, config.text_len // 4)
        ]
        self.tokens = math.prod(shape[2:]) // 4
        self.timestep = torch.tensor([500.0], device=device)

    def run(self, model: WanTransformer) -> Tensor:
        """The guided velocity."""
        texts = [model.remember(context) for context in self.contexts]
        towards, away = (model(self.latents, self.timestep, text) for text in texts)
        return away + 4 * (towards - away)

    def working_bytes(self, config: TransformerConfig) -> int:
        """Beside the weights: tokens in float32, six copies in bfloat16, one range of the feed-forward."""
        piece = min(DEVICE_PIECE, self.tokens) * 4 * (config.ffn_size + 2 * config.hidden_size)
        return self.tokens * config.hidden_size * 16 + piece + GIB


def places_within(cap: float, config: TransformerConfig, block: int, small: int, working: int) -> int:
    """Blocks that fit beside everything else; fewer than two is an error of the cap."""
    places = int((cap * GIB - working - small - block) // block)
    if places < FEWEST_PLACES:
        raise ValueError(f"{cap:g} GiB hold {places} blocks, two are needed")
    return min(places, config.depth - 1)


def streamed(
    config: TransformerConfig, source: TensorMap, places: int, device: torch.device
) -> WanTransformer:
    """The model with so many places for blocks."""

    def make() -> Block:
        with device:
            return Block(config)

    with torch.device("meta"):
        model = WanTransformer(config)
    stream_blocks(model, source, BlockPool(make, places, torch.bfloat16), device)
    return model


@torch.inference_mode()
def main() -> None:
    """A row for each cap."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--size", default="1280x720x81", metavar="WxHxF")
    parser.add_argument("--caps", type=float, nargs="+", default=[80, 48, 24, 16], help="GiB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", choices=CONFIGS, default="full")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--limit", type=float, default=480, help="seconds after which nothing new begins")
    parser.add_argument("--each", type=float, default=150, help="seconds a cap may take")
    options = parser.parse_args()
    keep_output(__file__)
    device, deadline, config = torch.device(options.device), Deadline(options.limit), CONFIGS[options.scale]
    step = Step(config, options.size, device)
    print(f"{describe(device)}, {options.scale}, {options.size}, medians of {options.runs}\n")
    print("| cap GiB | places of blocks | s a step | slower | peak GiB | apart |\n|---|---|---|---|---|---|")
    model = random_module(lambda: WanTransformer(config), torch.bfloat16, device)
    source = TensorMap({name: value.cpu() for name, value in model.state_dict().items()}, "random")
    sizes = {name: value.nbytes for name, value in model.state_dict().items()}
    block = sum(size for name, size in sizes.items() if name.startswith("blocks.0."))
    small = sum(sizes.values()) - config.depth * block
    expected = step.run(model)
    taken = [seconds_and_peak(device, partial(step.run, model)) for _ in range(options.runs)]
    whole = statistics.median(seconds for seconds, _ in taken)
    print(f"| none | all | {whole:.3f} | 1.00 | {taken[-1][1]:.1f} | 0 |", flush=True)
    del model
    free()
    for cap in options.caps:
        if deadline.passed():
            print(f"| {cap:g} | left out: time is up | | | | |")
            continue
        try:
            places = places_within(cap, config, block, small, step.working_bytes(config))
            if device.type == "cuda":
                torch.cuda.set_per_process_memory_fraction(
                    cap * GIB / torch.cuda.get_device_properties(device).total_memory, device
                )
            with at_most(min(options.each, deadline.left())):
                held = streamed(config, source, places, device)
                apart = distance(step.run(held), expected)
                taken = [seconds_and_peak(device, partial(step.run, held)) for _ in range(options.runs)]
            seconds = statistics.median(each for each, _ in taken)
            print(
                f"| {cap:g} | {places} | {seconds:.3f} | {seconds / whole:.2f} | {taken[-1][1]:.1f} "
                f"| {apart:.1e} |",
                flush=True,
            )
            del held
        except Exception as error:  # one cap less, not the run
            print(f"| {cap:g} | failed: {reason(error)} | | | | |", flush=True)
        free()


if __name__ == "__main__":
    main()
