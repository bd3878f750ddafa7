"""Guidance on a processor: the pass with the words beside the pass without them, each on half of the threads.

The threads of one small pass wait for each other more than they work. Two passes of one thread each take a
third of the time that they take one after the other on two, and keep it when another program needs a core
(docs/benchmarks/2026-11-23-two-core-cpu.md).
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from rushes.diffusion.denoiser import Denoiser
from rushes.diffusion.guidance import guided_velocity
from rushes.engine.placement import passes_at_once
from rushes.engine.run import Run


def beside(run: Run) -> Run:
    """``run`` with guidance's two passes side by side, where its device has the threads.

    For models whose weights are all in memory: blocks that stream in and out serve one pass at a time.
    """
    return replace(run, guide=SideBySide) if passes_at_once(run.device) > 1 else run


@contextmanager
def threads_of_a_pass(passes: int) -> Iterator[int]:
    """This thread's share of torch's threads while so many passes run."""
    threads = torch.get_num_threads()
    share = max(1, threads // passes)
    torch.set_num_threads(share)
    try:
        yield share
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class SideBySide:
    """Stands for :class:`rushes.diffusion.guidance.Guided`, with the same velocities."""

    cond: Denoiser
    uncond: Denoiser
    scale: float

    def __call__(self, latents: Tensor, sigma: float) -> Tensor:
        """Guided velocity; a pass that fails is told when the other has ended."""
        if self.scale == 1:
            return self.cond(latents, sigma)
        is_inference = torch.is_inference_mode_enabled()
        with threads_of_a_pass(2) as threads:

            def away() -> Tensor:
                torch.set_num_threads(threads)
                with torch.inference_mode(is_inference):
                    return self.uncond(latents, sigma)

            other: Future[Tensor] = _other_thread().submit(away)
            try:
                towards = self.cond(latents, sigma)
            finally:
                wait([other])
        return guided_velocity(towards, other.result(), self.scale)


@cache
def _other_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="guidance")
