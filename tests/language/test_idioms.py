"""Korean verbs by the words around them: idioms apart, helping verbs, passives, spellings, nouns of deeds."""

import pytest

from rushes.language.parse import parse


def beats(text: str) -> list[str]:
    return [beat.action.concept for beat in parse(text).beats]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("소녀가 손을 힘차게 흔든다", ["wave"]),
        ("소녀가 고개를 천천히 숙인다", ["look_down"]),
        ("여자가 노래를 조용히 부른다", ["sing"]),
        ("소녀가 손을 들고 깃발을 흔든다", ["gesture", "shake"]),
    ],
)
def test_adverbs_may_stand_between_a_noun_and_its_verb(text, expected):
    assert beats(text) == expected


def test_a_thing_in_an_idiom_is_still_there():
    spec = parse("남자가 담배를 깊게 피운다")
    assert [found.concept for found in spec.parts["subjects"]] == ["man", "cigarette"]
    assert [beat.action.concept for beat in spec.beats] == ["smoke_tobacco"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("요리사가 고기를 썰어 놓는다", ["cut"]),
        ("병사가 쓰러져 버린다", ["collapse"]),
        ("소녀가 문을 열어 본다", ["open"]),
        ("소녀가 책을 책상에 놓는다", ["put"]),
        ("소녀가 고개를 돌려 쳐다본다", ["turn", "look"]),
    ],
)
def test_some_verbs_only_help_behind_another(text, expected):
    assert beats(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("범인이 붙잡힌다", "grab"),
        ("종이가 접힌다", "fold"),
        ("소녀가 뛰어내려간다", "run"),
        ("노인이 촛불을 불어끈다", "blow_out"),
        ("강아지가 폴짝댄다", "jump"),
    ],
)
def test_passives_and_spellings_are_made_by_rule(text, expected):
    assert expected in beats(text)


def test_the_noun_of_a_deed_tells_of_it_only_under_a_verb_that_does_it():
    assert beats("관객이 공연을 본다") == ["look"]
    assert beats("배우가 공연을 펼친다") == ["perform"]
    assert beats("아이가 품에 안긴다") == ["lean"]
