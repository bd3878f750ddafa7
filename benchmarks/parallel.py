"""One denoising step and one decoding on several processes: bytes sent against the theory, and seconds.

What is measured, on this machine's CPU, where every process gets threads / processes of them:

- A guided step (with and without the words) of a transformer with random weights, for every way of dividing
  it alone and for combinations. "counted" is what our own operations hand to others, all ranks together;
  "theory" comes from the sizes of model and latents alone (rushes.engine.parallel.theory): Ulysses sends
  3 N (H - h) + (N - n) h heads, Megatron sums 3 times a block, guidance exchanges one velocity, experts send
  each chosen row away and back. Routing is the weights' own, so experts are near theory and not on it. A sum
  over P ranks counts as a ring sends it, 2 (P - 1) / P of the tensor on each.
- "on the wire" is what the loopback interface of the machine carried meanwhile: headers, what gloo sends in
  its own way, and whatever else uses that interface. It is evidence that the count leaves nothing out.
- The decoders of mini (full size) and Wan 2.1 (narrow), divided by rows of the picture.
- Seconds are medians of runs in turn, the first run of each thrown away. Processes on one CPU share its
  memory and its cores, so the best to be had is 1.0 times one process; what is missing is the price of
  dividing. On GPUs the same bytes go over NVLink.

The last table is theory alone: what full-size A14B sends at 1280x720, 81 frames, for the layouts of 2 to 8
GPUs. Pause any trainer first. Example: python benchmarks/parallel.py --runs 5 --devices 2 4
"""

import argparse
import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from rushes.diffusion.denoiser import TextDenoiser
from rushes.diffusion.guidance import Guided
from rushes.engine.parallel.guidance import SharedGuidance
from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.mesh import Mesh, join_mesh
from rushes.engine.parallel.ranks import Rank, Ranks, Site
from rushes.engine.parallel.rows import share_rows
from rushes.engine.parallel.share import share_transformer
from rushes.engine.parallel.theory import Forward, decoding_sent
from rushes.models.codecs import Codec, CodecConfig, build_codec
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.wan_vae21 import WanVAE21Config

GRID = (5, 24, 40)  # 1200 tokens
A14B = TransformerConfig(5120, 40, 40, 13824, 16, 16, 4096, 512)
A14B_GRID = (21, 90, 160)
CODECS = {
    "mini 256x160x17": (MiniCodecConfig(24, (48, 96, 160), (64, 128, 192)), (5, 10, 16)),
    "Wan 2.1, width 32, 128x96x9": (WanVAE21Config(width=32), (3, 12, 16)),
}
LAYOUTS = [
    Layout(), Layout(guidance=2), Layout(sequence=2), Layout(tensor=2), Layout(guidance=2, sequence=2),
    Layout(sequence=4), Layout(tensor=4), Layout(sequence=2, tensor=2), Layout(guidance=2, tensor=2),
]  # fmt: skip
WITH_EXPERTS = [Layout(), Layout(expert=2), Layout(expert=2, tensor=2), Layout(sequence=2, expert=2)]


def transformer_config(num_experts: int) -> TransformerConfig:
    """Small, with 8 heads; experts are half as wide, two of them used by each token."""
    ffn_size = 1024 if num_experts else 2048
    return TransformerConfig(512, 4, 8, ffn_size, 16, 16, 64, 64, num_ffn_experts=num_experts)


@dataclass(frozen=True)
class Step:
    """A guided step."""

    layout: Layout
    num_experts: int = 0

    @torch.inference_mode()
    def prepare(self, mesh: Mesh) -> partial[object]:
        """What one run is."""
        torch.manual_seed(0)
        transformer = WanTransformer(transformer_config(self.num_experts)).eval()
        for parameter in transformer.parameters():
            parameter.normal_(std=0.05)
        latents = torch.randn(1, 16, *GRID)
        texts = [transformer.remember(torch.randn(1, 20, 64)) for _ in range(2)]
        share_transformer(transformer, mesh)
        cond, uncond = (TextDenoiser(transformer, text) for text in texts)
        guided = Guided(cond, uncond, 4.0)
        if mesh.guidance.size == 2:
            return partial(SharedGuidance(cond, uncond, 4.0, mesh.guidance), latents, 0.5)
        return partial(guided, latents, 0.5)

    def theory(self) -> Counter[str]:
        """Bytes of all ranks."""
        forward = Forward(transformer_config(self.num_experts), 1, GRID, 4)
        shares = self.layout.sequence * self.layout.expert
        total: Counter[str] = Counter()
        for rank in range(self.layout.devices):
            total.update(forward.sent(self.layout, rank // self.layout.tensor % shares))
        # without guidance to divide, every rank goes through two forwards
        total = Counter({purpose: count * 2 // self.layout.guidance for purpose, count in total.items()})
        if self.layout.guidance == 2:
            total["guidance"] = self.layout.devices * 4 * 16 * GRID[0] * GRID[1] * GRID[2]
        return total

    @property
    def name(self) -> str:
        """Of the work on one process."""
        return "step, 4 experts" if self.num_experts else "step"


@dataclass(frozen=True)
class Decode:
    """A clip decoded."""

    layout: Layout
    name: str

    def codec(self) -> Codec:
        """With random weights."""
        torch.manual_seed(0)
        config: CodecConfig = CODECS[self.name][0]
        codec = build_codec(config).eval().requires_grad_(False)
        for parameter in codec.parameters():
            parameter.normal_(std=0.05)
        return codec

    def latents(self) -> torch.Tensor:
        """Noise."""
        return torch.randn(1, len(getattr(CODECS[self.name][0], "mean", range(24))), *CODECS[self.name][1])

    def prepare(self, mesh: Mesh) -> partial[object]:
        """What one run is."""
        codec = self.codec()
        share_rows(codec, mesh.everyone)
        return partial(codec.decode, self.latents())

    def theory(self) -> Counter[str]:
        """Bytes of all ranks."""
        size = self.layout.devices
        total: Counter[str] = Counter()
        for index in range(size if size > 1 else 0):
            total.update(decoding_sent(self.codec(), self.latents(), size, index))
        return total


Piece = Step | Decode


@dataclass(frozen=True)
class Outcome:
    """One run on one rank."""

    seconds: float
    sent: Mapping[str, int]


@torch.inference_mode()
def serve(rank: Rank, _order: None) -> None:
    """Runs pieces of work when told to; each is prepared once."""
    prepared: dict[Piece, tuple[Mesh, partial[object]]] = {}
    for piece in rank.orders():
        if piece not in prepared:
            mesh = join_mesh(piece.layout)
            prepared[piece] = mesh, piece.prepare(mesh)
            prepared[piece][1]()  # warm, and the text is known
        mesh, run = prepared[piece]
        mesh.everyone.add(torch.zeros(1), "start")
        mesh.traffic.take()
        before = time.perf_counter()
        run()
        rank.say(Outcome(time.perf_counter() - before, mesh.traffic.take()))


@dataclass
class Line:
    """What was seen of one piece of work."""

    sent: Counter[str]
    seconds: list[float]
    wire: list[int]


def on_the_wire() -> int:
    """Bytes the loopback interface has sent since the machine started."""
    line = next(
        row for row in Path("/proc/net/dev").read_text().splitlines() if row.strip().startswith("lo:")
    )
    return int(line.split()[9])


def measure(pieces: list[Piece], teams: Mapping[int, Ranks], runs: int) -> dict[Piece, Line]:
    """All pieces in turn, ``runs`` times, after one run that is thrown away."""
    lines = {piece: Line(Counter(), [], []) for piece in pieces}
    for number in range(runs + 1):
        for piece, line in lines.items():
            ranks = teams[piece.layout.devices]
            wire = on_the_wire()
            ranks.say(piece)
            outcomes = ranks.hear_all()
            if number:
                line.wire.append(on_the_wire() - wire)
                line.seconds.append(max(outcome.seconds for outcome in outcomes))
                line.sent = sum((Counter(outcome.sent) for outcome in outcomes), Counter())
    return lines


def report(lines: Mapping[Piece, Line]) -> None:
    """Two tables: bytes by purpose, and each run as a whole."""
    print("| work | layout | purpose | counted KB | theory KB | counted / theory |")
    print("|---|---|---|---|---|---|")
    for piece, line in lines.items():
        theory = piece.theory()
        for purpose in sorted(line.sent.keys() | theory.keys()):
            counted, expected = line.sent[purpose], theory[purpose]
            ratio = f"{counted / expected:.3f}" if expected else "-"
            print(
                f"| {piece.name} | {piece.layout} | {purpose} | {counted / 1e3:.1f} "
                f"| {expected / 1e3:.1f} | {ratio} |"
            )
    print("\n| work | layout | processes | counted KB | on the wire KB | seconds (range) | of one process |")
    print("|---|---|---|---|---|---|---|")
    alone = {piece.name: line for piece, line in lines.items() if piece.layout.devices == 1}
    for piece, line in lines.items():
        pairs = zip(alone[piece.name].seconds, line.seconds, strict=True)
        ratio = statistics.median(before / now for before, now in pairs)
        print(
            f"| {piece.name} | {piece.layout} | {piece.layout.devices} | {line.sent.total() / 1e3:.1f} "
            f"| {statistics.median(line.wire) / 1e3:.1f} | {statistics.median(line.seconds):.3f} "
            f"({min(line.seconds):.3f}-{max(line.seconds):.3f}) | {ratio:.2f} |"
        )


def report_full_size() -> None:
    """What each GPU would send a step, by theory."""
    print("\n| A14B, 1280x720x81, bf16, a guided step | GPUs | MB sent by each GPU |")
    print("|---|---|---|")
    for layout in (
        Layout(guidance=2), Layout(sequence=2), Layout(tensor=2), Layout(guidance=2, sequence=2),
        Layout(sequence=4), Layout(tensor=4), Layout(guidance=2, sequence=4), Layout(sequence=8),
        Layout(guidance=2, sequence=2, tensor=2),
    ):  # fmt: skip
        forward = Forward(A14B, 1, A14B_GRID, 2)
        sent = sum(forward.sent(layout, 0).values()) * 2 // layout.guidance
        sent += 4 * 16 * A14B_GRID[0] * A14B_GRID[1] * A14B_GRID[2] if layout.guidance == 2 else 0
        print(f"| {layout} | {layout.devices} | {sent / 1e6:,.0f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--devices", type=int, nargs="+", choices=(2, 4), default=[2, 4])
    options = parser.parse_args()
    sizes = {1, *options.devices}
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {options.threads} threads in all, torch {torch.__version__}, gloo")
    print(f"medians of {options.runs} runs in turn, load {os.getloadavg()[0]:.2f}\n")
    pieces: list[Piece] = [Step(layout) for layout in LAYOUTS]
    pieces += [Step(layout, num_experts=4) for layout in WITH_EXPERTS]
    pieces += [Decode(Layout(sequence=size), name) for name in CODECS for size in (1, 2, 4)]
    pieces = [piece for piece in pieces if piece.layout.devices in sizes]
    teams = {
        size: Ranks(serve, None, Site("cpu", size, max(1, options.threads // size))) for size in sorted(sizes)
    }
    try:
        lines = measure(pieces, teams, options.runs)
    finally:
        for ranks in teams.values():
            ranks.close()
    report(lines)
    report_full_size()
    print(f"\nload after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
