"""Pulling from a hub over real HTTP: whole or not there, whatever line, server, disk or user do."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.hub.conftest import NAME, NEEDED, repository_files
from tests.hub.stand_in import COMMIT, StandIn

from rushes.core.errors import HubError, UsageError, WeightsError
from rushes.engine.catalogue import PUBLISHED
from rushes.hub import pull as module
from rushes.hub import web
from rushes.hub.files import read_manifest
from rushes.hub.hubs import find_hub
from rushes.hub.published import PULLABLE
from rushes.hub.pull import plan_pull, pull
from rushes.hub.transfer import PARTIAL, Transfer

SHARD = "low_noise_model/diffusion_pytorch_model.safetensors"
NO_WAITS = (0.0, 0.0, 0.0)


def plan(hub, folder, kind="", name=NAME):
    return plan_pull(PULLABLE[name], find_hub(f"{kind}{hub.address}"), None, folder)


def fetch(hub, folder, kind=""):
    """Pull; what progress heard."""
    heard = []
    pull(plan(hub, folder, kind), heard.append, NO_WAITS)
    return sum(heard)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def expect_whole(hub, folder):
    found = contents(folder)
    assert found.pop("pulled.json")
    assert found == {name: hub.files[name] for name in NEEDED}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("kind", ["", "huggingface+", "modelscope+"])
def test_the_files_a_model_needs_arrive_and_no_others(hub, tmp_path, kind):
    assert fetch(hub, tmp_path / NAME, kind) == sum(len(hub.files[name]) for name in NEEDED)
    expect_whole(hub, tmp_path / NAME)
    manifest = read_manifest(tmp_path / NAME)
    assert manifest.licence == "apache-2.0"
    assert manifest.revision == ("master" if "scope" in kind else COMMIT)
    assert manifest.origin.startswith(hub.address)
    assert not manifest.missing(tmp_path / NAME)
    assert not manifest.changed(tmp_path / NAME, lambda _: None)


FAULTS = {
    "cut": [("cut", 100_000)],
    "cut at once": [("cut", 0), ("cut", 1)],
    "cut again and again": [("cut", 50_000)] * 6,
    "cut at the last byte": [("late", 1)],
    "server error": [500, 503],
    "too many requests": [429],
    "wrong bytes once": [("wrong", 70_000)],
    "a part after wrong bytes": [("wrong", 7)],
    "no ranges": [("cut", 90_000), ("whole",)],
}


@pytest.mark.parametrize("kind", ["huggingface+", "modelscope+"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_line_or_server_is_borne(hub, tmp_path, kind, fault):
    hub.faults[SHARD] = list(FAULTS[fault])
    total = sum(len(hub.files[name]) for name in NEEDED)
    assert fetch(hub, tmp_path / NAME, kind) == total
    expect_whole(hub, tmp_path / NAME)
    assert not hub.faults[SHARD]


def test_what_was_cut_off_goes_on_where_it_stopped(hub, tmp_path):
    hub.faults[SHARD] = [("cut", 100_000)]
    fetch(hub, tmp_path / NAME)
    assert [asked for name, asked in hub.asked if name == SHARD] == [None, "bytes=100000-"]


def test_a_silent_server_is_left_and_asked_again(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    hub.faults[SHARD] = [("hang", 0), ("hang", 70_000)]
    fetch(hub, tmp_path / NAME)
    expect_whole(hub, tmp_path / NAME)
    assert [asked for name, asked in hub.asked if name == SHARD] == [None, None, "bytes=70000-"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_is_named(hub, tmp_path):
    (tmp_path / f"x{PARTIAL}").symlink_to("/dev/full")
    [file] = [each for each in plan(hub, tmp_path / NAME).files if each.record.path == SHARD]
    with pytest.raises(HubError, match=r"x.partial cannot be written \(No space left on device\): the same"):
        Transfer(lambda _: None).fetch(file, tmp_path / "x")


def test_a_home_that_cannot_be_written_is_named(hub, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot be made \(.*\): let RUSHES_HOME point to a folder"):
        fetch(hub, tmp_path / "file" / NAME)


def test_a_listing_that_fails_says_so(hub, tmp_path):
    hub.faults["listing"] = [503]
    with pytest.raises(HubError, match=r"cannot be reached \(the server answered 503\): try again"):
        plan(hub, tmp_path / NAME)
    hub.faults["listing"] = [401]
    with pytest.raises(HubError, match=r"is not open to everybody \(401\)"):
        plan(hub, tmp_path / NAME)


LASTING = {
    "server error": (500, "cannot be had (the server answered 500): the same command goes on"),
    "silence": (("cut", 0), "cannot be had (it ends after 0 of "),
    "gone": (404, "does not exist (404)"),
    "spoiled": (("wrong", 3), "comes with other bytes than its checksum promises: try another --from"),
}


@pytest.mark.parametrize("fault", LASTING)
def test_what_does_not_get_better_ends_in_a_sentence_and_the_rest_is_kept(hub, tmp_path, fault):
    kind, sentence = LASTING[fault]
    hub.faults[SHARD] = [kind] * 20
    with pytest.raises(HubError) as error:
        fetch(hub, tmp_path / NAME)
    assert sentence in str(error.value)
    assert not (tmp_path / NAME).exists()
    gathered = contents(tmp_path / f"{NAME}.pulling")
    assert SHARD not in gathered
    assert all(
        content == hub.files[name] for name, content in gathered.items()
        if name != "pulled.json" and not name.endswith(".partial")
    )  # fmt: skip
    hub.faults.clear()
    hub.asked.clear()
    fetch(hub, tmp_path / NAME)
    expect_whole(hub, tmp_path / NAME)
    again = {name for name, _ in hub.asked}
    assert again.isdisjoint(set(gathered) - {"pulled.json"})


def test_a_repository_that_lacks_a_part_is_refused_before_anything_is_fetched(hub, tmp_path):
    del hub.files["Wan2.1_VAE.pth"]
    with pytest.raises(HubError, match=r"lacks Wan2.1_VAE.pth: try another --from or --revision"):
        fetch(hub, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_repository_is_named(hub, tmp_path):
    with pytest.raises(HubError, match=r"Wan-AI/Wan2.2-TI2V-5B/revision/main\?blobs=true does not exist"):
        plan(hub, tmp_path / "x", name="wan2.2-ti2v-5b")


@pytest.mark.parametrize("listing", [b"<html>", b"[1]", {"sha": "x"}, {"sha": "x", "siblings": [{}]}])
def test_an_answer_that_is_no_listing_is_named(hub, tmp_path, monkeypatch, listing):
    monkeypatch.setattr(hub, "hugging_face", lambda: listing)
    with pytest.raises(HubError, match=r"else than (JSON|a JSON object)|not understood"):
        plan(hub, tmp_path / NAME)


@pytest.mark.parametrize("path", ["../x.safetensors", "/etc/x.safetensors", "a/../../x.json", "a\\x.json"])
def test_a_listing_cannot_write_outside_of_the_folder(hub, tmp_path, path):
    hub.files[path] = b"x"
    with pytest.raises(HubError, match="would be written outside"):
        plan(hub, tmp_path / NAME)


def test_a_full_disk_is_seen_before_anything_is_fetched(hub, tmp_path, monkeypatch):
    listing = hub.hugging_face()
    for entry in listing["siblings"]:
        entry["size"] = 10**15
    monkeypatch.setattr(hub, "hugging_face", lambda: listing)
    with pytest.raises(UsageError, match=r"needs 10000000.0 GB, .* free: make room"):
        plan(hub, tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_ours_is_left_alone(hub, tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(UsageError, match="exists and was not pulled by rushes"):
        plan(hub, tmp_path / NAME)


def test_a_new_revision_replaces_what_was_gathered_of_the_old(hub, tmp_path):
    hub.faults[SHARD] = [("cut", 100_000), *[500] * 9]
    with pytest.raises(HubError):
        fetch(hub, tmp_path / NAME)
    old = contents(tmp_path / f"{NAME}.pulling")
    assert len(old[f"{SHARD}.partial"]) == 100_000
    hub.faults.clear()
    for name in (SHARD, "Wan2.1_VAE.pth"):
        hub.files[name] = hub.files[name][::-1]
    fetch(hub, tmp_path / NAME)
    expect_whole(hub, tmp_path / NAME)
    assert [asked for name, asked in hub.asked if name == SHARD][-1] is None


def test_one_pull_of_a_model_at_a_time(hub, tmp_path):
    first = plan(hub, tmp_path / NAME)
    first.gathering.mkdir()
    with (
        module._alone(first.gathering),
        pytest.raises(UsageError, match="is being filled by another process"),
    ):
        pull(first, lambda _: None)


def test_nothing_connects_when_connections_are_forbidden(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE forbids connections"):
        plan(hub, tmp_path / NAME)
    assert hub.asked == []


def test_models_share_the_files_they_have_in_common(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARED_BYTES", 1000)
    fetch(hub, tmp_path / NAME)
    other = StandIn(
        "Wan-AI/Wan2.2-I2V-A14B", {**repository_files(1000), "Wan2.1_VAE.pth": hub.files["Wan2.1_VAE.pth"]}
    )
    try:
        heard = []
        pull(plan(other, tmp_path / "i2v", name="wan2.2-i2v-a14b"), heard.append)
    finally:
        other.close()
    assert "Wan2.1_VAE.pth" not in {name for name, _ in other.asked}
    assert (tmp_path / "i2v" / "Wan2.1_VAE.pth").samefile(tmp_path / NAME / "Wan2.1_VAE.pth")
    assert sum(heard) == read_manifest(tmp_path / "i2v").total_bytes


def command(*words):
    return [sys.executable, "-c", "from rushes.cli import main; main()", "models", "pull", NAME, *words]


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_or_stopped_pull_goes_on(hub, tmp_path, stop):
    """Stopped in mid-file; nothing half has a final name, and what was there is not fetched again."""
    for name in NEEDED:
        hub.faults[name] = [("slow", 0.15)]
    environment = {**os.environ, "RUSHES_HOME": str(tmp_path)}
    process = subprocess.Popen(
        command("--from", hub.address),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    gathering = tmp_path / "models" / f"{NAME}.pulling"
    try:
        deadline = time.monotonic() + 30
        while not any(path.stat().st_size for path in gathering.rglob("*.partial")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(stop)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    if stop != signal.SIGKILL:
        assert process.returncode == 130, err
        assert err == "rushes: stopped; what came is kept, the same command goes on from there\n"
    parts = {path: path.stat().st_size for path in gathering.rglob("*.partial")}
    assert any(parts.values())
    assert not (tmp_path / "models" / NAME).exists()
    hub.faults.clear()
    hub.asked.clear()
    fetch(hub, tmp_path / "models" / NAME)
    expect_whole(hub, tmp_path / "models" / NAME)
    names = {str(path.relative_to(gathering)).removesuffix(".partial"): size for path, size in parts.items()}
    for name, size in names.items():
        assert (name, f"bytes={size}-" if size else None) in hub.asked


@pytest.mark.parametrize("text", ["ftp://x", "file:///etc", "hub", "x+https://y", "https://", "https:/y", ""])
def test_places_there_is_no_pulling_from(text):
    with pytest.raises(UsageError, match=f"'{re.escape(text)}' is no place to pull from: choose "):
        find_hub(text)


def test_a_mirror_speaks_the_language_of_its_hub():
    assert find_hub("https://hf-mirror.com/") == replace(
        find_hub("huggingface"), endpoint="https://hf-mirror.com"
    )
    mirror = find_hub("modelscope+https://m.example")
    assert (mirror.endpoint, mirror.revision) == ("https://m.example", "master")


def test_every_published_model_can_be_pulled_under_its_name():
    assert all(PULLABLE[name].repository in others for name, others in PUBLISHED.items())
    assert {name for name in PULLABLE if PULLABLE[name].kind == "official"} == set(PUBLISHED)


def test_a_broken_record_is_named(hub, tmp_path):
    fetch(hub, tmp_path / NAME)
    path = tmp_path / NAME / "pulled.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"][0]["digest"] = "md5:1"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"is no record of a pull .*md5"):
        read_manifest(tmp_path / NAME)
