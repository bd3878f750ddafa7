"""Who is introduced in small letters, who is a word, and what is said of people in four languages."""

import pytest

from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.fountain import parse_fountain
from rushes.language.screenplay.people import is_narration, is_off_screen, speaker_names
from rushes.language.screenplay.reading import Screenplay


def people(action):
    source = f"INT. ROOM - DAY\n\n{action}\n"
    found = break_down(Screenplay(source, parse_fountain(source))).characters
    return {each.name: each.description for each in found}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("Tom, 50, grey beard, pulls the rope.", {"TOM": "50, grey beard"}),
        ("Ada Holm (34, red coat) sits.", {"ADA HOLM": "34, red coat"}),
        ("On Monday, 12, the bells ring.", {}),
        ("Room, 12, is empty.", {}),
    ],
)
def test_a_name_in_small_letters_is_introduced_by_an_age(action, expected):
    assert people(action) == expected


def test_a_known_name_may_be_a_word():
    source = "INT. ROOM - DAY\n\nROSE\nYes.\n\nRose, 40, tall, leaves.\n"
    found = break_down(Screenplay(source, parse_fountain(source))).characters
    assert [(each.name, each.description) for each in found] == [("ROSE", "40, tall")]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("改札から駅員の佐伯健一（60）が出る。", {"佐伯健一": "60"}),
        ("白いコートを着た水野美咲（28）が降りる。", {"水野美咲": "28、白いコート"}),
        ("革のエプロンのナディア（40）が鍵を削る。", {"ナディア": "40、革のエプロン"}),
        ("穿红斗篷的林霜（二十五岁，长发）跳下城墙。", {"林霜": "二十五岁，长发，红斗篷"}),
        ("娜迪亚（女，四十多岁）锉钥匙。", {"娜迪亚": "女，四十多岁"}),
        ("海生（笑）走来。", {}),
        ("옥상에서 검은 코트를 입은 민수(30)가 걷는다.", {"민수": "30, 검은 코트"}),
    ],
)
def test_what_is_worn_before_the_name_belongs_to_the_introduction(action, expected):
    found = people(action)
    assert {name: found[name] for name in expected} == expected
    assert expected or not any(found.values())


@pytest.mark.parametrize(
    ("words", "name", "is_narrated"),
    [
        ("하윤E", "하윤", False),
        ("하윤 OFF", "하윤", False),
        ("하윤V.O.", "하윤", True),
        ("小敏VO", "小敏", True),
        ("奈緒Ｍ", "奈緒", True),
        ("奈緒　Ｎ", "奈緒", True),
        ("健の声", "健", False),
        ("家豪（獨白）", "家豪", True),
    ],
)
def test_how_a_voice_comes_is_no_part_of_the_name(words, name, is_narrated):
    assert speaker_names(words) == (name,)
    assert is_off_screen(words)
    assert is_narration(words) == is_narrated


def test_a_letter_may_be_a_name():
    assert speaker_names("小E") == ("小E",)
    assert not is_off_screen("小E")
