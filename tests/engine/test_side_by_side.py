"""Guidance's two passes side by side: the same velocities, and nothing left running."""

import threading

import pytest
import torch
from torch import Tensor

from rushes.core.errors import CancelledError
from rushes.diffusion.guidance import Guided
from rushes.engine.run import PLAIN_RUN, Run
from rushes.engine.side_by_side import SideBySide, beside, threads_of_a_pass


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def network(seed):
    weight = torch.randn(8, 8, generator=torch.Generator().manual_seed(seed))
    return lambda latents, sigma: torch.tanh(latents @ weight) * sigma


@pytest.mark.parametrize("scale", [1.0, 3.5])
def test_it_equals_guidance_in_turn(two_threads, scale):
    latents = torch.randn(4, 8)
    cond, uncond = network(1), network(2)
    apart = SideBySide(cond, uncond, scale)(latents, 0.5)
    assert torch.equal(apart, Guided(cond, uncond, scale)(latents, 0.5))


def test_each_pass_has_half_of_the_threads_and_another_thread(two_threads):
    seen: list[tuple[int, int, bool]] = []

    def note(latents: Tensor, sigma: float) -> Tensor:
        seen.append((threading.get_ident(), torch.get_num_threads(), torch.is_inference_mode_enabled()))
        return latents

    with torch.inference_mode():
        SideBySide(note, note, 2.0)(torch.zeros(1), 0.5)
    threads, counts, modes = zip(*seen, strict=True)
    assert len(set(threads)) == 2
    assert counts == (1, 1)
    assert modes == (True, True)
    assert torch.get_num_threads() == 2


def test_a_pass_that_is_cancelled_waits_for_the_other(two_threads):
    ended = threading.Event()

    def stopped(latents: Tensor, sigma: float) -> Tensor:
        raise CancelledError("stopped")

    def slow(latents: Tensor, sigma: float) -> Tensor:
        threading.Event().wait(0.1)
        ended.set()
        return latents

    with pytest.raises(CancelledError):
        SideBySide(stopped, slow, 2.0)(torch.zeros(1), 0.5)
    assert ended.is_set()
    with pytest.raises(CancelledError):
        SideBySide(slow, stopped, 2.0)(torch.zeros(1), 0.5)


def test_a_run_has_it_where_torch_has_threads_for_it(two_threads):
    assert beside(PLAIN_RUN).guide is SideBySide
    assert beside(Run(device=torch.device("cuda"))).guide is Guided
    with threads_of_a_pass(2):
        assert beside(PLAIN_RUN).guide is Guided
