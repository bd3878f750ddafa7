"""What the gate says to a take: refused, held until a person allows it, and kept in journal and recipe."""

from dataclasses import replace

import pytest

from rushes.core.decision import Decision, Verdict
from rushes.core.errors import ConflictError, RefusedError
from rushes.studio.desk import events_of
from rushes.studio.fake import fake_steps
from rushes.studio.foreground import run_now
from rushes.studio.gate import JUDGED, REFUSED
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.queue import cancel, find_job, hold, try_again
from rushes.studio.reviews import allow, close_note, notes_of, review_queue
from rushes.studio.shooting import edit_queued, submit_take
from rushes.studio.takes import TakeRequest, master_of, takes_of


def gate(texts, ruled_out, _policy):
    """Refuses red, puts blue before a person, unless the text says what is not to be seen."""
    for name, text in texts.items():
        for word, verdict in (("red", Verdict.REFUSE), ("blue", Verdict.REVIEW)):
            if word in text and name not in ruled_out:
                place = (text.index(word), text.index(word) + len(word))
                return Decision(
                    verdict, f"colour.{word}", place, "it is coloured", "say grey", name, "test 1"
                )
    return Decision(Verdict.ALLOW, policy="test 1")


@pytest.fixture
def guarded(desk):
    return replace(desk, gate=gate)


def request(prompt, **settings):
    return TakeRequest(prompt, 7, "mini", settings)


def kinds(desk, subject):
    return [event.kind for event in events_of(desk, subject)]


def test_what_is_refused_leaves_only_a_line_in_the_journal(guarded, shot):
    with pytest.raises(RefusedError, match="say grey") as refusal:
        submit_take(guarded, shot.id, request("a red fox"))
    assert refusal.value.decision.rule == "colour.red"
    assert takes_of(guarded, shot.id) == ()
    event = events_of(guarded, shot.id)[-1]
    assert (event.kind, event.detail["rule"], event.detail["span"]) == (REFUSED, "colour.red", [2, 5])
    assert "fox" not in str(event.detail)


def test_what_is_allowed_says_so_in_journal_and_recipe(guarded, shot, files):
    new = submit_take(guarded, shot.id, request("a grey fox"))
    assert JUDGED in kinds(guarded, new.take.id)
    list(run_now(guarded, files, new.job, fake_steps(new.take, new.job)))
    assert master_of(guarded, new.take.id).recipe["recorded"]["gate"]["policy"] == "test 1"


def test_what_goes_before_a_person_waits_whatever_is_tried(guarded, project, shot, files):
    new = submit_take(guarded, shot.id, request("a blue fox"))
    assert find_job(guarded, new.job.id).is_held
    assert [each.take_id for each in review_queue(guarded, project.id)] == [new.take.id]
    assert claim(guarded.store, "worker") is None
    with pytest.raises(ConflictError, match="waits for a person"):
        hold(guarded, new.job.id, False)
    note = notes_of(guarded, new.take.id)[0]
    with pytest.raises(ConflictError, match="allow it"), guarded.store.write() as connection:
        close_note(connection, guarded, note.id)
    with pytest.raises(RefusedError, match="waits for a person"):
        list(run_now(guarded, files, new.job, fake_steps(new.take, new.job)))
    cancel(guarded, new.job.id)
    try_again(guarded, new.job.id)
    assert claim(guarded.store, "worker") is None


def test_a_person_lets_it_go(guarded, project, shot, files):
    new = submit_take(guarded, shot.id, request("a blue fox"))
    allow(guarded, new.take.id)
    assert not find_job(guarded, new.job.id).is_held
    assert review_queue(guarded, project.id) == ()
    list(run_now(guarded, files, new.job, fake_steps(new.take, new.job)))
    said = master_of(guarded, new.take.id).recipe["recorded"]["gate"]
    assert (said["decision"], said["allowed_by"]) == ("review", guarded.person_id)
    with pytest.raises(ConflictError, match="waits for nobody"):
        allow(guarded, new.take.id)


def test_an_edit_is_judged_anew(guarded, shot):
    held = submit_take(guarded, shot.id, request("a blue fox"))
    free = edit_queued(guarded, held.job.id, request("a grey fox"))
    assert not free.job.is_held
    with pytest.raises(RefusedError):
        edit_queued(guarded, free.job.id, request("a red fox"))
    assert edit_queued(guarded, free.job.id, request("a blue fox")).job.is_held


def test_a_negative_prompt_says_what_is_not_to_be_seen_unless_guidance_turns_it_round(guarded, shot):
    assert not submit_take(guarded, shot.id, request("a fox", negative="blue")).job.is_held
    assert submit_take(guarded, shot.id, request("a fox", negative="blue", guidance_high=0.5)).job.is_held


def test_names_of_loras_are_words_too(guarded, shot):
    with pytest.raises(RefusedError, match="lora 1"):
        submit_take(guarded, shot.id, request("a fox", loras=[{"name": "red_v2.safetensors"}]))


def test_without_a_gate_nothing_is_claimed(desk, shot, files):
    new = submit_take(desk, shot.id, request("a red fox"))
    list(run_now(desk, files, new.job, fake_steps(new.take, new.job)))
    assert "gate" not in master_of(desk, new.take.id).recipe["recorded"]
