"""``rushes cut``: circled takes become a timeline in exact frames, and a film of just those frames."""

import json
from fractions import Fraction

import numpy as np
import pytest

from rushes.cli.desk import open_studio
from rushes.media.video import probe, read_frames, video_writer
from rushes.studio.files import record
from rushes.studio.projects import NewProject, new_project
from rushes.studio.reviews import Choice, choose
from rushes.studio.shooting import submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.takes import Master, Rendition, TakeRequest, add_master, add_rendition


def film(path, shades, width=64, height=36, rate=12):
    """A frame of each grey."""
    with video_writer(path, width, height, Fraction(rate)) as writer:
        for shade in shades:
            writer.write(np.full((height, width, 3), shade, np.uint8))
    return path


def made(studio, project, path):
    """A circled take of a shot of its own whose finished clip is this film."""
    desk = studio.desk
    new = submit_take(desk, new_shot(desk, project.id, Words("a fox")).id, TakeRequest("a fox", 1, "mini"))
    stored = studio.files.take_in(desk.tenant_id, path, "video/mp4")
    with desk.store.write() as connection:
        record(connection, desk.store, studio.files, desk.tenant_id, stored)
        add_master(connection, desk, Master(new.take.id, stored.sha256, {"stages": []}, new.job.id, 1, 0.0))
        clip = Rendition(f"clip_{new.take.id}", new.take.id, "clip", stored.sha256, "video/mp4", "k", {}, 0.0)
        add_rendition(connection, desk, clip)
    choose(desk, new.take.id, Choice.CIRCLED)
    return new.take


@pytest.fixture
def takes(rushes, tmp_path):
    """Two takes at 12 frames a second in a project at 24: ten greys of one size, five of another."""
    studio = open_studio()
    project = new_project(studio.desk, NewProject("FOX", "狐狸", Fraction(24)))
    one = made(studio, project, film(tmp_path / "a.mp4", range(20, 220, 20)))
    other = made(studio, project, film(tmp_path / "b.mp4", range(40, 240, 40), width=128, height=128))
    return one, other


def greys(path):
    return [round(float(picture.mean()) / 20) * 20 for picture in read_frames(path)]


def test_one_take_of_each_shot_becomes_a_timeline(rushes, takes):
    code, out, _ = rushes("cut", "--project", "FOX", "--title", "组接", "--json")
    assert code == 0
    cut = json.loads(out)
    assert (cut["name"], cut["title"], cut["revision"], cut["frame_rate"]) == ("rough", "组接", 1, "24")
    assert [(each["record_in"], each["record_out"]) for each in cut["clips"]] == [(0, 20), (20, 30)]
    assert json.loads(rushes("cut", "--project", "FOX", "--show", "--json")[1]) == cut
    assert rushes("cut", "--project", "FOX")[1].endswith("rough, revision 2: 30 frames at 24 (1.25 s)\n")


def test_a_film_shows_the_frames_that_were_named(rushes, takes, tmp_path):
    output = tmp_path / "cut.mp4"
    parts = (f"{takes[1].code}:2-5", f"{takes[0].code}:17-")
    code, out, err = rushes("cut", *parts, "--project", "FOX", "--name", "short", "--output", output)
    assert (code, err) == (0, "")
    assert f"        0-3  {takes[1].code}  2-5\n" in out
    facts = probe(output)
    assert (facts.width, facts.height, facts.frame_rate, facts.num_frames) == (128, 128, 24, 6)
    # Each frame stands twice: 24 of 12.
    assert greys(output) == [80, 80, 120, 180, 200, 200]
    sorted_too = rushes("cut", *parts, "--project", "FOX", "--name", "short", "--script-order", "--json")[1]
    assert [each["take"] for each in json.loads(sorted_too)["clips"]] == [takes[0].code, takes[1].code]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("SQ010_SH0010_v001:5-21",), "from 5 to 21 is no part of it"), (("SQ010_SH0010_v001:7-7",), "part"),
        (("SQ010_SH0010_v001:x",), "write TAKE, TAKE:12-48"), (("SQ010_SH0090_v001",), "there is no take"),
        (("--name", "../rough"), "cannot name a cut"), (("--show", "--name", "other"), "there is no cut"),
        (("--show", "--title", "x"), "leave out"),
    ],
)  # fmt: skip
def test_mistakes_are_named(rushes, takes, arguments, named):
    code, _, err = rushes("cut", *arguments, "--project", "FOX")
    assert (code, named in err) == (2, True), err


def test_only_circled_takes_that_are_there_are_cut(rushes, takes):
    studio = open_studio()
    choose(studio.desk, takes[0].id, Choice.REJECTED)
    code, _, err = rushes("cut", takes[0].code, "--project", "FOX")
    assert (code, "is not circled" in err) == (2, True), err
    for path in studio.files.root.rglob("*"):
        if path.is_file():
            path.unlink()
    code, _, err = rushes("cut", "--project", "FOX")
    assert (code, "has no finished clip" in err) == (2, True), err
    choose(studio.desk, takes[1].id, Choice.REJECTED)
    assert "no take of FOX is circled" in rushes("cut", "--project", "FOX")[2]
