"""Scripts in four languages against annotations by hand, and what holds for any text in any form."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.growth import assert_linear
from tests.language.screenplay.annotated import FROZEN, NAMES, found_spans, load

from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.form import Form, form_of, language_of
from rushes.language.screenplay.plain import parse_plain
from rushes.language.screenplay.text_script import parse_text
from rushes.language.screenplay.typed import parse_typed

ASIAN = [Form.CHINESE, Form.JAPANESE, Form.KOREAN]
PIECES = [
    "1-1 客厅 日 内",
    "1-1",
    "客厅",
    "日 内",
    "第一场",
    "时间：夜",
    "人物：刘星、老周",
    "△刘星推门。",
    "刘星：走吧",
    "刘星：（笑）走吧",
    "刘星",
    "○公園（夜）",
    "　　美咲、立ち止まる。",
    "美咲「これ？」",
    "美咲「これは、",
    "　続き」",
    "×　×　×",
    "S#1. 거실 - 밤",
    "민수: (웃으며) 가자",
    "태오\t또 뭔데.",
    "컷 투",
    "《雨夜》",
    "人物表",
    "INT. HOUSE - DAY",
    "                    COLE",
    "               (low)",
    "          Nine.",
    "- 1 -",
    "\f",
    "",
    "",
    "\u3000",
    "\u200b\u202e",
]
SCRIPTS = st.one_of(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\r\n"])), max_size=25).map(
        lambda pairs: "".join(words + line_end for words, line_end in pairs)
    ),
    st.text(alphabet="刘「」（）：: ()\n○1-内日夜\f　a", max_size=60),
    st.text(max_size=60),
)


def read(name):
    return parse_text(load(name).text, is_fountain=name.endswith(".fountain"))


def score(names):
    """F1 over elements whose kind and span are both right, and the recall of headings."""
    right = wanted = found = headings = found_headings = 0
    for name in names:
        gold, ours = set(load(name).spans), set(found_spans(read(name)))
        right, wanted, found = right + len(gold & ours), wanted + len(gold), found + len(ours)
        scenes = {span for span in gold if span[0] is ElementKind.SCENE_HEADING}
        headings, found_headings = headings + len(scenes), found_headings + len(scenes & ours)
    return 2 * right / (wanted + found), found_headings / headings


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_elements_are_what_a_reader_says_they_are(language):
    names = [name for name in NAMES if name.startswith(language)]
    assert len(names) >= 3
    f1, heading_recall = score(names)
    assert f1 >= 0.95
    assert heading_recall == 1.0


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_scripts_the_readers_were_not_made_for(language):
    f1, heading_recall = score([name for name in FROZEN if name.startswith(language)])
    assert f1 >= 0.95
    assert heading_recall == 1.0


@pytest.mark.parametrize("name", [*NAMES, *FROZEN])
def test_each_script_is_read_in_its_form(name):
    form = form_of(load(name).text)
    forms = {"en": Form.FOUNTAIN, "zh": Form.CHINESE, "ja": Form.JAPANESE, "ko": Form.KOREAN}
    assert form is forms[name[:2]]


@given(SCRIPTS, st.sampled_from(ASIAN))
@example("\f", Form.CHINESE)
def test_every_character_of_a_plain_script_is_in_exactly_one_element(source, form):
    elements = parse_plain(source, form)
    assert "".join(source[element.start : element.end] for element in elements) == source
    assert all(element.end > element.start for element in elements)


@given(SCRIPTS)
def test_every_character_of_a_typed_page_is_in_exactly_one_element(source):
    elements = parse_typed(source)
    assert "".join(source[element.start : element.end] for element in elements) == source


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("他走了 INT. HOUSE", "zh"),
        ("He walks.", "en"),
        ("彼は歩く。", "ja"),
        ("그는 걷는다.", "ko"),
        ("漢字交じりの文", "ja"),
        ("", "en"),
        ("ANNA waits for 刘星 outside the house", "en"),
    ],
)
def test_the_letters_tell_the_language(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("信上写着：我走了", ["action"]),
        ("△刘星：走", ["action"]),
        ("刘星：（笑）走吧", ["character", "parenthetical", "dialogue"]),
        ("刘星（画外音）：走吧", ["character", "dialogue"]),
        ("字幕：三年后", ["action"]),
        ("看板に「休業」の文字", ["action"]),
        ("看板に「休業」", ["action"]),
        ("太郎「もう帰ろう」", ["character", "dialogue"]),
        ("민수: 가자", ["character", "dialogue"]),
        ("민수, 소파에 앉아 있다.", ["action"]),
        ("○公園（夜）", ["scene_heading"]),
        ("\u200b\u202e○公園（夜）\u202c", ["scene_heading"]),
        ("刘\u200b星\ufeff：（笑）走\u200b吧", ["character", "parenthetical", "dialogue"]),
        ("第三场雪下得很大", ["action"]),
    ],
)
def test_one_line_is_read_by_its_own_marks(line, expected):
    form = form_of(line)
    source = f"1-1 a 日 内\n{line}\n"
    assert [str(element.kind) for element in parse_plain(source, form)][1:] == expected


def test_a_known_name_with_a_remark_speaks_on_the_lines_below():
    head = "第1集\n\n1-1 日 内 客厅\n人物：林雪、林母\n"
    source = head + "林母：坐。\n林雪（哽咽）\n妈，我离婚了。\n【闪回】\n他（走）\n没人说话。\n"
    found = [(str(e.kind), e.words) for e in parse_plain(source, Form.CHINESE) if e.kind != "blank"]
    assert found == [
        ("section", "第1集"),
        ("scene_heading", "1-1 日 内 客厅\n人物：林雪、林母"),
        ("character", "林母"),
        ("dialogue", "坐。"),
        ("character", "林雪"),
        ("parenthetical", "哽咽"),
        ("dialogue", "妈，我离婚了。"),
        ("transition", "【闪回】"),
        ("action", "他（走）"),
        ("action", "没人说话。"),
    ]


@pytest.mark.parametrize(
    "piece",
    ["刘星：", "「", "（", "太郎「", "1-1\n", "第一场\n", "a\n", "　", "○", "S#1 ", "내 ", "人物表\n", "×　"],
)
@pytest.mark.parametrize("form", ASIAN)
def test_hostile_plain_scripts_take_linear_time(piece, form):
    source = piece * (40_000 // len(piece))
    assert parse_plain(source, form)[-1].end == len(source)
    assert_linear(lambda text: parse_plain(text, form), source)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("第一场 内景 客厅 夜\n\n刘星站在窗前。\n\n刘星\n（低声）\n他不会回来了。\n", "刘星"),
        ("S#1. 거실 - 밤\n\n창밖에 비가 내린다.\n\n민수\n(웃으며)\n들어와.\n", "민수"),
    ],
)
def test_who_speaks_once_above_an_aside_is_a_speaker(source, name):
    kinds = [(str(element.kind), element.words) for element in parse_text(source, is_fountain=False).elements]
    assert ("character", name) in kinds
    assert kinds[-1][0] == "dialogue"


def kinds(source):
    elements = parse_text(source, is_fountain=False).elements
    return [(element.kind, element.words) for element in elements if element.kind is not ElementKind.BLANK]


def test_a_title_page_without_colons_is_no_scene():
    page = "「引き潮」\n\n脚本　森下由美\n第二稿\n\n○　港（朝）\n　　凪、立ち止まる。\n凪「父さん？」\n"
    assert kinds(page)[:4] == [
        ("title_entry", "引き潮"),
        ("title_entry", "森下由美"),
        ("title_entry", "第二稿"),
        ("scene_heading", "○　港（朝）"),
    ]


def test_a_synopsis_is_none_of_the_people():
    source = (
        "人物小传\n\n沈青：女，32岁。\n\n故事梗概\n\n沈青回乡奔丧。\n\n1-1 码头 晨 外\n△海鸥。\n沈青：爸？\n"
    )
    assert kinds(source)[:3] == [
        ("cast_list", "人物小传\n\n沈青：女，32岁。"),
        ("synopsis", "故事梗概\n\n沈青回乡奔丧。"),
        ("scene_heading", "1-1 码头 晨 外"),
    ]


@pytest.mark.parametrize(
    ("line", "name"),
    [("만석(E)    왔다.", "만석(E)"), ("나래(N)\t왔다.", "나래(N)"), ("나래    왔다.", "나래")],
)
def test_a_korean_voice_in_brackets_is_part_of_the_name(line, name):
    source = f"S#1. 부두 / 새벽 / 실외\n\n갈매기 소리.\n\n{line}\n"
    assert kinds(source)[-2:] == [("character", name), ("dialogue", "왔다.")]


def test_a_name_set_in_from_the_margin_speaks_even_once():
    source = (
        "第2场 外景 天桥 夜\n\n男孩捡起头盔。\n\n                    男孩\n          你的头盔。\n\n没有人。\n"
    )
    assert kinds(source)[2:4] == [("character", "男孩"), ("dialogue", "你的头盔。")]


def test_a_remark_on_its_own_line_does_not_end_a_speech_where_action_is_marked():
    source = "1-1 海湾 夜 外\n△雨。\n△风。\n海生：出发了。\n（停顿）\n你听见没有？\n△没有人回答。\n"
    assert kinds(source)[3:] == [
        ("character", "海生"),
        ("dialogue", "出发了。"),
        ("parenthetical", "停顿"),
        ("dialogue", "你听见没有？"),
        ("action", "没有人回答。"),
    ]


@pytest.mark.parametrize("line", ["闪回结束。", "（第一集完）", "△蒙太奇：", "【闪回】"])
def test_what_only_says_how_scenes_are_joined_is_a_transition(line):
    assert kinds(f"1-1 海湾 夜 外\n△雨。\n{line}\n1-2 码头 夜 外\n")[2][0] == "transition"


def test_a_typed_page_has_headings_between_numbers():
    lines = [
        "6       OMITTED                6",
        "",
        "7       THE COVE - NIGHT       7",
        "",
        "8       INT. ROOM 12 - DAY     8",
        "",
    ]
    speech = ["                      McALLISTER", "             Leave it."]
    source = "\n".join([*lines, *speech]) + "\n"
    found = [(element.kind, element.key, element.words) for element in parse_typed(source)]
    assert [each for each in found if each[0] != "blank"] == [
        ("scene_heading", "6", "OMITTED"),
        ("scene_heading", "7", "THE COVE - NIGHT"),
        ("scene_heading", "8", "INT. ROOM 12 - DAY"),
        ("character", "", "McALLISTER"),
        ("dialogue", "", "Leave it."),
    ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            "《末班車》\n編劇：林怡君\n\n1. 內 捷運車廂 夜\n\n車廂空蕩。\n\n（劇終）\n",
            ["title_entry", "title_entry", "scene_heading", "action", "transition"],
        ),
        (
            "　　　「逃げる豆腐」\n\n　　　作・金森　一太\n\n　人　物\n\n　豆田寛治（６２）豆腐屋\n\n"
            "１　豆腐屋（朝）\n\n　　湯気。\n",
            ["title_entry", "title_entry", "cast_list", "scene_heading", "action"],
        ),
        (
            "「引き潮」\n\n脚　本　　森下由美\n\n○港（朝）\n　　凪、立つ。\n",
            ["title_entry", "title_entry", "scene_heading", "action"],
        ),
    ],
)
def test_title_pages_of_traditional_and_spread_letters(page, expected):
    assert [kind for kind, _ in kinds(page)] == expected


def test_a_series_of_shots_is_nobody():
    source = (
        "第1场\n时间：日\n地点：人才市场 内\n\n一组镜头：\n——高磊递简历。\n——高磊吃盒饭。\n面试官：为什么？\n"
    )
    assert [kind for kind, _ in kinds(source)[1:]] == [
        "transition",
        "action",
        "action",
        "character",
        "dialogue",
    ]


def test_numbers_of_inserted_scenes_stand_on_both_sides():
    lines = [
        "3    INT. CORRIDOR - NIGHT    3",
        "A3   INT. DESMOND'S KITCHEN, 1974 - DAY   A3",
        "A4   OMITTED   A4",
    ]
    found = [(e.key, e.words) for e in parse_typed("\n\n".join(lines)) if e.kind is ElementKind.SCENE_HEADING]
    assert found == [
        ("3", "INT. CORRIDOR - NIGHT"),
        ("A3", "INT. DESMOND'S KITCHEN, 1974 - DAY"),
        ("A4", "OMITTED"),
    ]


def test_a_typed_title_above_its_credit_is_nobody():
    title = " " * 20 + "BREAKFAST WITH GHOSTS\n" + " " * 29 + "by\n" + " " * 23 + "Lou Marchetti\n\n"
    page = (
        title
        + "FADE IN:\nINT. DINER - EARLY MORNING\nBetty mops.\n"
        + " " * 22
        + "BETTY\n"
        + " " * 10
        + "Eggs?\n"
    )
    found = [element.kind for element in parse_typed(page) if element.kind is not ElementKind.BLANK]
    assert found[:3] == ["title_entry", "title_entry", "transition"]


def test_a_time_by_itself_on_a_typed_page_is_a_paragraph():
    found = parse_typed("INT. DINER - DAY\nBetty mops.\nLATER\nThe diner is empty.\nBetty\ndances.\n")
    assert [element.words for element in found[1:]] == [
        "Betty mops.",
        "LATER",
        "The diner is empty.\nBetty\ndances.",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "健「（頭を下げて）はじめまして」",
        "健（頭を下げて）「はじめまして」",
        "健\n「（頭を下げて）はじめまして」",
    ],
)
def test_an_aside_inside_the_quotation_marks_is_not_said(line):
    assert kinds(f"○居間（夜）\n　　湯気。\n\n{line}\n")[2:] == [
        ("character", "健"),
        ("parenthetical", "頭を下げて"),
        ("dialogue", "はじめまして"),
    ]


def test_how_a_voice_comes_may_stand_below_the_name():
    source = "1. 內 租屋處 日\n\n手機響。\n\n家豪\n（OS）\n我不是……\n\n家豪\n（愣）\n喂？\n"
    assert kinds(source)[2:] == [
        ("character", "家豪（OS）"),
        ("dialogue", "我不是……"),
        ("character", "家豪"),
        ("parenthetical", "愣"),
        ("dialogue", "喂？"),
    ]
