"""What several annotators say of one sentence, and how a reading agrees with it."""

from pathlib import Path

import pytest

from rushes.language import agreement
from rushes.language.panel import Panel, label_of
from rushes.language.parse import parse
from rushes.language.scoring import read_labels, read_sentences, said_by

FOLDER = Path(__file__).parent / "data" / "sentences"


def said(labels: str):
    return said_by(read_labels(labels), labels_who=True)


def judged(found: str, *annotators: str, need: int = 2):
    return Panel([said(each) for each in annotators]).judge(said(found), need)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("beat=leap", (1, (), ())),
        # Somebody holds both words for fair, so either is right.
        ("beat=dive", (1, (), ())),
        ("", (0, ("leap",), ())),
        # What one person alone says counts neither way.
        ("beat=leap,look", (1, (), ())),
        ("beat=leap,fly", (1, (), ("fly",))),
        ("beat=!leap", (0, ("leap",), ("!leap",))),
    ],
)
def test_two_of_three_decide(found, expected):
    verdict = judged(found, "beat=leap", "beat=leap|dive", "beat=fall,look")["beat"]
    assert (verdict.right, verdict.missed, verdict.invented) == expected


def test_a_label_answers_for_one_thing_only():
    verdict = judged("beat=run", "beat=run,leap,run", "beat=run,leap,run")["beat"]
    assert (verdict.right, verdict.missed) == (1, ("leap", "run"))


def test_roles_and_owners_hold_for_every_fair_name():
    annotators = (
        "sub=boy|child beat=leap|dive att=child.coat who=boy>leap",
        "sub=child beat=dive att=child.coat who=child>dive",
    )
    verdicts = judged("sub=boy beat=leap att=boy.coat who=boy>leap", *annotators)
    for slot in ("sub", "beat", "att", "who"):
        assert (verdicts[slot].right, verdicts[slot].missed, verdicts[slot].invented) == (1, (), ())
    assert judged("sub=girl beat=leap who=girl>leap", *annotators)["who"].missed


def test_who_labels_no_roles_has_no_vote_on_them():
    first = said_by(read_labels("sub=boy beat=run"))
    assert "who" not in Panel([first, said("who=boy>run")]).judge(said("who=boy>run"), 2)


def test_a_short_alternative_keeps_its_owner():
    assert label_of("child.coat|raincoat").names == ("child.coat", "child.raincoat")
    assert label_of("fox>run|fox>leap").names == ("fox>run", "fox>leap")


def test_order_is_what_nobody_turns():
    one, two = said("beat=run,leap,look"), said("beat=run,look,leap")
    pairs = {(a.names[0], b.names[0]) for a, b in Panel([one, two, one]).order(2)}
    assert pairs == {("run", "leap"), ("run", "look")}


def test_ids_that_nobody_could_name_are_left_out():
    texts = [
        agreement.Text("", {"first": said("sub=boy"), "a": said("sub=boy,net"), "b": said("sub=boy,net")})
    ]
    assert agreement.one_by_others(texts, frozenset())["sub"].missed == {"net": 1}
    assert not agreement.one_by_others(texts, frozenset(("net",)))["sub"].missed
    assert agreement.between_annotators(texts, frozenset(("net",)))["sub"].f1 == 1


# The floors lie a little under what docs/language.md reports.
@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_agreement_with_several_people_does_not_fall(language):
    sentences = [
        each for part in ("frozen", "blind") for each in read_sentences(FOLDER / f"{part}.{language}.tsv")
    ]
    texts = list(agreement.read_annotators(sentences, FOLDER / "annotators", language))
    assert len(texts) > 140
    assert all(len(each.annotators) == 3 for each in texts)
    lines = (FOLDER / "newer_concepts.tsv").read_text(encoding="utf-8").splitlines()
    newer = frozenset(dict(line.split("\t") for line in lines)["annotators"].split())
    scores = agreement.by_several(texts, parse, newer)
    for slot, floor in (("sub", 0.90), ("beat", 0.80), ("env", 0.90), ("cam", 0.90), ("who", 0.50)):
        assert scores[slot].f1 > floor, slot
