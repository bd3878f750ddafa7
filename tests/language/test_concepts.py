import unicodedata
from importlib import resources

import pytest

from rushes.language.concepts import LANGUAGES, Lexicon, plain
from rushes.language.parse import parse
from rushes.language.passage import CAMERA_SLOTS
from rushes.language.vocabulary import grammar, key, vocabulary

LEXICON = Lexicon.load()


def test_there_are_enough_concepts_and_every_one_is_one_line():
    folder = resources.files("rushes.language").joinpath("data/lexicon")
    lines = [line for file in folder.iterdir() for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    assert len(lines) == len(LEXICON.concepts) > 1400
    assert all(
        concept.id.isascii() and concept.id == concept.id.lower() for concept in LEXICON.concepts.values()
    )


def test_broader_concepts_exist_and_never_go_in_circles():
    for concept in LEXICON.concepts.values():
        ancestors = LEXICON.ancestors(concept.id)
        assert concept.id not in ancestors
        assert set(ancestors) <= set(LEXICON.concepts)


def test_actions_stand_in_families():
    actions = [concept for concept in LEXICON.concepts.values() if concept.slot == "action"]
    alone = [concept.id for concept in actions if not concept.broader]
    assert len(alone) < len(actions) / 5, alone
    for one, wide in (("fall", "move_down"), ("sink", "move_down"), ("dive", "move_down"), ("stare", "look")):
        assert LEXICON.is_a(one, wide)
    for concept in actions:
        assert all(LEXICON.concepts[wide].slot == "action" for wide in concept.broader), concept.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_has_words_without_stray_marks(language):
    for concept in LEXICON.concepts.values():
        words = concept.words[language]
        assert words
        assert len(set(words)) == len(words), concept.id
        for word in words:
            bare = plain(word)
            assert bare == bare.strip()
            assert bare
            assert not set(bare) & set("~@^|\t"), word


# What a picture looks like and how it is filmed; things and people often have one word only.
LOOKS = frozenset(("light", "tone", "composition", "style", "mood", *CAMERA_SLOTS))


def test_every_language_can_say_every_look_in_more_than_one_way():
    lacking = {
        f"{concept.id} lacks a second word in {language}"
        for concept in Lexicon.load().concepts.values()
        if concept.slot in LOOKS
        for language in LANGUAGES
        if len(set(concept.words[language])) < 2
    }
    assert not lacking


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_usual_word_of_a_concept_is_known(language):
    known = vocabulary(language).concepts
    for concept in LEXICON.concepts.values():
        candidates = known.get(key(concept.word(language)), ())
        assert concept.id in {item.concept.id for item in candidates} or concept.word(language).endswith("다")


def test_the_vocabulary_wan_was_tuned_on_is_read():
    wanted = {
        "Day time": "day",
        "Night time": "night",
        "Dawn time": "dawn",
        "Sunrise time": "sunrise",
        "Daylight": "daylight",
        "Artificial lighting": "artificial_light",
        "Moonlight": "moonlight",
        "Practical lighting": "practical_light",
        "Firelight": "firelight",
        "Fluorescent lighting": "fluorescent_light",
        "Overcast lighting": "overcast_light",
        "Sunny lighting": "sunlight",
        "Soft lighting": "soft_light",
        "Hard lighting": "hard_light",
        "Warm colors": "warm_tone",
        "Cool colors": "cool_tone",
        "Mixed colors": "mixed_tone",
        "Top lighting": "top_light",
        "Side lighting": "side_light",
        "Underlighting": "underlight",
        "Edge lighting": "rim_light",
        "Medium shot": "medium_shot",
        "Medium close-up shot": "medium_close_up",
        "Wide shot": "wide_shot",
        "Medium wide shot": "medium_wide_shot",
        "Close-up shot": "close_up",
        "Extreme close-up shot": "extreme_close_up",
        "Extreme wide shot": "extreme_wide_shot",
        "Over-the-shoulder shot": "over_shoulder",
        "Low angle shot": "low_angle",
        "High angle shot": "high_angle",
        "Dutch angle shot": "dutch_angle",
        "Aerial shot": "aerial",
        "Overhead shot": "overhead_shot",
        "Center composition": "centered",
        "Balanced composition": "balanced",
        "Right-heavy composition": "right_heavy",
        "Left-heavy composition": "left_heavy",
        "Symmetrical composition": "symmetric",
        "Short-side composition": "short_side",
        "白天": "day",
        "夜晚": "night",
        "黎明": "dawn",
        "日出": "sunrise",
        "日光": "daylight",
        "人工光": "artificial_light",
        "月光": "moonlight",
        "实用光": "practical_light",
        "火光": "firelight",
        "荧光": "fluorescent_light",
        "阴天光": "overcast_light",
        "晴天光": "sunlight",
        "柔光": "soft_light",
        "硬光": "hard_light",
        "顶光": "top_light",
        "侧光": "side_light",
        "底光": "underlight",
        "边缘光": "rim_light",
        "暖色调": "warm_tone",
        "冷色调": "cool_tone",
        "混合色调": "mixed_tone",
        "中景": "medium_shot",
        "中近景": "medium_close_up",
        "全景": "wide_shot",
        "中全景": "medium_wide_shot",
        "近景": "close_up",
        "特写": "close_up",
        "极端全景": "extreme_wide_shot",
        "过肩镜头角度拍摄": "over_shoulder",
        "低角度拍摄": "low_angle",
        "高角度拍摄": "high_angle",
        "倾斜角度拍摄": "dutch_angle",
        "航拍": "aerial",
        "俯视角度拍摄": "overhead_shot",
        "中心构图": "centered",
        "平衡构图": "balanced",
        "右侧重构图": "right_heavy",
        "左侧重构图": "left_heavy",
        "对称构图": "symmetric",
        "短边构图": "short_side",
    }
    for words, concept in wanted.items():
        assert [found.concept for found in parse(words).everything()] == [concept], words


@pytest.mark.parametrize("language", LANGUAGES)
def test_function_words_have_known_roles(language):
    roles = {role for found in grammar(language).values() for role in found}
    assert "negation" in roles or "negation_after" in roles
    assert {"camera", "filler", "and"} <= roles


def test_words_are_written_composed():
    for concept in Lexicon.load().concepts.values():
        for words in concept.words.values():
            for word in words:
                assert unicodedata.normalize("NFKC", word) == word, (concept.id, word)
