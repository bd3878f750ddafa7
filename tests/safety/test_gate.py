"""The gate on words: what it finds behind disguises, excuses, and says; and what a failure in it means."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import assert_linear

from rushes.core.decision import Decision, Verdict
from rushes.core.errors import UsageError
from rushes.safety import gate as gate_module
from rushes.safety.gate import FAILED, WordGate
from rushes.safety.policy import DEFAULT, load_policy, read_policy

GATE = WordGate(load_policy(DEFAULT))
HERE = Path(__file__).parent


def judge(text):
    return GATE.judge({"prompt": text})


def labelled(name):
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        language, expected, text = line.split("\t")
        yield language, Verdict(expected), text


@pytest.mark.parametrize(("name", "most_wrong"), [("labelled.tsv", 1), ("held_out.tsv", 0)])
def test_the_labelled_lines_are_decided_as_they_should(name, most_wrong):
    lines = list(labelled(name))
    wrong = [(text, judge(text)) for _, expected, text in lines if judge(text).decision != expected]
    assert len(wrong) <= most_wrong, wrong
    counts = Counter((language, expected is Verdict.ALLOW) for language, expected, _ in lines)
    assert len(counts) == 8
    assert len(set(counts.values())) == 1, "half of each language is harmless"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a ｎａｋｅｄ man", "ｎａｋｅｄ"),
        ("a na\u200bked man", "na\u200bked"),
        ("a n\u00adaked man", "n\u00adaked"),
        ("a na\u0336ked man", "na\u0336ked"),
        ("a nаkеd man", "nаkеd"),
        ("a n4k3d man", "n4k3d"),
        ("a n a k e d man", "n a k e d"),
        ("a n.a.k.e.d man", "n.a.k.e.d"),
        ("一個裸體的男人", "裸體"),
        ("一个裸*体的男人", "裸*体"),
        ("アヌード写真 ヌ・ー・ド", "ヌ・ー・ド"),
        ("알\u3164몸의 남자", "알\u3164몸"),
        ("🎬🦊 a naked man", "naked"),
    ],
)
def test_a_disguise_is_undone_and_the_span_is_of_the_original(text, span):
    found = judge(text)
    assert found.rule == "sexual.nudity"
    assert text[slice(*found.span)] == span


def test_words_under_a_disguise_are_never_refused_unseen():
    assert judge("a porn film").decision is Verdict.REFUSE
    assert judge("a p0rn film").decision is Verdict.REVIEW


@pytest.mark.parametrize(
    "text",
    [
        "no gore, a quiet street",
        "没有血腥的街道",
        "内臓は映さない、静かな通り",
        "누드 없이 조용한 거리",
        "without nudity",
    ],
)
def test_what_the_text_rules_out_is_not_there(text):
    assert judge(text).decision is Verdict.ALLOW


def test_a_policy_may_say_that_negation_does_not_excuse():
    assert judge("the child is not naked").rule == "minors.denied"
    assert judge("no child pornography").decision is Verdict.REFUSE
    assert judge("a man without clothes").rule == "sexual.nudity"


def test_a_negative_prompt_rules_out_by_what_it_is():
    texts = {"prompt": "a fox", "negative": "nudity, gore"}
    assert GATE.judge(texts).decision is Verdict.REVIEW
    assert GATE.judge(texts, ruled_out={"negative"}).decision is Verdict.ALLOW
    worse = GATE.judge({"prompt": "a fox", "negative": "child porn"}, ruled_out={"negative"})
    assert (worse.decision, worse.text) == (Verdict.REFUSE, "negative")


def test_rules_of_a_sentence_do_not_reach_into_the_next():
    assert judge("A boy sleeps. A knight is killed.").decision is Verdict.ALLOW
    assert judge("A boy sleeps and is killed.").decision is Verdict.REVIEW


def test_the_strictest_rule_decides_and_says_what_helps():
    found = judge("a naked man, a rape")
    assert (found.decision, found.rule) == (Verdict.REFUSE, "sexual.violence")
    said = "it shows sexual violence (sexual.violence, prompt 15-19): tell it without showing it"
    assert found.sentence() == said
    assert found.policy.startswith("rushes default 2026-")


def test_whatever_goes_wrong_means_review(monkeypatch):
    def break_down(*_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(gate_module, "read", break_down)
    found = judge("a fox")
    assert (found.decision, found.rule) == (Verdict.REVIEW, FAILED)


@given(st.text(max_size=200))
def test_any_text_gets_a_decision_with_a_span_inside_it(text):
    found = judge(text)
    assert found.rule != FAILED
    assert 0 <= found.span[0] <= found.span[1] <= len(text)


@given(st.sampled_from([word for words in GATE.policy.terms["gore"].values() for word in words]))
def test_every_word_of_a_policy_finds_itself(word):
    assert judge(f"x {word.removesuffix('*')} テ").decision is not Verdict.ALLOW


@pytest.mark.parametrize("part", ["a fox runs over the snow, 狐狸在跑, ", "a naked child. ", "naked "])
def test_time_grows_linearly_with_the_text(part):
    assert_linear(judge, part * (18_000 // len(part)))


def project(**changes):
    return {"format": 1, "name": "FOX", "revision": "1", **changes}


def test_a_project_may_be_stricter():
    raised = project(stricter={"sexual.nudity": "refuse"})
    assert GATE.judge({"prompt": "a naked man"}, project_policy=raised).decision is Verdict.REFUSE
    rule = {
        "id": "fox.spoiler", "category": "spoilers", "decision": "refuse", "reason": "it gives the end away",
        "remedy": "leave it out", "all": [["ending"]],
    }  # fmt: skip
    added = project(terms={"ending": {"en": ["wedding"]}}, rule=[rule])
    found = GATE.judge({"prompt": "a wedding"}, project_policy=added)
    assert (found.decision, found.rule) == (Verdict.REFUSE, "fox.spoiler")
    assert judge("a wedding").decision is Verdict.ALLOW


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stricter": {"sexual.explicit": "review"}}, "cannot become review"),
        ({"stricter": {"nothing": "refuse"}}, "nothing cannot become"),
        ({"harmless": {"en": ["naked man"]}}, "cannot excuse"),
        ({"terms": {"minor": {"en": ["fox"]}}}, "minor is in the house's policy"),
        ({"terms": {"x": {"fr": ["nu"]}}}, "'fr'"),
        ({"terms": {"x": {"en": [" "]}}}, "a word is empty"),
        ({"colour": "red"}, "colour is unknown"),
        ({"format": 2}, "format 2"),
    ],
)
def test_a_project_cannot_allow_more_nor_say_what_nobody_understands(changes, said):
    with pytest.raises(UsageError, match=said):
        GATE.check(project(**changes))


def test_a_rule_over_a_group_without_words_stops_the_start():
    rule = {"id": "a", "category": "a", "decision": "refuse", "reason": "a", "remedy": "a", "all": [["gone"]]}
    with pytest.raises(UsageError, match="'gone'"):
        WordGate(read_policy(project(rule=[rule]), "a test"))


def test_a_policy_file_is_read_strictly(tmp_path):
    path = tmp_path / "policy.toml"
    with pytest.raises(UsageError, match="there is no policy file"):
        load_policy(str(path))
    path.write_text("format = ", encoding="utf-8")
    with pytest.raises(UsageError, match="not TOML"):
        load_policy(str(path))
    path.write_text('format = 1\nname = "ours"\nrevision = "2"\n', encoding="utf-8")
    assert WordGate(load_policy(str(path))).judge({"prompt": "porn"}) == Decision(
        Verdict.ALLOW, policy=load_policy(str(path)).label()
    )
