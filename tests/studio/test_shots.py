"""Projects, shots and their revisions."""

from fractions import Fraction

import pytest

from rushes.core.errors import UsageError
from rushes.studio.desk import open_desk
from rushes.studio.projects import NewProject, find_project, inbox, list_projects, new_project, set_budget
from rushes.studio.shots import (
    Words,
    find_shot,
    list_shots,
    new_shot,
    reorder_shots,
    revise_shot,
    revisions_of,
)


def test_a_project_keeps_its_rate_exactly(desk):
    made = new_project(desk, NewProject("AD", "广告", Fraction(24000, 1001), "2.39:1", {"label": "on"}))
    found = find_project(desk, "AD")
    assert found == made
    assert found.frame_rate == Fraction(24000, 1001)
    assert found.policy == {"label": "on"}
    set_budget(desk, made.id, 60)
    assert find_project(desk, made.id).budget_s == 60


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"code": "fox"}, "'fox'"),
        ({"code": "狐"}, "A-Z"),
        ({"code": "A", "frame_rate": Fraction(0)}, "frame rate 0"),
        ({"code": "A", "ratio": "16x9"}, "16:9"),
        ({"code": "A", "ratio": "0:9"}, "16:9"),
        ({"code": "A", "budget_s": -1}, "budget -1"),
    ],
)
def test_a_project_nothing_can_be_filmed_with_is_refused(wrong, named):
    with pytest.raises(UsageError, match=named):
        NewProject(**wrong)


def test_a_code_is_taken_once_by_each_tenant(desk, project):
    with pytest.raises(UsageError, match="already"):
        new_project(desk, NewProject("FOX"))
    other = open_desk(desk.store, "rival")
    new_project(other, NewProject("FOX"))
    assert [each.id for each in list_projects(desk)] == [project.id]


def test_there_is_one_inbox(desk):
    assert inbox(desk) == inbox(desk)
    assert inbox(desk).is_inbox


def test_codes_count_in_tens_and_leave_room(desk, project):
    codes = [new_shot(desk, project.id, Words("a")).code for _ in range(2)]
    assert codes == ["SQ010_SH0010", "SQ010_SH0020"]
    between = new_shot(desk, project.id, Words("b"), code="SQ010_SH0015")
    assert new_shot(desk, project.id, Words("c")).code == "SQ010_SH0030"
    ids = [shot.id for shot in list_shots(desk, project.id)]
    reorder_shots(desk, project.id, [between.id, *[each for each in ids if each != between.id]])
    assert list_shots(desk, project.id)[0].id == between.id
    with pytest.raises(UsageError, match="name each once"):
        reorder_shots(desk, project.id, ids[:2])


@pytest.mark.parametrize("code", ["SH0010", "../SQ_SH", "sq010_sh0010", "SQ010_镜头"])
def test_a_code_that_cannot_be_a_file_name_is_refused(desk, project, code):
    with pytest.raises(UsageError, match="SQ010_SH0030"):
        new_shot(desk, project.id, Words("a"), code=code)


def test_a_shot_is_found_by_the_end_of_its_code_when_that_is_clear(desk, project):
    made = new_shot(desk, project.id, Words("a"), code="SQ010_SH0030")
    assert find_shot(desk, project.id, "SH0030") == made
    new_shot(desk, project.id, Words("b"), code="SQ020_SH0030")
    with pytest.raises(UsageError, match="SQ020_SH0030"):
        find_shot(desk, project.id, "SH0030")
    assert find_shot(desk, project.id, "SQ010_SH0030") == made
    with pytest.raises(UsageError, match="no shot"):
        find_shot(desk, project.id, "SH9")


def test_words_change_and_what_was_said_stays(desk, shot):
    said = Words("a fox leaps over ice", {"weather": []}, ((0, 5),))
    revised = revise_shot(desk, shot.id, said, expected=1)
    assert revised.revision == 2
    assert revised.words == said
    assert revisions_of(desk, shot.id) == (shot.words, said)
    assert revise_shot(desk, shot.id, said) == revised
    with pytest.raises(UsageError, match="at revision 2, you changed 1"):
        revise_shot(desk, shot.id, Words("a cat"), expected=1)
