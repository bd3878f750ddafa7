import pytest

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.morphology.forms import forms, read_marks
from rushes.language.morphology.korean import join, split
from rushes.language.vocabulary import vocabulary


def texts(word: str, slot: str, language: str) -> set[str]:
    return {text for text, _ in forms(read_marks(word), slot, language)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("to run", {"run", "runs", "running", "ran"}),
        ("to carry", {"carry", "carries", "carrying", "carried"}),
        ("to stop", {"stop", "stops", "stopping", "stopped"}),
        ("to open", {"open", "opens", "opening", "opened"}),
        ("to skip", {"skip", "skips", "skipping", "skipped"}),
        ("to lie down", {"lie down", "lies down", "lying down", "lay down", "lain down"}),
        ("to panic", {"panic", "panics", "panicing", "panicked"}),
        ("to push in", {"push in", "pushes in", "pushing in", "pushed in"}),
    ],
)
def test_english_verbs(word, expected):
    assert texts(word, "action", "en") == expected


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("fox", "foxes"),
        ("fisherman", "fishermen"),
        ("wolf", "wolves"),
        ("puppy", "puppies"),
        ("race car", "race cars"),
    ],
)
def test_english_plurals(word, plural):
    assert texts(word, "animal", "en") == {word, plural}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("走る", {"走る", "走ら", "走り", "走っ", "走れ", "走ろ"}),
        ("見る", {"見る", "見て", "見た", "見な"}),
        ("泳ぐ", {"泳ぐ", "泳が", "泳い"}),
        ("爆発する", {"爆発", "爆発し", "爆発する"}),
        ("赤い", {"赤い", "赤く", "赤かった"}),
    ],
)
def test_japanese_stems(word, expected):
    assert expected <= texts(word, "action", "ja")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("달리다", {"달리", "달려", "달렸", "달린", "달릴"}),
        ("걷다", {"걷", "걸어", "걸은"}),
        ("쏟다", {"쏟", "쏟았"}),
        ("눕다", {"눕", "누워", "누운"}),
        ("날다", {"날", "나는", "난"}),
        ("흐르다", {"흐르", "흘러", "흘렀"}),
        ("질주하다", {"질주", "질주하", "질주해", "질주한"}),
        ("빨갛다", {"빨갛", "빨간", "빨개"}),
        ("보다", {"보", "봐", "본"}),
    ],
)
def test_korean_stems(word, expected):
    assert expected <= texts(word, "action", "ko")


def test_syllables_come_apart_and_together():
    for code in range(0xAC00, 0xD7A4):
        assert join(*split(chr(code))) == chr(code)


def test_a_noun_that_ends_like_a_verb_is_left_alone():
    assert texts("바다", "place", "ko") == {"바다"}
    assert texts("かえる", "animal", "ja") == {"かえる"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_lexicon_has_its_own_form(language):
    for concept in Lexicon.load().concepts.values():
        for word in concept.words[language]:
            own = read_marks(word).text
            found = texts(word, concept.slot, language)
            assert found
            assert all(found), (concept.id, word)
            if not own.endswith(("다", "い", "る")):
                assert own in found


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("回头", {"回头", "回了头", "回过头"}),
        ("拍", {"拍", "拍拍", "拍了拍", "拍一拍", "拍来拍去", "拍着拍着"}),
        ("摇摆", {"摇摆", "摇摇摆摆"}),
    ],
)
def test_chinese_verbs(word, said):
    assert said <= texts(word, "action", "zh")


def test_what_the_lexicon_lists_is_no_form_of_another_verb():
    assert [item.concept.id for item in vocabulary("zh").concepts["看一看"]] == ["look"]
    assert {item.concept.id for item in vocabulary("zh").concepts["掸了掸"]} == {"shake"}
    assert "掸" in Lexicon.load().concepts["sweep"].words["zh"]
