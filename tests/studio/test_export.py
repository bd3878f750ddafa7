"""A project moves as a folder that people can read: same listing, same bytes, nothing half."""

import json
from dataclasses import replace

import pytest

from rushes.core.errors import ConflictError, StoreError, UsageError
from rushes.studio.desk import open_desk
from rushes.studio.export import export_project, export_zip, import_project, import_zip
from rushes.studio.fake import fake_steps
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.inputs import take_in
from rushes.studio.projects import find_project
from rushes.studio.retake import retake
from rushes.studio.reviews import Choice, NewNote, add_note, choices_in, choose, make_current, notes_of
from rushes.studio.shooting import submit_take
from rushes.studio.shots import list_shots
from rushes.studio.store import open_store
from rushes.studio.takes import Input, TakeRequest, master_of, renditions_of, takes_in

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def exported(desk, files, project, shot, tmp_path):
    picture = tmp_path / "first.png"
    picture.write_bytes(b"picture")
    given = Input("first_frame", take_in(desk, files, picture).sha256)
    new = submit_take(desk, shot.id, TakeRequest("a fox in rain", 7, "mini"), inputs=(given,))
    list(run_now(desk, files, new.job, fake_steps(new.take, new.job)))
    choose(desk, new.take.id, Choice.CIRCLED)
    make_current(desk, new.take.id)
    with desk.store.write() as connection:
        add_note(connection, desk, new.take.id, NewNote("snow, not rain"))
    retake(desk, new.take, "a fox in snow", notes_of(desk, new.take.id)[0])
    return export_project(desk, files, find_project(desk, "FOX"), tmp_path / "out")


@pytest.fixture
def elsewhere(tmp_path):
    """An empty studio of another person."""
    store = open_store(f"sqlite:///{tmp_path}/other/studio.db")
    yield open_desk(store, person="kim"), FileStore(tmp_path / "other/files")
    store.engine.dispose()


def listing(desk):
    """All a person sees of the project; who did it differs, and what it cost there."""
    project = replace(find_project(desk, "FOX"), spent_s=0.0)
    takes = takes_in(desk, project.id)
    return {
        "project": project,
        "shots": list_shots(desk, project.id),
        "takes": [(take.code, take.origin, take.inputs, take.request) for take in takes],
        "made": [(master_of(desk, take.id), renditions_of(desk, take.id)) for take in takes],
        "notes": [notes_of(desk, take.id) for take in takes],
        "choices": choices_in(desk, project.id),
    }


def test_a_project_comes_out_of_its_folder_as_it_went_in(desk, files, exported, elsewhere):
    other, store = elsewhere
    assert import_project(other, store, exported) == "FOX"
    assert listing(other) == listing(desk)
    held = {path.name: path.read_bytes() for path in (exported / "files").iterdir()}
    assert len(held) == 4
    for digest, content in held.items():
        assert store.path(other.tenant_id, digest).read_bytes() == content
        assert files.path(desk.tenant_id, digest).read_bytes() == content
    with pytest.raises(ConflictError, match="project FOX already"):
        import_project(other, store, exported)


def test_the_folder_can_be_read_without_the_program(exported):
    text = (exported / "shots.txt").read_text(encoding="utf-8")
    assert "SQ010_SH0010: a fox leaps over snow" in text
    assert "SQ010_SH0010_v001  circled\n    snow, not rain" in text
    take = exported / "sq010/sh0010/SQ010_SH0010_v001"
    assert take.with_suffix(".mp4").read_bytes().startswith(b"clip of")
    assert json.loads(take.with_suffix(".json").read_text(encoding="utf-8"))["choice"] == "circled"


def test_changed_bytes_import_nothing(exported, elsewhere):
    other, store = elsewhere
    file = next((exported / "files").iterdir())
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(UsageError, match="other bytes"):
        import_project(other, store, exported)
    with pytest.raises(UsageError, match="no exported project"):
        import_project(other, store, exported.parent)
    with pytest.raises(UsageError, match="no project"):
        find_project(other, "FOX")


def test_a_zip_of_it_is_the_same(desk, files, exported, elsewhere, tmp_path):
    other, store = elsewhere
    path = export_zip(desk, files, find_project(desk, "FOX"), tmp_path / "fox.zip")
    assert import_zip(other, store, path) == "FOX"
    assert listing(other) == listing(desk)
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(UsageError, match="cannot be unpacked"):
        import_zip(other, store, tmp_path / "no.zip")


def test_a_project_with_damaged_files_is_not_exported_half(desk, files, exported, project, tmp_path):
    take = takes_in(desk, project.id)[0]
    files.path(desk.tenant_id, master_of(desk, take.id).sha256).unlink()
    with pytest.raises(StoreError, match=r"1 files of project FOX are missing .* `rushes doctor`"):
        export_project(desk, files, find_project(desk, "FOX"), tmp_path / "again")
    assert not (tmp_path / "again").exists()
