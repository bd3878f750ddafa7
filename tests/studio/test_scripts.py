"""A script in the ledger: scenes and shots keep their ids, versions are merged into what people made."""

import pytest
from sqlalchemy import select

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.studio import schema
from rushes.studio.desk import open_desk
from rushes.studio.export import export_project, import_project
from rushes.studio.projects import find_project
from rushes.studio.scenes import scenes_in
from rushes.studio.scripted import scripted_of
from rushes.studio.scripts import breakdown_of, find_script, import_script, scripts_of
from rushes.studio.shots import Words, list_shots, new_shot, revise_shot, revisions_of, shots_of_scene
from rushes.studio.takes import TakeRequest, add_take, takes_of

FIRST = """INT. TEAHOUSE - NIGHT

Rain beats on the windows. A fox sits at a table.

OLD ZHOU
One hot tea.

He puts a bowl before the fox.

EXT. BRIDGE - DAY

The fox walks over a bridge. A train passes below.
"""
SECOND = FIRST.replace("One hot tea.", "One cold tea.").replace(
    "EXT. BRIDGE - DAY\n\nThe fox walks over a bridge. A train passes below.\n",
    "EXT. HARBOUR - DAWN\n\nTwo ships leave.\n",
)


def bring(desk, files, project, text, name="fox.fountain", **more):
    with files.scratch() as folder:
        path = folder / "script"
        path.write_text(text, encoding="utf-8")
        return import_script(desk, files, project.id, path, name, **more)


def told(desk, project):
    """Status of each shot by code."""
    with desk.store.read() as connection:
        found = scripted_of(connection, desk, project.id)
    return {shot.code: found[shot.id].status for shot in list_shots(desk, project.id) if shot.id in found}


def test_a_script_becomes_scenes_and_shots(desk, files, project):
    script = bring(desk, files, project, FIRST)
    assert (script.revision, script.summary["language"], script.summary["num_scenes"]) == (1, "en", 2)
    assert breakdown_of(desk, files, script)["source"] == FIRST
    with desk.store.read() as connection:
        scenes = scenes_in(connection, desk, project.id)
        scripted = scripted_of(connection, desk, project.id)
    assert [scene.heading for scene in scenes] == ["INT. TEAHOUSE - NIGHT", "EXT. BRIDGE - DAY"]
    shots = list_shots(desk, project.id)
    assert [shot.code for shot in shots] == sorted(shot.code for shot in shots)
    assert shots[0].code == "SC001_SH0010"
    for shot in shots:
        said = " ".join(FIRST[start:end].strip() for start, end in scripted[shot.id].spans)
        assert shot.words.spans == scripted[shot.id].spans
        assert shot.words.text.split(": ")[-1].split()[0] in said
    assert {shot.id for scene in scenes for shot in shots_of_scene(desk, scene.id)} == {s.id for s in shots}


def test_a_new_version_touches_only_what_changed_and_drops_nothing(desk, files, project):
    bring(desk, files, project, FIRST)
    before = list_shots(desk, project.id)
    ours = next(shot for shot in before if "puts a bowl" in shot.words.text)
    revise_shot(desk, ours.id, Words("a bowl, close"))
    added = new_shot(desk, project.id, Words("titles"))
    with desk.store.write() as connection:
        take = add_take(connection, desk, before[0].id, TakeRequest("a fox", 1, "mini"))
    script = bring(desk, files, project, SECOND, expected=1)
    after = {shot.id: shot for shot in list_shots(desk, project.id)}
    assert {shot.id for shot in before} | {added.id} <= set(after)
    assert takes_of(desk, before[0].id) == (take,)
    assert after[ours.id].words.text == "a bowl, close"
    speech = next(shot for shot in before if "hot tea" in shot.words.text)
    assert "cold tea" in after[speech.id].words.text
    assert [words.text for words in revisions_of(desk, speech.id)] == [
        speech.words.text, after[speech.id].words.text
    ]  # fmt: skip
    status = told(desk, project)
    assert status[speech.code] == "stale"
    assert status[ours.code] == "kept"
    gone = {shot.code for shot in before if shot.code.startswith("SC002")}
    assert {status[code] for code in gone} == {"orphan"}
    assert added.code not in status
    fates = {change["fate"] for change in script.summary["changes"]}
    assert len(fates) > 1
    with desk.store.read() as connection:
        omitted = [scene.heading for scene in scenes_in(connection, desk, project.id) if scene.is_omitted]
    assert omitted == ["EXT. BRIDGE - DAY"]
    assert [each.revision for each in scripts_of(desk, project.id)] == [2, 1]


def test_a_shot_somebody_looked_at_is_stale_no_more(desk, files, project):
    bring(desk, files, project, FIRST)
    bring(desk, files, project, SECOND)
    stale = next(
        shot for shot in list_shots(desk, project.id) if told(desk, project).get(shot.code) == "stale"
    )
    revise_shot(desk, stale.id, stale.words)
    assert told(desk, project)[stale.code] == "kept"


def test_the_same_bytes_change_nothing(desk, files, project):
    first = bring(desk, files, project, FIRST)
    before = list_shots(desk, project.id)
    assert bring(desk, files, project, FIRST, "draft 2.fountain") == first
    assert list_shots(desk, project.id) == before


def test_who_saw_an_older_script_is_told(desk, files, project):
    bring(desk, files, project, FIRST, expected=0)
    with pytest.raises(ConflictError, match="revision 1"):
        bring(desk, files, project, SECOND, expected=0)


@pytest.mark.parametrize(
    ("text", "name"), [("%PDF-1.4 nothing", "a.pdf"), ("no zip", "a.docx"), ("", "a.txt"), ("x", "a.exe")]
)
def test_what_is_no_script_leaves_nothing(desk, files, project, text, name):
    with pytest.raises(UsageError, match=name):
        bring(desk, files, project, text, name)
    assert scripts_of(desk, project.id) == ()
    assert list_shots(desk, project.id) == ()


def test_codes_somebody_has_already_are_left_to_them(desk, files, project):
    theirs = new_shot(desk, project.id, Words("titles"), "SC001_SH0010")
    bring(desk, files, project, FIRST)
    shots = list_shots(desk, project.id)
    assert shots[0] == theirs
    assert shots[1].code == "SC001_SH0010A"


def test_another_tenant_sees_no_script(desk, files, project):
    script = bring(desk, files, project, FIRST)
    other = open_desk(desk.store, "rival", "eve")
    with pytest.raises(MissingError):
        find_script(other, script.id)
    with pytest.raises(MissingError):
        bring(other, files, project, SECOND)


def test_scripts_move_with_their_project(desk, files, project, tmp_path):
    script = bring(desk, files, project, FIRST)
    folder = export_project(desk, files, find_project(desk, "FOX"), tmp_path / "out")
    other = open_desk(desk.store, "friend", "kim")
    with desk.store.write() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            if "tenant_id" in table.c and table.name not in ("people", "events"):
                connection.execute(table.delete().where(table.c.tenant_id == desk.tenant_id))
    import_project(other, files, folder)
    moved = find_script(other, script.id)
    assert breakdown_of(other, files, moved)["source"] == FIRST
    bring(other, files, project, SECOND)
    assert "stale" in told(other, project).values()
    with other.store.read() as connection:
        assert connection.scalars(select(schema.scripted_shots.c.tenant_id).distinct()).all() == [
            other.tenant_id
        ]
