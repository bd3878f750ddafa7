"""``rushes shoot`` under a memory budget: what is forecast, kept, refused, advised when memory runs out."""

import re

import pytest
import torch
from tests.tiny_model import wide_bundle

from rushes.models.bundle import save_bundle
from rushes.models.streaming import StreamedBlocks
from rushes.models.transformer import Head

FAST = ("--seconds", "0.4", "--steps", "2", "--size", "256x144", "--seed", "5", "--output", "a.mp4")


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A model whose experts weigh 24 MB each, so that ways to hold it differ by megabytes."""
    folder = tmp_path_factory.mktemp("models") / "wide"
    save_bundle(wide_bundle(256, depth=12), folder)
    return folder


@pytest.fixture
def shoot(monkeypatch, rushes, wide):
    """Runs ``rushes shoot`` in an empty folder: (exit code, stdout, stderr)."""
    # what earlier tests left in this process would count, and be told in gigabytes
    monkeypatch.setattr("rushes.engine.memory.own_memory", lambda _: 300_000_000)
    return lambda *arguments: rushes("shoot", "a red fox at night", "--model", wide, *FAST, *arguments)


def test_the_forecast_is_said_before_the_model_loads(shoot):
    code, out, _ = shoot()
    assert code == 0
    memory, time, model = (out.index(f"{title}  ") for title in ("memory", "time", "model"))
    assert memory < time < model
    assert re.search(r"memory +about \d+ MB at most, all weights in memory; [\d.]+ GB allowed", out)
    assert re.search(r"time +about \d:\d\d a take", out)


def test_a_budget_below_the_least_is_refused_with_the_least_that_then_does(shoot, tmp_path, monkeypatch):
    code, _, err = shoot("--memory-budget", "1MB")
    assert code == 2
    least = re.search(r"memory budget 1 MB is too small: stage \w+ of this take needs (\d+) MB", err)[1]
    assert not list(tmp_path.iterdir())
    streamed = []
    iterate = StreamedBlocks.__iter__
    monkeypatch.setattr(StreamedBlocks, "__iter__", lambda self: streamed.append(1) or iterate(self))
    # what the process holds has grown since, as it does in tests of one process
    code, out, err = shoot("--memory-budget", f"{int(least) + 8}MB")
    assert code == 0, err
    assert streamed
    assert "of 12 blocks in memory at a time" in out


@pytest.mark.parametrize("amount", ["8", "much", "-2GB"])
def test_what_is_no_amount_is_refused(shoot, amount):
    code, _, err = shoot("--memory-budget", amount)
    assert code == 2
    assert f"memory {amount!r} is no amount: write it like 8GB or 600MB" in err


def test_a_budget_for_several_devices_is_refused(shoot):
    code, _, err = shoot("--memory-budget", "8GB", "--devices", "2")
    assert code == 2
    assert "leave out --memory-budget or --devices" in err


def test_when_memory_runs_out_a_leaner_budget_is_named_and_goes_on_from_the_saved_step(shoot, monkeypatch):
    calls, forward = [], Head.forward

    def run_out(*arguments):
        calls.append(1)
        if len(calls) == 3:  # in the second step: each takes two passes
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(*arguments)

    monkeypatch.setattr(Head, "forward", run_out)
    code, _, err = shoot("--save-every", "1")
    assert code == 1
    assert re.search(r"memory ran out in stage denoise: .*; with --memory-budget (\d+)MB the same", err)
    monkeypatch.setattr(Head, "forward", forward)
    # this process holds more by now than a new one would, so the budget itself cannot be tried here
    code, out, err = shoot("--save-every", "1")
    assert code == 0, err
    assert "resumed   after step 1 of 2" in out
