"""The mixture of experts beside the loop over tokens that articles print, with its share of the matmul peak.

Eight experts, two per token, hidden 1024, feed-forward 4096, 4096 tokens. Both run in turn. Pause any trainer
first. Example: python benchmarks/moe.py --runs 3
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rushes.models.moe import MixtureOfExperts

EXPERTS, TOP_K, HIDDEN, FFN = 8, 2, 1024, 4096


class TokenLoop(nn.Module):
    """For every token, for every chosen expert, one call."""

    def __init__(self, mixture: MixtureOfExperts) -> None:
        super().__init__()
        self.mixture = mixture
        grouped = mixture.experts
        self.experts = nn.ModuleList()
        for index in range(EXPERTS):
            with torch.device("meta"):
                expert = nn.Sequential(
                    nn.Linear(HIDDEN, FFN), nn.GELU(approximate="tanh"), nn.Linear(FFN, HIDDEN)
                )
            # views of the same memory
            expert[0].weight, expert[0].bias = map(
                nn.Parameter, (grouped.up_weight[index], grouped.up_bias[index])
            )
            expert[2].weight, expert[2].bias = map(
                nn.Parameter, (grouped.down_weight[index], grouped.down_bias[index])
            )
            self.experts.append(expert)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, dim) -> (N, dim)."""
        scores = tokens.float() @ self.mixture.router.float().t()
        top, chosen = scores.topk(TOP_K, dim=-1)
        weights = top.softmax(dim=-1)
        output = torch.zeros_like(tokens)
        for token in range(len(tokens)):
            for k in range(TOP_K):
                output[token] += weights[token, k] * self.experts[chosen[token, k]](tokens[token])
        return output


def timed(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def matmul_rate(dtype: torch.dtype) -> float:
    """Largest GFLOP/s of a product of the experts' shape over ten tries."""
    rows, weight = torch.randn(1024, HIDDEN).to(dtype), torch.randn(FFN, HIDDEN).to(dtype)
    work = 2 * rows.numel() * FFN / 1e9
    return max(work / timed(lambda: nn.functional.linear(rows, weight)) for _ in range(10))


@torch.inference_mode()
def compare(dtype: torch.dtype, num_tokens: int, runs: int) -> str:
    """A row of the table: medians of paired runs."""
    torch.manual_seed(0)
    mixture = MixtureOfExperts(EXPERTS, TOP_K, HIDDEN, FFN)
    for parameter in mixture.parameters():
        parameter.normal_(std=0.02)
    mixture.to(dtype)
    loop, tokens = TokenLoop(mixture), torch.randn(num_tokens, HIDDEN).to(dtype)
    ours, theirs = mixture(tokens).double(), loop(tokens[:64]).double()
    apart = float((ours[:64] - theirs).norm() / theirs.norm())
    pairs = [(timed(lambda: mixture(tokens)), timed(lambda: loop(tokens))) for _ in range(runs)]
    seconds, slow = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratios = sorted(b / a for a, b in pairs)
    rate = 4 * num_tokens * TOP_K * HIDDEN * FFN / seconds / 1e9
    peak = matmul_rate(dtype)
    name, faster = str(dtype).removeprefix("torch."), statistics.median(ratios)
    return (
        f"| {name} | {seconds:.3f} | {slow:.2f} | {faster:.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f}) "
        f"| {rate:.0f} | {rate / peak:.0%} of {peak:.0f} | {apart:.1e} |"
    )


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--tokens", type=int, default=4096)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {options.threads} threads, torch {torch.__version__}, load {os.getloadavg()[0]:.2f}")
    print(f"{options.tokens} tokens, medians of {options.runs} paired runs\n")
    print("| dtype | grouped s | loop s | times faster (range) | GFLOP/s | of matmul peak | apart |")
    print("|---|---|---|---|---|---|---|")
    for dtype in (torch.float32, torch.bfloat16):
        print(compare(dtype, options.tokens, options.runs), flush=True)
    print(f"\nload after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
