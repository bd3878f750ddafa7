import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.core.vocabulary import SLOTS
from rushes.language.captions import LANGUAGES
from rushes.language.lexicon import Lexicon

LEXICON = Lexicon.load()


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.concept_id, text[mention.start : mention.end]) for mention in LEXICON.find(text)]


def test_holds_the_whole_vocabulary():
    for slot, ids in SLOTS.items():
        for concept in ids:
            assert LEXICON.concepts[concept].slot == slot
    assert len(LEXICON.concepts) >= 350


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_has_its_own_words(language):
    owner: dict[str, str] = {}
    for concept in LEXICON.concepts.values():
        assert concept.words[language], concept.id
        for word in concept.words[language]:
            assert owner.setdefault(word, concept.id) == concept.id, word


def test_references_lead_to_concepts_without_circles():
    for concept in LEXICON.concepts.values():
        for other in (*concept.broader, *concept.shown_as, *concept.parts):
            assert other in LEXICON.concepts, f"{concept.id} -> {other}"
        for other in concept.shown_as:
            assert other in SLOTS[LEXICON.concepts[other].slot]
        seen, current = set(), concept.id
        while LEXICON.concepts[current].broader:
            assert current not in seen
            seen.add(current)
            current = LEXICON.concepts[current].broader[0]


def test_concept_entries_are_one_line_each():
    text = resources.files("rushes.language").joinpath("data/lexicon.json").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith('    {"id"')]
    assert len(lines) == len(json.loads(text)["concepts"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_found_as_written(language):
    for concept in LEXICON.concepts.values():
        for word in concept.words[language]:
            if word.startswith("~") or word.endswith("-"):
                continue
            tokens = LEXICON.tokens(word, language)
            assert [token.concept_id for token in tokens] == [concept.id], word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一位红斗篷女战士", [("red", "红"), ("cloak", "斗篷"), ("warrior", "女战士")]),
        ("the carpet of a foxy scandal", []),
        ("Foxes and a DOG's tail", [("fox", "Fox"), ("dog", "DOG"), ("tail", "tail")]),
        ("a dog can run", [("dog", "dog"), ("run", "run")]),
        ("a red can", [("red", "red"), ("can", "can")]),
        ("여우가 숲에서는 달린다", [("fox", "여우"), ("forest", "숲"), ("run", "달린다")]),
        ("개나리와 말씀", []),
        ("カーテンと車", [("car", "車")]),
        ("马上骑马", [("ride", "骑马")]),
        ("一只fox在雪地里", [("fox", "fox"), ("snowfield", "雪地")]),
        ("ＲＥＤ\u3000ｃａｒ", [("red", "ＲＥＤ"), ("car", "ｃａｒ")]),
        ("fo\u200bx", [("fox", "fo\u200bx")]),
        ("カ\u3099ンの犬", [("dog", "犬")]),
        ("눈밭", [("snowfield", "눈밭")]),
    ],
)
def test_find(text, expected):
    assert found(text) == expected


@given(st.text(max_size=200))
def test_tokens_cover_the_text_in_order(text):
    _, tokens = LEXICON.read(text)
    position = 0
    for token in tokens:
        assert position <= token.start < token.end <= len(text)
        position = token.end


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("雨の夜", "ja"),
        ("雨夜", "zh"),
        ("昼間、牧草地。", "ja"),
        ("비", "ko"),
        ("rain", "en"),
        ("", "en"),
        ("cyberpunk 街头", "zh"),
        ("a dog at the 東京 tower", "en"),
        ("123 !?", "en"),
    ],
)
def test_language(text, language):
    assert LEXICON.read(text)[0] == language
