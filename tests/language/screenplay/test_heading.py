"""Scene headings in four languages into number, setting, place and time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.language.screenplay.emphasis import plain
from rushes.language.screenplay.heading import (
    Heading,
    is_bare_number,
    is_foreign_heading,
    is_time_and_setting,
    parse_heading,
    same_place,
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("INT. KITCHEN - DAY", Heading("", "interior", "KITCHEN", "DAY")),
        (
            "EXT. BRICK'S POOL - POOL BAR - LATE AFTERNOON",
            Heading("", "exterior", "BRICK'S POOL - POOL BAR", "LATE AFTERNOON"),
        ),
        ("INT./EXT. CAR - NIGHT", Heading("", "both", "CAR", "NIGHT")),
        ("I/E HOUSE", Heading("", "both", "HOUSE")),
        ("1-1 刘家客厅 日 内", Heading("1-1", "interior", "刘家客厅", "日")),
        ("1-2 日 外 刘星学校", Heading("1-2", "exterior", "刘星学校", "日")),
        ("第一场 客厅 日内", Heading("一", "interior", "客厅", "日")),
        ("第2集 第3场 街道 夜 外", Heading("2-3", "exterior", "街道", "夜")),
        ("【第4场】仓库门口 夜/外", Heading("4", "exterior", "仓库门口", "夜")),
        ("3、内景 值班室 - 夜", Heading("3", "interior", "值班室", "夜")),
        ("内景。客厅。日", Heading("", "interior", "客厅", "日")),
        (
            "第一场\n时间：夜\n地点：地铁站台\n人物：陈默、林晚\n道具：车票",
            Heading("一", "", "地铁站台", "夜", ("陈默", "林晚"), ("车票",)),
        ),
        ("1-1\n仓库\n夜 内", Heading("1-1", "interior", "仓库", "夜")),
        ("门前土路，日，外", Heading("", "exterior", "门前土路", "日")),
        ("邮局 夜内", Heading("", "interior", "邮局", "夜")),
        ("○公園（夜）", Heading("", "", "公園", "夜")),
        ("〇病院・廊下（早朝）", Heading("", "", "病院・廊下", "早朝")),
        ("１　アパート・台所（夕）", Heading("1", "", "アパート・台所", "夕")),
        ("S#1. 거실 - 밤", Heading("1", "", "거실", "밤")),
        ("S# 12 민수의 집 - 거실 (낮)", Heading("12", "", "민수의 집 - 거실", "낮")),
        ("#2. 카페 (밤/실내)", Heading("2", "interior", "카페", "밤")),
        ("INT. KITCHEN. DAY", Heading("", "interior", "KITCHEN", "DAY")),
        ("EXT. WASHINGTON, D.C. - DAY", Heading("", "exterior", "WASHINGTON, D.C.", "DAY")),
        ("INT. OFFICE - DAY - FLASHBACK", Heading("", "interior", "OFFICE", "DAY")),
        ("EXT. DECK OF THE *ELENA* - DAY (FLASHBACK)", Heading("", "exterior", "DECK OF THE ELENA", "DAY")),
        ("INT. OFFICE (FLASHBACK) - DAY", Heading("", "interior", "OFFICE", "DAY")),
        ("THE COVE -- MAGIC HOUR", Heading("", "", "THE COVE", "MAGIC HOUR")),
        ("MONTAGE", Heading()),
        ("1-3 甲板  日  外（闪回）", Heading("1-3", "exterior", "甲板", "日")),
        ("1-4 公路／车厢 日 内/外", Heading("1-4", "both", "公路／车厢", "日")),
        (
            "1-1 客厅 日 内\n人物：沈青、海生（电话声）",
            Heading("1-1", "interior", "客厅", "日", ("沈青", "海生")),
        ),
        ("○（回想）漁船・甲板（昼）", Heading("", "", "漁船・甲板", "昼")),
        ("S#3. 어선 갑판 / 낮 / 실외 (회상)", Heading("3", "exterior", "어선 갑판", "낮")),
        ("S#4. 부엌 / N / I", Heading("4", "interior", "부엌", "밤")),
        ("S#5. 몽타주", Heading("5")),
        ("1-1A　厨房　日　内", Heading("1-1A", "interior", "厨房", "日")),
        ("第5A场 內景 客廳 黃昏", Heading("5A", "interior", "客廳", "黃昏")),
        ("S#1-5A. 거실 / 밤", Heading("1-5A", "", "거실", "밤")),
        ("１　豆腐屋「豆寛」・店先（朝）", Heading("1", "", "豆腐屋「豆寛」・店先", "朝")),
        ("EXT. 巷子 - 连续", Heading("", "exterior", "巷子", "连续")),
        ("S#16. 오반장의 차 안 / N / I (비)", Heading("16", "interior", "오반장의 차 안", "밤")),
        ("1-3 甲板 日 外（雨）", Heading("1-3", "exterior", "甲板", "日")),
        ("1-2 日 外 学校（教室）", Heading("1-2", "exterior", "学校（教室）", "日")),
        ("#플래시백. 시골 마당 (밤)", Heading("", "", "시골 마당", "밤")),
        ("", Heading()),
    ],
)
def test_a_heading_says_where_and_when(words, expected):
    assert parse_heading(words) == expected


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("同・居間", "水野家・居間"),
        ("同", "水野家・台所"),
        ("同上", "水野家・台所"),
        ("同心橋・東", "同心橋・東"),
    ],
)
def test_the_same_place_is_the_place_of_the_scene_before(location, place):
    assert same_place(location, ["水野家・台所"]) == place


def test_outside_a_place_is_not_in_it():
    assert same_place("同", ["喫茶「灯」・店内"], "exterior") == "喫茶「灯」"
    assert same_place("同", ["喫茶「灯」・店内"], "interior") == "喫茶「灯」・店内"
    assert same_place("同", ["水野家・台所"], "exterior") == "水野家・台所"


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("もとの待合室", "海辺の駅・待合室"),
        ("回到客厅", "刘家客厅"),
        ("다시 사무실", "서연의 사무실"),
        ("다시 옥상", "옥상"),
        ("元の", "元の"),
    ],
)
def test_a_place_again_is_the_place_it_was(location, place):
    assert (
        same_place(location, ["海辺の駅・待合室", "刘家客厅", "서연의 사무실", "海辺の駅・ホーム"]) == place
    )


@pytest.mark.parametrize(
    "line",
    [
        "3-5 个人走过来。",
        "第三场雪下得很大",
        "2024年 夏",
        "1. 그는 갔다",
        "日 内",
        "他走了。",
        "12",
        "外面下着雨",
    ],
)
def test_a_sentence_with_a_number_is_no_heading(line):
    assert not is_foreign_heading(line)


def test_a_place_with_time_and_setting_needs_no_number():
    assert is_foreign_heading("门前土路，日，外")
    assert is_foreign_heading("邮局 夜内")
    assert not is_foreign_heading("他走了，天黑了，外")
    assert not is_foreign_heading("她来的时候是 夜")
    assert not is_foreign_heading("THE WAY OUT - DAY")


@pytest.mark.parametrize(
    "line",
    [
        "２　同・作業場",
        "１　豆腐屋「豆寛」・店先（朝）",
        "1-1 “红房子”酒吧 夜 内",
        "1-5A　厨房　日　内",
        "#플래시백. 시골 마당 (밤)",
    ],
)
def test_a_number_and_a_place_are_a_heading(line):
    assert is_foreign_heading(line)


@pytest.mark.parametrize(
    "line", ["１　神崎、「朝だ」", "２　同じ日だった", "#좋아요 누르는 수진.", "3　健「もう（朝）」"]
)
def test_what_is_said_or_done_is_no_heading(line):
    assert not is_foreign_heading(line)


def test_a_number_alone_may_open_a_heading():
    assert [line for line in ("1-1", "第十二场", "S#3", "12", "一", "○") if is_bare_number(line)] == [
        "1-1",
        "第十二场",
        "S#3",
        "○",
    ]
    assert is_time_and_setting("夜 外")
    assert not is_time_and_setting("客厅 夜")


@given(st.text(max_size=60), st.text(max_size=5))
def test_any_words_can_be_asked(words, key):
    heading = parse_heading(words, key)
    assert heading.location in plain(words) or "\n" in words or "\r" in words
    assert isinstance(is_foreign_heading(words), bool)
    assert isinstance(is_bare_number(words), bool)
