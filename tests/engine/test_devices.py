"""Several devices as their caller sees them: one clip, one message when something goes wrong, none left."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.engine.parallel_work import die, film_with_own_noise, is_alive, wait_for_end
from tests.tiny_model import SHORT_REQUEST as REQUEST

from rushes.core.errors import CancelledError, GenerationError, UsageError, WeightsError
from rushes.engine.events import FramesDecoded, Preview, Resumed, StepDone, TextsEncoded
from rushes.engine.facts import read_facts
from rushes.engine.generate import generate
from rushes.engine.parallel import deadline as deadline_module
from rushes.engine.parallel import ranks as ranks_module
from rushes.engine.parallel.deadline import Deadline
from rushes.engine.parallel.devices import Devices, SharedModel, layout_for
from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.ranks import Ranks, Site, site_for
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run
from rushes.engine.saved_run import SavedRun
from rushes.models.bundle import load_bundle

ROOT = Path(__file__).parents[2]
LONG = replace(REQUEST, sampling=replace(REQUEST.sampling, steps=200))


def shared(folder, layout=Layout(guidance=2)):  # noqa: B008  frozen
    return SharedModel(folder, torch.float32, layout)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def pids_of(devices):
    return [process.pid for process in devices.start()._processes]


def test_clips_on_two_devices(tiny_model, tmp_path):
    """One after the other on the same processes; then one that is stopped, saved, and goes on on new ones."""
    bundle = load_bundle(tiny_model, torch.float32, "cpu")
    alone = list(generate(bundle, REQUEST))
    with Devices(shared(tiny_model)) as devices:
        events = list(devices.generate(REQUEST))
        pids = pids_of(devices)
        assert [type(event) for event in events] == [type(event) for event in alone]
        torch.testing.assert_close(events[-1].latents, alone[-1].latents, rtol=0, atol=1e-5)
        for ours, theirs in zip(of(FramesDecoded, events), of(FramesDecoded, alone), strict=True):
            assert np.abs(ours.frames.astype(int) - theirs.frames).max() <= 1

        texts = of(TextsEncoded, events)[0].texts
        other = replace(REQUEST, seed=4)
        again = list(devices.generate(other, Run(texts=texts, more_seeds=(3,), previews=2)))
        torch.testing.assert_close(again[-1].latents[1:], alone[-1].latents, rtol=0, atol=1e-5)
        assert [preview.step for preview in of(Preview, again)] == [2, 4]
        assert pids_of(devices) == pids

        decoded = list(devices.generate(REQUEST, Run(latents=events[-1].latents)))
        assert of(StepDone, decoded) == []
        for ours, theirs in zip(of(FramesDecoded, decoded), of(FramesDecoded, events), strict=True):
            assert np.array_equal(ours.frames, theirs.frames)

        saved = SavedRun(tmp_path, engine_stages(bundle, LONG), devices.machine, 1000)
        clip = devices.generate(LONG, Run(saved=saved))
        while not of(StepDone, [next(clip)]):
            pass
        clip.close()
        wait_for_end(pids)
        stopped_after = saved.load().step
        assert 1 <= stopped_after < 200

        asked = []
        clip = devices.generate(LONG, Run(saved=saved, is_cancelled=lambda: bool(asked)))
        while not (resumed := of(Resumed, [next(clip)])):
            pass
        assert resumed == [Resumed(stopped_after, 200)]
        new_pids = pids_of(devices)
        asked.append(True)
        with pytest.raises(CancelledError, match="as asked"):
            next(clip)
        assert saved.load().step >= stopped_after
        wait_for_end(new_pids)
    assert devices.machine["devices"] == "guidance 2"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("killed", r"device 2 of 2 was killed \(SIGKILL\), so all were stopped: shoot again"),
        ("raises", "device 2 of 2 failed, so all were stopped: RuntimeError: a broken part"),
    ],
)
def test_one_message_when_a_device_is_lost(how, message):
    ranks = Ranks(die, how, Site("cpu", 2, 1))
    pids = ranks.hear_all()
    began = time.monotonic()
    ranks.say("go")
    with pytest.raises(GenerationError, match=message):
        ranks.hear()
    assert time.monotonic() - began < 2 * ranks_module.GRACE
    wait_for_end(pids, 1)


def test_a_device_that_hangs_ends_all(tiny_model, tmp_path, monkeypatch):
    """Stopped, it neither works nor dies; its companions wait in the middle of a step."""
    monkeypatch.setattr(deadline_module, "LEAST", 1.0)
    monkeypatch.setattr(deadline_module, "TIMES", 2.0)
    with Devices(shared(tiny_model)) as devices:
        pids = pids_of(devices)
        clip = devices.generate(LONG)
        while not of(StepDone, [next(clip)]):
            pass
        os.kill(pids[1], signal.SIGSTOP)
        with pytest.raises(GenerationError, match=r"2 devices have said nothing for \d+ seconds, so one"):
            list(clip)
        wait_for_end(pids, 1)


def test_control_c_in_the_middle_of_a_message(tiny_model, monkeypatch):
    """The rest of the message is none: its bytes could ask for more than will ever come."""
    heard = []
    take = ranks_module._take

    def broken_off(line):
        heard.append(line)
        if len(heard) < 8:
            return take(line)
        os.read(line.fileno(), 4 + 1000)
        raise KeyboardInterrupt

    with Devices(shared(tiny_model)) as devices:
        pids = pids_of(devices)
        monkeypatch.setattr(ranks_module, "_take", broken_off)
        with pytest.raises(KeyboardInterrupt):
            list(devices.generate(LONG))
        assert len(heard) == 8
    wait_for_end(pids)


def test_a_deadline_follows_the_pace_and_forgives_absence():
    now = [0.0]
    deadline = Deadline(20.0, clock=lambda: now[0])

    def wait(seconds):
        for _ in range(int(seconds)):
            now[0] += 1
            overdue = deadline.overdue()
        return overdue

    assert wait(200) == 0  # ten of the expected steps
    assert wait(1) == 201
    deadline.heard()  # a step took that long, so later ones may
    assert wait(2000) == 0
    now[0] += 86400  # the caller was stopped, and all with it
    assert deadline.overdue() == 0
    assert wait(11) > 2010
    deadline.resume()
    assert deadline.overdue() == 0


def test_noise_of_their_own_is_noticed(tiny_model):
    model = shared(tiny_model)
    with Devices(model) as devices:
        devices._ranks = Ranks(film_with_own_noise, model, devices.site)
        devices._ranks.hear_all()
        with pytest.raises(GenerationError, match="devices hold different latents"):
            list(devices.generate(REQUEST))


def test_files_that_are_wrong_are_named_once(tiny_model, tmp_path):
    with (
        Devices(shared(tmp_path / "nothing")) as devices,
        pytest.raises(WeightsError, match="nothing"),
    ):
        devices.start()


CALLER = """
import sys, torch
from pathlib import Path
from rushes.engine.parallel.devices import Devices, SharedModel
from rushes.engine.parallel.layout import Layout
devices = Devices(SharedModel(Path(sys.argv[1]), torch.float32, Layout(guidance=2)))
print(*[process.pid for process in devices.start()._processes], flush=True)
sys.stdin.read()
"""


def test_devices_end_when_their_caller_is_killed(tiny_model):
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, str(tiny_model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    pids = [int(pid) for pid in caller.stdout.readline().split()]
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    caller.send_signal(signal.SIGKILL)
    caller.communicate(timeout=20)
    wait_for_end(pids)


@pytest.mark.parametrize(
    ("devices", "message"), [(0, "use 1 or more"), (5, "64 lines, which make 4 rows .* use at most 4")]
)
def test_impossible_numbers_are_refused_before_loading(tiny_model, devices, message):
    with pytest.raises(UsageError, match=message):
        layout_for(devices, read_facts(tiny_model), REQUEST)


def test_more_devices_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert site_for(2) == Site("cuda", 2, max(1, torch.get_num_threads() // 2))
    with pytest.raises(UsageError, match="more than the 2 GPUs of this machine: use at most 2"):
        site_for(3)


def test_layouts_follow_the_request(tiny_model):
    facts = read_facts(tiny_model)
    assert layout_for(4, facts, REQUEST) == Layout(guidance=2, sequence=2)
    plain = replace(REQUEST, sampling=replace(REQUEST.sampling, guidance_high=1.0))
    assert layout_for(4, facts, plain) == Layout(sequence=4)


def test_the_cpu_is_divided_evenly(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert [site_for(n).threads for n in (1, 2, 3, 16)] == [8, 4, 2, 1]
    assert site_for(2).kind == "cpu" or os.environ.get("CUDA_VISIBLE_DEVICES")
