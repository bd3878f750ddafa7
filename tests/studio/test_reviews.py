"""Choices, notes at frames, and the queue of what waits for a person."""

from types import MappingProxyType

import pytest

from rushes.core.errors import UsageError
from rushes.studio.reviews import (
    Choice,
    NewNote,
    Source,
    add_note,
    choices_in,
    choose,
    close_note,
    make_current,
    notes_of,
    parse_note,
    review_queue,
)
from rushes.studio.shots import find_shot
from rushes.studio.takes import Master, TakeRequest, add_master, add_take


@pytest.fixture
def take(desk, shot):
    with desk.store.write() as connection:
        return add_take(connection, desk, shot.id, TakeRequest("a fox", 1, "mini"))


def publish(desk, take, recipe=MappingProxyType({})):
    with desk.store.write() as connection:
        add_master(connection, desk, Master(take.id, "aa", dict(recipe), "job_1", 1, 5.0))


def stages(**settings):
    return {"stages": [{"name": name, "settings": each} for name, each in settings.items()]}


LENGTHS = {
    "made here": stages(denoise={"num_frames": 25}, decode={"trim": 1}, finish={"source_rate": "12"}),
    "came from elsewhere": {"recorded": {"hosted": {"num_frames": 24, "frame_rate": "12"}}},
}


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("12-24: snow, not rain", NewNote("snow, not rain", first_frame=12, last_frame=24)),
        ("12: snow", NewNote("snow", first_frame=12, last_frame=12)),
        ("12 - 24：雪", NewNote("雪", first_frame=12, last_frame=24)),
        ("slower", NewNote("slower")),
        ("更慢：雪", NewNote("更慢：雪")),
        ("1-2-3: x", NewNote("1-2-3: x")),
    ],
)
def test_notes_are_read(typed, note):
    assert parse_note(typed) == note


@pytest.mark.parametrize("recipe", LENGTHS.values(), ids=LENGTHS)
def test_notes_are_at_frames_the_take_has(desk, take, recipe):
    def note(last):
        with desk.store.write() as connection:
            add_note(connection, desk, take.id, NewNote("snow", first_frame=0, last_frame=last))

    note(900)
    publish(desk, take, recipe)
    note(23)
    with pytest.raises(UsageError, match=r"frame 24 is beyond the end .* frames 0 to 23, 12 a second"):
        note(24)
    assert [each.last_frame for each in notes_of(desk, take.id)] == [900, 23]


@pytest.mark.parametrize("recipe", [{}, stages(denoise={"num_frames": 25}), stages(finish={})])
def test_a_recipe_that_does_not_say_how_long_refuses_no_note(desk, take, recipe):
    publish(desk, take, recipe)
    with desk.store.write() as connection:
        add_note(connection, desk, take.id, NewNote("snow", first_frame=0, last_frame=900))


@pytest.mark.parametrize("typed", ["", "  ", "12:", "24-12: backwards"])
def test_notes_that_say_nothing_are_refused(typed):
    with pytest.raises(UsageError):
        parse_note(typed)


def test_the_newest_choice_counts_and_several_may_be_circled(desk, shot, take):
    with desk.store.write() as connection:
        other = add_take(connection, desk, shot.id, TakeRequest("a fox", 2, "mini"))
    choose(desk, take.id, Choice.REJECTED)
    choose(desk, take.id, Choice.CIRCLED)
    choose(desk, other.id, Choice.CIRCLED)
    assert choices_in(desk, take.project_id) == {take.id: Choice.CIRCLED, other.id: Choice.CIRCLED}


def test_only_a_made_take_becomes_current(desk, shot, take):
    with pytest.raises(UsageError, match="not made yet"):
        make_current(desk, take.id)
    publish(desk, take)
    make_current(desk, take.id)
    assert find_shot(desk, take.project_id, shot.code).current_take_id == take.id


def test_the_queue_holds_new_takes_and_open_notes_of_people_checks_and_gates(desk, take):
    assert review_queue(desk, take.project_id) == ()
    publish(desk, take)
    assert [each.code for each in review_queue(desk, take.project_id)] == [take.code]
    choose(desk, take.id, Choice.HELD)
    assert review_queue(desk, take.project_id) == ()
    with desk.store.write() as connection:
        note_id = add_note(connection, desk, take.id, NewNote("flickers", Source.CHECK, "flicker", 3, 9))
        add_note(connection, desk, take.id, NewNote("looks like a brand", Source.GATE, "logo"))
    (waiting,) = review_queue(desk, take.project_id)
    assert [(note.source, note.rule) for note in waiting.notes] == [("check", "flicker"), ("gate", "logo")]
    with desk.store.write() as connection:
        close_note(connection, desk, note_id)
    (waiting,) = review_queue(desk, take.project_id)
    assert [note.rule for note in waiting.notes] == ["logo"]
    assert len(notes_of(desk, take.id)) == 2
