"""Attributes that are part of a word."""

import pytest

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.inherent import inherent_attributes
from rushes.language.parse import parse
from rushes.language.scoring import labels_of


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("zh", "公主剪掉长发", "hair.long"),
        ("zh", "教堂钟声响起，鸽群惊飞", "pigeon.group"),
        ("zh", "父亲牵着女儿走过红毯", "carpet.red"),
        ("zh", "外婆身边蹲着一只花猫", "cat.colorful"),
        ("en", "A little boy watches a flock of birds", "boy.small"),
        ("en", "A little boy watches a flock of birds", "bird.group"),
        ("ja", "小舟が岸に流れ着く", "boat.small"),
        ("ja", "魚の群れが散る", "fish.group"),
        ("ko", "새 떼가 날아오른다", "bird.group"),
        ("ko", "흰 배경에 컵이 돈다", "studio.white"),
    ],
)
def test_a_word_tells_the_attribute_that_is_part_of_it(language: str, text: str, label: str) -> None:
    assert labels_of(parse(text, language))["att"][label] == 1


def test_an_attribute_that_is_said_too_is_told_once() -> None:
    assert labels_of(parse("红色的红毯铺在台阶上", "zh"))["att"]["carpet.red"] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_attribute_is_a_concept_and_every_word_the_lexicons(language: str) -> None:
    lexicon, told = Lexicon.load(), inherent_attributes(language)
    assert told
    assert all(lexicon.concepts[name].slot in ("colour", "scale", "count") for name in told.values())
    assert not set(told) - set(lexicon.words(language))


def test_who_acts_in_a_mood_still_acts() -> None:
    beats = [beat.action.concept for beat in parse("松鼠停下来，紧张地张望", "zh").beats]
    assert "look" in beats or "look_back" in beats
