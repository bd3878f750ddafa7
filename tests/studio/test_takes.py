"""Takes, masters, renditions: given a number once, published once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import DBAPIError

from rushes.core.errors import UsageError
from rushes.studio.inputs import take_in
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shots import Words, new_shot, revise_shot
from rushes.studio.takes import (
    Input,
    Master,
    Origin,
    Relation,
    Rendition,
    TakeRequest,
    add_master,
    add_rendition,
    add_take,
    children_of,
    find_take,
    master_of,
    renditions_of,
    takes_of,
)

REQUEST = TakeRequest("a fox leaps", 7, "mini", {"steps": 4})


def submit(desk, shot, *more):
    with desk.store.write() as connection:
        return add_take(connection, desk, shot.id, REQUEST, *more)


def test_a_take_remembers_what_it_was_asked_and_of_which_words(desk, shot, files, tmp_path):
    path = tmp_path / "first.png"
    path.write_bytes(b"a picture")
    given = Input("first_frame", take_in(desk, files, path).sha256)
    first = submit(desk, shot)
    revise_shot(desk, shot.id, Words("a fox sleeps"))
    origin = Origin(Relation.RETAKE, first.id, note_id="note_x")
    second = submit(desk, shot, origin, (given,))
    assert (first.code, second.code) == ("SQ010_SH0010_v001", "SQ010_SH0010_v002")
    assert first.shot_revision_id == shot.revision_id != second.shot_revision_id
    assert find_take(desk, second.code) == second
    assert second.request == REQUEST
    assert second.inputs == (given,)
    assert children_of(desk, first.id) == (second,)
    assert takes_of(desk, shot.id) == (first, second)


def test_a_take_cannot_start_from_a_file_that_is_not_there(desk, shot):
    with pytest.raises(UsageError, match="send it first"):
        submit(desk, shot, Origin(), (Input("first_frame", "00ff"),))
    assert takes_of(desk, shot.id) == ()


def test_numbers_are_given_once_to_many_at_a_time(desk, shot):
    with ThreadPoolExecutor(4) as pool:
        takes = list(pool.map(lambda _: submit(desk, shot), range(12)))
    assert sorted(take.take for take in takes) == list(range(1, 13))


def test_a_number_is_not_used_again_when_its_submit_failed(desk, shot):
    submit(desk, shot)

    def fail():
        with desk.store.write() as connection:
            add_take(connection, desk, shot.id, REQUEST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert submit(desk, shot).take == 2


def test_a_code_in_two_projects_must_be_told_apart(desk, shot):
    other = new_project(desk, NewProject("CAT"))
    twin = submit(desk, new_shot(desk, other.id, Words("a cat")))
    submit(desk, shot)
    with pytest.raises(UsageError, match="projects CAT, FOX have a take SQ010_SH0010_v001: add --project"):
        find_take(desk, twin.code)
    assert find_take(desk, twin.code, other.id) == twin
    assert find_take(desk, twin.code.lower(), other.id) == twin


def test_a_take_is_published_once(desk, shot):
    take = submit(desk, shot)
    assert master_of(desk, take.id) is None
    master = Master(take.id, "aa", {"stages": []}, "job_1", 1, 5.0)
    with desk.store.write() as connection:
        add_master(connection, desk, master)
    with pytest.raises(DBAPIError), desk.store.write() as connection:
        add_master(connection, desk, Master(take.id, "bb", {}, "job_1", 2, 6.0))
    assert master_of(desk, take.id) == master


def test_a_take_has_many_renditions_each_once(desk, shot):
    take = submit(desk, shot)
    made = [
        Rendition(f"rendition_{name}", take.id, name, "aa", "video/mp4", f"key {name}", {}, number)
        for number, name in enumerate(("anna", "bob"))
    ]
    for rendition in [*made, made[0]]:
        with desk.store.write() as connection:
            add_rendition(connection, desk, rendition)
    assert renditions_of(desk, take.id) == tuple(made)


def test_a_prompt_without_words_is_no_request():
    with pytest.raises(UsageError, match="no words"):
        TakeRequest("...", 1, "mini")
