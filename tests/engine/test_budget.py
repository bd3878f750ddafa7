"""Memory: the forecast against what a process takes, plans within a budget, the same latents by all."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.tiny_model import tiny_bundle, wide_bundle

from rushes.core.errors import UsageError
from rushes.engine.budget import holding_within
from rushes.engine.catalogue import PACKAGED
from rushes.engine.events import Finished, FramesDecoded, StageName
from rushes.engine.forecast import Needs
from rushes.engine.generate import generate
from rushes.engine.plan import Order, plan
from rushes.engine.provenance import engine_stages
from rushes.models.bundle import open_model, save_bundle
from rushes.models.tiled_codec import Tiling

CPU = torch.device("cpu")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and limits anonymous memory")


@pytest.fixture(scope="module")
def deep_model(tmp_path_factory):
    """Two experts of six blocks; the decoder looks beyond each cell, so that tiles differ from the whole."""
    folder, bundle = tmp_path_factory.mktemp("models") / "deep", tiny_bundle(depth=6)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.nn.init.normal_(bundle.codec.decoder.head.conv.weight, std=0.05)
    save_bundle(bundle, folder)
    return folder


def needs_of(folder, dtype=torch.float32):
    files = open_model(folder)
    request, _ = plan(files.facts, Order("a red fox", "a red fox", seed=1, num_frames=5))
    return Needs(files, request, dtype)


def holdings(needs):
    """Every way there is, from much memory to little."""
    budget, found = 10**12, []
    while True:
        try:
            found.append(holding_within(needs, 0, budget))
        except UsageError:
            return found
        budget = found[-1].forecast.peak - 1


def test_ways_need_less_and_less_and_give_the_same_latents(deep_model):
    needs = needs_of(deep_model)
    ways = holdings(needs)
    assert [way.places for way in ways] == [None, 5, 4, 3, 2]
    results = []
    for way in ways:
        events = list(generate(way.load(CPU), needs.request))
        results.append(next(event.latents for event in events if isinstance(event, Finished)))
    assert all(torch.equal(result, results[0]) for result in results)


def test_ways_are_told_in_words(deep_model):
    described = [way.describe().split(", ")[1] for way in holdings(needs_of(deep_model))]
    assert described == [
        "all weights in memory",
        "one expert in memory at a time",
        "5 of 6 blocks in memory at a time",
        "4 of 6 blocks in memory at a time",
        "3 of 6 blocks in memory at a time",
    ]


def test_a_budget_below_the_least_is_refused_with_the_least(deep_model):
    needs = needs_of(deep_model)
    least = holdings(needs)[-1].forecast
    assert holding_within(needs, 0, least.peak).places == 2
    with pytest.raises(UsageError, match=r"memory budget 1 MB is too small: stage decode .* needs \d+ MB"):
        holding_within(needs, 0, 10**6)


def test_tiles_come_last_and_are_told_recorded_and_close(deep_model):
    files = open_model(deep_model)
    asked = Order("a red fox", "a red fox", seed=1, steps=1, num_frames=5, size=(512, 320))
    needs = Needs(files, plan(files.facts, asked)[0], torch.float32)
    ways = holdings(needs)
    whole = [way for way in ways if way.tiling is None]
    tiled = ways[len(whole)]
    assert whole[-1].places == 2
    assert tiled.places is None
    assert tiled.tiling == Tiling(24, 6)
    assert ways[-1].tiling == Tiling(16, 4)
    assert ways[-1].places == 2
    assert "decoded in tiles of 384x384" in tiled.describe()
    shown = {}
    for way in (whole[0], ways[-1]):
        bundle = way.load(CPU)
        events = list(generate(bundle, needs.request))
        shown[way.tiling] = np.concatenate(
            [each.frames for each in events if isinstance(each, FramesDecoded)]
        )
        settings = {stage.name: stage.settings for stage in engine_stages(bundle, needs.request)}
        assert settings["decode"].get("tile") == (way.tiling and way.tiling.side)
        assert "tile" not in settings["denoise"]
    apart = np.abs(np.subtract(*shown.values(), dtype=np.int16))
    assert 0 < apart.mean() < 255 * 0.04


def test_a_first_picture_counts_where_it_is_encoded(deep_model):
    plain = needs_of(deep_model)
    pictured = replace(plain, request=replace(plain.request, first_frame="0" * 64))
    stage = StageName.ENCODE_TEXT
    assert plain.encoding_bytes() == 0
    assert pictured.forecast(None, 0).stages[stage] > plain.forecast(None, 0).stages[stage]


def test_the_forecast_grows_with_what_is_asked(deep_model):
    small = needs_of(deep_model)
    request, _ = plan(small.files.facts, Order("x", "x", 1, num_frames=37))
    long = Needs(small.files, request, torch.float32)
    assert long.activation_bytes > small.activation_bytes
    assert long.decoding_bytes() == small.decoding_bytes()  # decoding streams
    delivered = Needs(small.files, request, torch.float32, delivered=(1280, 720))
    assert delivered.decoding_bytes() > long.decoding_bytes()
    half = needs_of(deep_model, torch.bfloat16)
    assert half.text_bytes * 2 == small.text_bytes
    assert small.forecast(None, held=7).stages[StageName.DENOISE] > small.activation_bytes


CHILD = """
import json, resource, sys
from pathlib import Path
import torch
from paired import status
from watched import MIB, watched
from rushes.engine.budget import Holding
from rushes.engine.forecast import Needs
from rushes.engine.generate import generate
from rushes.engine.memory import own_memory, return_freed_memory
from rushes.engine.plan import Order, plan
from rushes.models.bundle import open_model
from rushes.models.tiled_codec import Tiling

order = json.loads(sys.argv[1])
torch.set_num_threads(1)
return_freed_memory()
files = open_model(Path(order["folder"]))
sliders = tuple(order.get("sliders", ()))
asked = Order("a fox", "a fox", 1, steps=2, num_frames=order["frames"], size=order["size"], sliders=sliders)
request, _ = plan(files.facts, asked)
needs = Needs(files, request, getattr(torch, order["dtype"]))
tiling = Tiling(order["tile"], order["tile"] // 4) if "tile" in order else None
held = own_memory(torch.device("cpu"))
forecast = needs.forecast(order["places"], held, tiling)
if "budget" in order:
    limit = round(status("VmData") * MIB) + order["budget"]
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
with watched() as peak:
    bundle = Holding(needs, order["places"], forecast, tiling).load(torch.device("cpu"))
    last = [event.latents for event in generate(bundle, request) if hasattr(event, "latents")][-1]
total = float(last.abs().sum())
print(json.dumps({"forecast": forecast.peak, "held": held, "peak": peak.bytes, "total": total}))
"""


def child(**order):
    command = [sys.executable, "-c", CHILD, json.dumps(order)]
    paths = {"PYTHONPATH": str(BENCHMARKS)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **paths}
    )


@LINUX
@pytest.mark.parametrize(
    "order",
    [
        {"size": (256, 160), "frames": 61, "dtype": "bfloat16", "places": None},
        {"size": (256, 160), "frames": 61, "dtype": "float32", "places": 2},
        {"size": (256, 160), "frames": 61, "dtype": "bfloat16", "places": None, "sliders": (("zoom", 1.0),)},
        {"size": (512, 320), "frames": 33, "dtype": "bfloat16", "places": None},
        {"size": (640, 480), "frames": 5, "dtype": "float32", "places": None},
        {"size": (640, 480), "frames": 5, "dtype": "float32", "places": None, "tile": 16},
    ],
    ids=lambda order: " ".join(
        str(order.get(name)) for name in ("size", "frames", "dtype", "tile", "sliders")
    ),
)
def test_the_forecast_is_within_a_tenth_of_what_is_taken(order):
    run = child(folder=str(PACKAGED["mini"]), **order)
    assert run.returncode == 0, run.stderr
    taken = json.loads(run.stdout)
    assert taken["forecast"] == pytest.approx(taken["peak"], rel=0.1)


@LINUX
def test_a_child_with_no_more_memory_than_its_budget_ends_well(tmp_path):
    """Two experts of 134 MB each in a budget that holds little more than one of them."""
    save_bundle(wide_bundle(512, depth=8), tmp_path)
    order = {"folder": str(tmp_path), "size": (256, 160), "frames": 5, "dtype": "float32"}
    free = json.loads(child(**order, places=2).stdout)
    budget = free["forecast"]
    assert budget - free["held"] < 0.6 * 268e6
    limited = child(**order, places=2, budget=budget)
    assert limited.returncode == 0, limited.stderr
    assert json.loads(limited.stdout)["total"] == free["total"]
    whole = child(**order, places=None, budget=budget)
    assert whole.returncode != 0
