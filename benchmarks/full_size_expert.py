"""One full-size A14B expert (28.6 GB of random bfloat16 in official shards) in one small forward, streamed.

The shards are written to a folder once and kept; the forward runs in a child of its own whose anonymous
memory is limited to what it holds at the start and the budget. Needs 29 GB of disk.
Example: python benchmarks/full_size_expert.py /data/expert --budget 8GB
Rehearsal: python benchmarks/full_size_expert.py /tmp/expert --scale tiny --budget 300MB
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from paired import status
from safetensors.torch import save_file
from watched import MIB, watched

from rushes.core.memory_size import describe_memory, parse_memory
from rushes.engine.memory import return_freed_memory
from rushes.models.naming import open_file, transformer_source
from rushes.models.published import PUBLISHED
from rushes.models.streaming import FEWEST_PLACES, BlockPool, stream_blocks
from rushes.models.transformer import Block, TransformerConfig, WanTransformer

CONFIGS = {
    "full": PUBLISHED["wan2.2-t2v-a14b"].transformer,
    "tiny": TransformerConfig(512, 8, 8, 2048, 16, 16, 64, 32),
}
SHARD_BYTES = 5_000_000_000
LATENTS = (1, 16, 3, 16, 16)  # 128x128 pixels, 9 frames: 192 tokens
CPU = torch.device("cpu")


def write_shards(folder: Path, config: TransformerConfig) -> None:
    """Random weights as the official repository lays them out; an index that exists is taken as complete."""
    index = folder / "diffusion_pytorch_model.safetensors.index.json"
    if index.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in WanTransformer(config).state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    shards: list[dict[str, torch.Size]] = [{}]
    size = 0
    for name, shape in shapes.items():
        if size + 2 * shape.numel() > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = shape
        size += 2 * shape.numel()
    places = {}
    for number, names in enumerate(shards, 1):
        file = f"diffusion_pytorch_model-{number:05d}-of-{len(shards):05d}.safetensors"
        tensors = {
            name: torch.empty(shape, dtype=torch.bfloat16).normal_(std=0.02, generator=generator)
            for name, shape in names.items()
        }
        save_file(tensors, folder / file)
        places.update(dict.fromkeys(names, file))
        print(f"wrote {file}", file=sys.stderr, flush=True)
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))


@torch.inference_mode()
def forward(folder: Path, config: TransformerConfig, budget: int) -> None:
    """Two passes under the limit; prints their seconds and the peak."""
    return_freed_memory()
    limit = round(status("VmData") * MIB) + budget
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with watched(0.02) as peak:
        started = time.perf_counter()
        with torch.device("meta"):
            transformer = WanTransformer(config)
        pool = BlockPool(lambda: Block(config), FEWEST_PLACES, torch.bfloat16)
        stream_blocks(transformer, transformer_source(open_file(folder)), pool, CPU)
        opened = time.perf_counter()
        generator = torch.Generator().manual_seed(1)
        latents = torch.randn(LATENTS, generator=generator)
        memory = transformer.remember(
            torch.randn(1, min(60, config.text_len), config.text_dim, generator=generator)
        )
        passes = []
        for _ in range(2):
            before = time.perf_counter()
            velocity = transformer(latents, torch.tensor([500.0]), memory)
            passes.append(time.perf_counter() - before)
            if not torch.isfinite(velocity).all():
                raise SystemExit("the velocity is not finite")
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    amounts = " | ".join(describe_memory(amount) for amount in (size, budget, peak.bytes))
    print(
        "| weights | budget | peak | opened s | first pass s | second pass s | read GB/s |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {amounts} | {opened - started:.1f} | {passes[0]:.1f} | {passes[1]:.1f} "
        f"| {size / passes[1] / 1e9:.2f} |"
    )


def main() -> None:
    """Write once, then measure in a child."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budget", default="8GB", help="anonymous memory beyond the start (default 8GB)")
    parser.add_argument("--scale", choices=CONFIGS, default="full")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        forward(asked.folder, CONFIGS[asked.scale], parse_memory(asked.budget))
        return
    write_shards(asked.folder, CONFIGS[asked.scale])
    raise SystemExit(subprocess.run([sys.executable, *sys.argv, "--child"], check=False).returncode)


if __name__ == "__main__":
    main()
