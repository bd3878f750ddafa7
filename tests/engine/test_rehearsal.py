"""The forecast of time grows with the work asked for, and is near what a take then lasts."""

from dataclasses import replace
from time import perf_counter

import pytest
import torch

from rushes.engine import rehearsal
from rushes.engine.catalogue import PACKAGED
from rushes.engine.forecast import Needs
from rushes.engine.generate import generate
from rushes.engine.plan import Order, plan
from rushes.engine.rehearsal import seconds_expected
from rushes.models.bundle import load_files, open_model


@pytest.fixture(scope="module")
def files():
    """Of mini."""
    return open_model(PACKAGED["mini"])


def needs_of(files, **asked):
    request, _ = plan(files.facts, Order("a fox", "a fox", 1, **asked))
    return Needs(files, request, torch.float32)


def test_more_steps_longer_clips_and_larger_pictures_last_longer(files):
    short = min(seconds_expected(needs_of(files, steps=2, num_frames=1)) for _ in range(3))
    assert seconds_expected(needs_of(files, steps=100, num_frames=1)) > 3 * short
    assert seconds_expected(needs_of(files, steps=2, num_frames=61)) > 3 * short
    assert seconds_expected(needs_of(files, steps=2, num_frames=1, size=(768, 480))) > 3 * short


def test_without_guidance_half_the_passes_are_counted(files, monkeypatch):
    monkeypatch.setattr(rehearsal, "_timed", lambda _work: 0.001)  # a machine that is never busy
    guided = needs_of(files, steps=100, num_frames=5)
    sampling = replace(guided.request.sampling, guidance_high=1, guidance_low=1)
    plain = replace(guided, request=replace(guided.request, sampling=sampling))
    assert seconds_expected(guided) / seconds_expected(plain) == pytest.approx((200 + 30) / (100 + 30))


def test_the_forecast_is_of_the_right_size(files):
    """Within a factor of five even on a busy machine; benchmarks say how near it is on a quiet one."""
    needs = needs_of(files, steps=10, num_frames=17)
    bundle = load_files(files, torch.float32, "cpu")
    started = perf_counter()
    list(generate(bundle, needs.request))
    spent = perf_counter() - started
    assert spent / 5 < seconds_expected(needs) < spent * 5
