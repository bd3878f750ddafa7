"""From a note to a retake, proved by what differs; takes as an ordinary folder; what the doctor sees."""

import json

import pytest

from rushes.core.errors import UsageError
from rushes.studio.doctor import examine
from rushes.studio.fake import fake_steps
from rushes.studio.folder import lay_out
from rushes.studio.foreground import run_now
from rushes.studio.retake import changes, patch_for, recipe_changes, retake
from rushes.studio.reviews import NewNote, add_note, notes_of
from rushes.studio.shooting import submit_take
from rushes.studio.takes import Relation, TakeRequest, children_of, master_of

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
WORDS = "a red fox runs through heavy rain in a forest at dusk"


def make(desk, files, new):
    list(run_now(desk, files, new.job, fake_steps(new.take, new.job)))
    return new.take


@pytest.mark.parametrize(
    ("prompt", "note", "after", "diff"),
    [
        (WORDS, "snow, not rain", WORDS.replace("heavy rain", "snow"), ("- heavy rain", "+ snow")),
        (WORDS, "at night", WORDS.replace("dusk", "night"), ("- dusk", "+ night")),
        ("红狐狸在雨中奔跑", "下雪，不要下雨", "红狐狸在雪中奔跑", ("- 雨", "+ 雪")),
        ("a fox runs", "at night", "a fox runs, night", ("+ , night",)),
    ],
)
def test_a_note_changes_one_thing(url, prompt, note, after, diff):
    patch = patch_for(prompt, note)
    assert patch.after == after
    assert patch.diff() == diff


@pytest.mark.parametrize(
    ("prompt", "note", "named"),
    [
        (WORDS, "slower", "0 things"),
        (WORDS, "a city at night", "2 things"),
        ("a fox and a cat", "an owl", "fox, cat"),
    ],
)
def test_a_note_that_is_not_one_thing_is_refused(url, prompt, note, named):
    with pytest.raises(UsageError, match=named):
        patch_for(prompt, note)


def test_a_retake_holds_the_seed_and_knows_its_note(desk, files, shot):
    take = make(desk, files, submit_take(desk, shot.id, TakeRequest(WORDS, 7, "mini", {"steps": 4})))
    with desk.store.write() as connection:
        add_note(connection, desk, take.id, NewNote("snow, not rain", first_frame=12, last_frame=24))
    (note,) = notes_of(desk, take.id)
    child = make(desk, files, retake(desk, take, patch_for(WORDS, note.text).after, note))
    assert child.origin.relation is Relation.RETAKE
    assert (child.origin.parent_id, child.origin.note_id) == (take.id, note.id)
    assert children_of(desk, take.id) == (child,)
    assert notes_of(desk, take.id)[0].closed_at
    assert list(changes(take.request, child.request)) == ["prompt"]
    differing = recipe_changes(master_of(desk, take.id).recipe, master_of(desk, child.id).recipe)
    assert set(differing) == {"enhance.prompt", "encode_text.text"}


def test_takes_appear_as_an_ordinary_folder(desk, files, shot, tmp_path):
    new = submit_take(desk, shot.id, TakeRequest("a fox", 7, "mini"))
    assert lay_out(desk, files, tmp_path, new.take) is None
    make(desk, files, new)
    clip = lay_out(desk, files, tmp_path, new.take)
    assert clip == tmp_path / "FOX/sq010/sh0010/SQ010_SH0010_v001.mp4"
    assert clip.read_bytes().startswith(b"clip of")
    document = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
    keys = [stage["key"] for stage in master_of(desk, new.take.id).recipe["stages"]]
    assert [stage["key"] for stage in document["recipe"]["stages"]] == keys
    assert not any("fox" in path.read_text("utf-8", "replace").lower() for path in clip.parent.glob("*.json"))
    assert lay_out(desk, files, tmp_path, new.take) == clip
    assert sorted(path.suffix for path in clip.parent.iterdir()) == [".json", ".mp4", ".png"]


def test_the_doctor_finds_files_that_are_missing_or_torn(desk, files, shot):
    take = make(desk, files, submit_take(desk, shot.id, TakeRequest("a fox", 7, "mini")))
    assert examine(desk, files, reads_files=True) == ()
    path = files.path(desk.tenant_id, master_of(desk, take.id).sha256)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:-1])
    assert [finding.problem for finding in examine(desk, files)] == ["has 3199 bytes, not 3200"]
    path.write_bytes(whole[:-1] + b"x")
    assert examine(desk, files) == ()
    assert [finding.problem for finding in examine(desk, files, True)] == ["has other bytes than it had"]
    path.unlink()
    (finding,) = examine(desk, files)
    assert (finding.problem, finding.remedy[:7]) == ("is missing", "restore")
