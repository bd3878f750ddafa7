"""The labelled sentences: enough of them, sound labels, and figures that may not fall."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.parse import parse
from rushes.language.scoring import SLOTS, Score, Sentence, read_labels, read_sentences, score

FOLDER = Path(__file__).parent / "data" / "sentences"
PARTS = ("tuning", "fresh_tuning", "frozen", "blind", "fresh")


def sentences(part: str, language: str) -> list[Sentence]:
    return list(read_sentences(FOLDER / f"{part}.{language}.tsv"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_and_half_of_them_free(language):
    found = [sentence for part in PARTS for sentence in sentences(part, language)]
    assert len(found) >= 100
    assert Counter(sentence.origin for sentence in found)["free"] >= 50
    assert len({sentence.text for sentence in found}) == len(found)


def test_labels_are_concepts():
    for part in PARTS:
        for language in LANGUAGES:
            for sentence in sentences(part, language):
                check(sentence.text, sentence.labels)
    for path in (FOLDER / "annotators").iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            text, labels = line.split("\t")
            check(text, read_labels(labels))


def check(text: str, labels: Mapping[str, tuple[str, ...]]) -> None:
    for slot, names in labels.items():
        assert slot in (*SLOTS, "att", "who")
        for name in names:
            for each in re.split(r"[.>|]", name.replace("!", "")):
                assert each in Lexicon.load().concepts, (text, name)


# The floors lie a little under what docs/language.md reports for the frozen part.
@pytest.mark.parametrize("language", LANGUAGES)
def test_frozen_figures_do_not_fall(language):
    newer = frozenset((FOLDER / "newer_concepts.tsv").read_text(encoding="utf-8").split())
    scores, _ = score(sentences("frozen", language), parse, newer)
    total = Score()
    for slot in SLOTS:
        total.right += scores[slot].right
        total.missed += scores[slot].missed
        total.invented += scores[slot].invented
    assert total.f1 > 0.88, language


def test_concepts_newer_than_the_labels_count_neither_way():
    labels = {"sub": ("boy",), "beat": ("carry",), "who": ("boy>carry",)}
    older = [Sentence("free", "a boy carries a bucket", labels)]
    scores, mistakes = score(older, parse, frozenset(("bucket",)))
    assert not mistakes
    assert scores["who"].f1 == 1
    assert score(older, parse)[0]["sub"].f1 < 1


def test_a_concept_split_from_another_counts_as_that():
    labels = {"env": ("stadium",), "beat": ("run",), "who": ("boy>run",)}
    older = [Sentence("free", "a boy runs in a gym", {**labels, "sub": ("boy",)})]
    scores, mistakes = score(older, parse, frozenset(("gym=stadium",)))
    assert not mistakes
    assert scores["env"].f1 == 1
    assert score(older, parse)[0]["env"].f1 == 0


def test_a_wrong_reading_is_seen():
    wrong = [Sentence("free", "a fox runs", {"sub": ("wolf",), "beat": ("run",)})]
    scores, mistakes = score(wrong, parse)
    assert scores["sub"].f1 == 0
    assert scores["beat"].f1 == 1
    assert mistakes[0][1:] == ("sub", ("wolf",), ("fox",))
