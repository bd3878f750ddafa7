"""What the usual verbs mean with one object or another, and what only looks like a deed."""

from pathlib import Path

import pytest

from rushes.language.beats.collocations import meant_with
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.parse import parse
from rushes.language.passage import Mention
from rushes.language.tables import rows
from rushes.language.vocabulary import vocabulary

SENSES = Path(__file__).parents[1] / "data" / "senses.tsv"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_verb_means_what_its_object_says(language):
    lines = [line.split("\t") for line in SENSES.read_text(encoding="utf-8").splitlines()]
    told = {text: wanted.split() for name, wanted, text in lines if name == language}
    found = {text: [each.action.concept for each in parse(text).beats] for text in told}
    assert len(told) >= 40
    assert found == {text: [] if wanted == ["-"] else wanted for text, wanted in told.items()}


def test_collocations_name_words_concepts_and_slots():
    lexicon = Lexicon.load()
    slots = {concept.slot for concept in lexicon.concepts.values()}
    written = {candidate.word for language in LANGUAGES for candidate in every_candidate(language)}
    verbs = {f"to {word.text}" if word.is_english_verb else word.text for word in written}
    for words, things, meaning in rows("collocations"):
        assert set(words.split(",")) <= verbs | set(lexicon.concepts), words
        named = {each.removeprefix("<") for each in things.split(",")}
        assert named <= {*lexicon.concepts, *slots, "*"}, things
        assert meaning == "-" or lexicon.concepts[meaning].slot in ("action", "colour"), meaning


def every_candidate(language):
    return (each for candidates in vocabulary(language).concepts.values() for each in candidates)


def test_a_word_comes_before_its_concept_and_may_tell_of_no_deed():
    concepts = Lexicon.load().concepts
    pull, ride = (mention(concepts[each], word) for each, word in (("pull", "拉"), ("ride", "타다")))
    assert meant_with(pull, None, [concepts["violin"]]) is concepts["play"]
    assert meant_with(ride, None, [concepts["tree"]]) is concepts["climb"]
    assert meant_with(ride, concepts["wood"], []) is concepts["burn"]
    assert meant_with(ride, None, [concepts["bicycle"]]) is concepts["ride"]
    assert meant_with(mention(concepts["hit"], "打"), None, []) is None


def mention(concept, word):
    return Mention(0, concept, "verb", 1.0, 0, word=word)


def test_a_colour_may_mean_another_with_what_has_it():
    texts = ("푸른 언덕에 소년이 서 있다", "푸른 바다에 배가 있다")
    found = [each for text in texts for thing in parse(text).everything() for each in thing.attributes]
    assert [each.concept for each in found if each.kind == "colour"] == ["green", "blue"]
