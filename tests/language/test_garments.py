"""Who wears what, where several could: the four languages agree."""

import pytest

from rushes.language.parse import parse


def worn(text):
    found = parse(text).found("subjects")
    return {
        (who.concept, each.concept) for who in found for each in who.attributes if each.kind == "clothing"
    }


@pytest.mark.parametrize(
    "text",
    [
        "A mother wraps a scarf around her son's neck",
        "妈妈给儿子围上围巾",
        "母が息子にマフラーを巻く",
        "엄마가 아들에게 목도리를 둘러 준다",
    ],
)
def test_whom_a_garment_is_put_on_wears_it(text):
    assert worn(text) == {("son", "scarf")}


@pytest.mark.parametrize(
    "text",
    [
        "The detective finds a glove on the floor",
        "侦探在地上发现一只手套",
        "刑事が床に手袋を見つける",
        "형사가 바닥에서 장갑을 발견한다",
    ],
)
def test_nobody_wears_what_is_found(text):
    assert worn(text) == set()


def test_where_somebody_is_does_not_say_who_wears_it():
    assert worn("A woman in a hat on a horse") == {("woman", "hat")}
    assert worn("A man puts a hat on his head") == {("man", "hat")}
    assert worn("A girl puts a red hat on a snowman") == {("snowman", "hat")}
