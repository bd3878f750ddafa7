"""Attributes that are part of a word."""

import pytest

from rushes.language.concepts import Lexicon
from rushes.language.inherent import inherent_attributes
from rushes.language.parse import parse
from rushes.language.scoring import labels_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("公主剪掉长发", "hair.long"),
        ("教堂钟声响起，鸽群惊飞", "pigeon.group"),
        ("父亲牵着女儿走过红毯", "carpet.red"),
        ("外婆身边蹲着一只花猫", "cat.colorful"),
    ],
)
def test_a_word_tells_the_attribute_that_is_part_of_it(text: str, label: str) -> None:
    assert labels_of(parse(text, "zh"))["att"][label] == 1


def test_an_attribute_that_is_said_too_is_told_once() -> None:
    assert labels_of(parse("红色的红毯铺在台阶上", "zh"))["att"]["carpet.red"] == 1


def test_every_attribute_is_a_concept() -> None:
    concepts = Lexicon.load().concepts
    assert all(name in concepts for name in inherent_attributes("zh").values())


def test_who_acts_in_a_mood_still_acts() -> None:
    beats = [beat.action.concept for beat in parse("松鼠停下来，紧张地张望", "zh").beats]
    assert "look" in beats or "look_back" in beats
