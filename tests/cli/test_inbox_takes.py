"""Clips without a project are takes of the inbox: kept, found again, made again, with or without a home."""

import json
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from rushes.cli.published_times import PUBLISHED_TIMES
from rushes.media.video import video_writer
from rushes.studio.desk import open_desk
from rushes.studio.projects import inbox
from rushes.studio.store import open_store
from rushes.studio.takes import takes_in

PROMPT = "a red fox runs left over the snow at night"
FAST = ("--seconds", "0.4", "--steps", "2", "--size", "256x144")


@pytest.fixture
def shoot(rushes, tiny_model):
    """Films with the tiny model: what --json says of its clips, and what a person saw."""

    def call(*options):
        code, out, err = rushes("shoot", PROMPT, "--model", tiny_model, *FAST, "--json", *options)
        assert code == 0, err
        return json.loads(out)["takes"], err

    return call


def kept(home):
    desk = open_desk(open_store(f"sqlite:///{home}/studio/studio.db"))
    return takes_in(desk, inbox(desk).id)


def test_clips_are_takes_of_one_shot_and_the_same_order_is_found(shoot, rushes, tmp_path):
    [first, second], _ = shoot("--seed", 5, "--variants", 2, "--output", "a.mp4")
    assert [first["take"], second["take"]] == ["SQ010_SH0010_v001", "SQ010_SH0010_v002"]
    shown = json.loads(rushes("show", second["take"], "--json")[1])
    assert shown["recipe"] == second["recipe"]
    assert (shown["request"]["seed"], shown["request"]["prompt"]) == (6, PROMPT)

    [again], said = shoot("--seed", 6, "--output", "b.mp4")
    assert "found     the same pictures" in said
    assert again["take"] == "SQ010_SH0010_v003"
    assert again["recipe"] == second["recipe"]
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "a_v002.mp4").read_bytes()
    [watched], said = shoot("--seed", 6, "--output", "c.mp4", "--previews", "seen")
    assert "found" not in said
    assert len(list((tmp_path / "seen").iterdir())) == 2
    [larger], said = shoot("--seed", 6, "--output", "d.mp4", "--size", "320x180")
    assert "found" in said
    keys = [[stage["key"] for stage in each["recipe"]["stages"]] for each in (watched, larger)]
    assert (keys[0][:-1], keys[0][-1] != keys[1][-1]) == (keys[1][:-1], True)
    assert "the same master" in rushes("reproduce", first["take"])[1]


def test_what_comes_out_of_a_clip_is_a_take_of_its_shot(shoot, rushes, tiny_model, tmp_path):
    [first], _ = shoot("--seed", 5, "--output", "a.mp4")
    order = ("edit", "a.mp4", "--to", "rain", "--model", tiny_model, "--seed", 3, "--no-mask", "--json")
    code, out, err = rushes(*order)
    assert code == 0, err
    [edited] = json.loads(out)["takes"]
    assert edited["take"] == "SQ010_SH0010_v002"
    shown = json.loads(rushes("show", edited["take"], "--json")[1])
    parent = json.loads(rushes("show", first["take"], "--json")[1])
    assert shown["origin"]["relation"] == "edit"
    assert shown["origin"]["parent_id"] == parent["id"]
    (tmp_path / "a.mp4").unlink()
    assert "the same master" in rushes("reproduce", edited["take"])[1]


def test_an_edit_of_a_clip_from_elsewhere_has_no_parent(rushes, tiny_model, tmp_path):
    with video_writer(tmp_path / "theirs.mp4", 256, 144, Fraction(12)) as writer:
        writer.write(np.full((144, 256, 3), 60, np.uint8), 5)
    order = ("edit", "theirs.mp4", "--to", "snow", "--from", "a fox in rain", "--model", tiny_model)
    code, out, err = rushes(*order, "--seed", 3, "--no-mask", "--json")
    assert code == 0, err
    shown = json.loads(rushes("show", json.loads(out)["takes"][0]["take"], "--json")[1])
    assert (shown["origin"]["relation"], shown["origin"]["parent_id"]) == ("edit", None)
    assert [each["role"] for each in shown["inputs"]] == ["clip"]


def test_a_home_that_cannot_be_written_keeps_nobody_from_filming(shoot, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "file" / "home"))
    [clip], said = shoot("--seed", 5, "--output", "a.mp4", "--save-every", 1)
    assert "cannot be made (Not a directory): set RUSHES_HOME or RUSHES_DATABASE to a place" in said
    assert "; the clip is made, but no take" in said
    assert clip["take"] is None
    assert {path.name for path in tmp_path.iterdir()} == {"file", "a.mp4", "a.png", "a.json"}


@pytest.mark.parametrize("point", ["before rename", "before keeping", "before publishing"])
def test_a_disk_that_fills_up_on_the_way_costs_the_take_and_not_the_clip(shoot, monkeypatch, tmp_path, point):
    points = tmp_path / "points"
    points.mkdir()
    monkeypatch.setenv("RUSHES_FAULT_AT", str(points))
    (points / point).write_text("ENOSPC")
    [clip, other], said = shoot("--seed", 5, "--output", "a.mp4", "--variants", 2)
    assert said.count("(No space left on device); the clip is made, but no take") == 1
    assert (clip["take"], other["take"]) == (None, None)
    assert (tmp_path / "a.mp4").stat().st_size > 1000
    [take] = kept(os.environ["RUSHES_HOME"])
    assert take.request.seed == 5


def test_delivered_files_hold_no_prompt_and_the_recipe_beside_a_clip_does(shoot, tmp_path):
    [clip], _ = shoot("--seed", 5, "--output", "a.mp4", "--negative", "umbrella")
    words = [PROMPT, "umbrella", "fox", clip["recipe"]["stages"][1]["settings"]["context_text"]]
    for name in ("a.mp4", "a.png"):
        held = (tmp_path / name).read_bytes().lower()
        for encoding in ("utf-8", "utf-16-le"):
            assert not any(word.encode(encoding) in held for word in words), name
    with av.open(str(tmp_path / "a.mp4")) as container:
        told = {**container.metadata, **container.streams.video[0].metadata}
    brands = {"major_brand", "minor_version", "compatible_brands"}
    assert set(told) <= brands | {"encoder", "language", "handler_name", "vendor_id"}
    assert PROMPT in (tmp_path / "a.json").read_text("utf-8")


def test_what_was_never_made_here_is_estimated_by_what_was_published(rushes, monkeypatch):
    from rushes.cli.planned import Wish  # noqa: PLC0415
    from rushes.cli.take_plan import plan_take  # noqa: PLC0415

    short, long = (plan_take(Wish(PROMPT, 1, "mini", {"seconds": each})) for each in ("3", "5"))
    mini, big = PUBLISHED_TIMES["mini"], PUBLISHED_TIMES["wan2.2-t2v-a14b"]
    assert 1 < mini.seconds(short) < mini.seconds(long) < 60
    assert big.seconds(short) < big.seconds(long)
