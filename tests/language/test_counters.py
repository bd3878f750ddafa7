"""Counters go with what is counted, and numbers change without them."""

import pytest

from rushes.core.errors import UsageError
from rushes.language.variants import read_axis, variants


def edited(text, axis):
    [variant] = variants(text, [read_axis(axis)])
    return variant.text


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        ("一只猫在屋顶上走", "subject=horse", "一匹马在屋顶上走"),
        ("一匹白马跑过草地", "subject=dog", "一只白狗跑过草地"),
        ("一个女孩在跑", "subject=car", "一辆汽车在跑"),
        ("三匹の黒い犬が走る", "subject=child", "三人の黒い子供が走る"),
        ("子供が二人走る", "subject=car", "車が二台走る"),
        ("남자 세 명이 달린다", "subject=dog", "개 세 마리가 달린다"),
        ("남자 세 명이 달린다", "subject=car", "자동차 세 대가 달린다"),
    ],
)
def test_a_counter_fits_what_takes_the_place_of_the_counted(text, axis, expected):
    assert edited(text, axis) == expected


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        ("三只狗在草地上跑", "count=one", "一只狗在草地上跑"),
        ("两辆车在赛跑", "count=five", "五辆车在赛跑"),
        ("三匹の猫が屋根の上で寝ている", "count=two", "二匹の猫が屋根の上で寝ている"),
        ("남자 세 명이 달린다", "count=two", "남자 두 명이 달린다"),
        ("Three dogs run on the beach", "count=five", "Five dogs run on the beach"),
    ],
)
def test_a_number_changes_and_its_counter_stays(text, axis, expected):
    assert edited(text, axis) == expected


@pytest.mark.parametrize(
    ("text", "axis"),
    [("Three dogs run on the beach", "count=one"), ("许多狗在跑", "count=two"), ("三只狗在跑", "count=many")],
)
def test_a_number_that_would_change_more_is_refused(text, axis):
    with pytest.raises(UsageError, match="cannot become"):
        edited(text, axis)
