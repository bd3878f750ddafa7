"""Film grammar across shots: what must be found, and what must not."""

import pytest
from tests.language.screenplay.annotated import NAMES, load

from rushes.language.bible.continuity import MONOTONOUS, Rule, check_continuity
from rushes.language.bible.draft import draft_bible
from rushes.language.bible.entry import Bible, Entry, EntryKind, SceneDescription
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.text_script import parse_text


def found(source, rule, bible=None):
    breakdown = break_down(parse_text(source, is_fountain=source.startswith(("INT", "EXT"))))
    findings = check_continuity(breakdown, bible or draft_bible(breakdown))
    return [finding for finding in findings if finding.rule is rule]


HEAD = "INT. HALL - DAY\n\nANNA\nWait.\n\n"


LOOKS = {
    "en": "Anna puts on a red wool coat and looks at herself in the mirror for a long while.",
    "zh": "△刘星穿着红色风衣站在门口，望着远处的山，很久没有说话，一动不动。",
    "ja": "　　美咲、白いコートを着てベンチに座り、長いあいだ空を見上げている。何も言わない。",
    "ko": "태오가 노란 앞치마를 두르고 창가에 서서 한참 동안 밖을 바라본다. 아무 말도 없다.",
}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            f"{HEAD}{LOOKS['en']}\n\nAnna's blue coat drips on the floor.\n",
            "ANNA's coat is blue here and red in SC001_SH0020",
        ),
        (
            f"1-1 客厅 日 内\n刘星：走吧\n{LOOKS['zh']}\n△刘星脱下蓝色的风衣。\n",
            "刘星's coat is blue here and red in SC001-001_SH0020",
        ),
        (
            f"○公園（夜）\n美咲「行こう」\n{LOOKS['ja']}\n　　美咲の黒いコートが揺れる。\n",
            "美咲's coat is black here and white in SC001_SH0020",
        ),
        (
            f"S#1. 거실 - 밤\n태오: 가자\n{LOOKS['ko']}\n태오의 빨간 앞치마가 젖었다.\n",
            "태오's apron is red here and yellow in SC001_SH0020",
        ),
    ],
)
def test_a_garment_that_changes_colour_is_found_in_four_languages(source, message):
    assert [finding.message for finding in found(source, Rule.COSTUME)] == [message]


def test_the_bible_has_the_first_word():
    bible = Bible((Entry("anna", EntryKind.CAST, "ANNA", description="a woman in a grey coat"),))
    messages = [
        finding.message for finding in found(HEAD + "Anna opens her green coat.\n", Rule.COSTUME, bible)
    ]
    assert messages == ["ANNA's coat is green here and gray in the bible"]


@pytest.mark.parametrize(
    "words",
    [
        "Anna wears a red coat.\n\nAnna buttons the red wool coat.\n",
        "Anna wears a red coat and blue shoes.\n\nAnna sits on a blue sofa in the coat.\n",
    ],
)
def test_what_agrees_is_left_alone(words):
    assert found(HEAD + words, Rule.COSTUME) == []


def test_a_prop_that_changes_colour_is_found():
    source = (
        HEAD
        + "A red umbrella stands by the door and nobody knows whose it is.\n\nAnna takes the blue umbrella.\n"
    )
    assert [finding.message for finding in found(source, Rule.PROP)] == [
        "umbrella is blue here and red in SC001_SH0020"
    ]


AWAY = "Anna exits left and the long curtain slowly closes behind her back."
LEFT = "Anna runs to the left, past the tall windows and up the stairs."


@pytest.mark.parametrize(
    ("lines", "is_wrong"),
    [
        ((AWAY, "Anna enters left, out of breath."), True),
        ((AWAY, "Anna enters right, out of breath."), False),
        ((LEFT, "Anna runs to the right."), True),
        ((LEFT, "A clock strikes nine times in the empty hall.", "Anna runs to the right."), False),
        ((LEFT, "Ben runs to the right."), False),
    ],
)
def test_screen_direction_that_turns_in_a_cut_is_found(lines, is_wrong):
    assert bool(found(HEAD + "\n\n".join(lines), Rule.DIRECTION)) == is_wrong


def test_too_many_shots_of_one_size_are_found():
    speeches = "".join(f"{name}\nNo.\n\n" for name in ("ANNA", "BEN") * 3)
    finding = found("INT. HALL - DAY\n\n" + speeches, Rule.SIZES)
    assert len(finding[0].codes) >= MONOTONOUS
    assert "6 shots in a row are medium close up" in finding[0].message
    assert found("INT. HALL - DAY\n\nANNA\nNo.\n\nAnna sits.\n\nBEN\nYes.\n", Rule.SIZES) == []


def test_people_without_a_description_are_named_once():
    finding = found(HEAD, Rule.DESCRIPTION)
    assert [one.message for one in finding] == [
        "ANNA has no description: the name alone means nothing to a model"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_our_own_scripts_contradict_themselves_nowhere(name):
    breakdown = break_down(parse_text(load(name).text, is_fountain=name.endswith(".fountain")))
    findings = check_continuity(breakdown, draft_bible(breakdown))
    assert [f for f in findings if f.rule in (Rule.COSTUME, Rule.PROP, Rule.DIRECTION)] == []


TWO_SCENES = {
    "en": (
        "INT. CAFE - DAY\n\nAnna, in a red coat, sits at the window.\n\nANNA\nHe is late.\n\n"
        "EXT. STREET - DAY\n\nAnna in a blue coat walks out.\n\nANNA\nTaxi!\n",
        "ANNA's coat is blue here and red in SC001_SH0010",
    ),
    "zh": (
        "1-1 客厅 日 内\n△刘星穿着红色风衣站在门口。\n刘星：走吧\n\n"
        "1-2 街道 日 外\n△刘星穿着蓝色风衣走来。\n刘星：出租车\n",
        "刘星's coat is blue here and red in SC001-001_SH0010",
    ),
    "ja": (
        "○公園（朝）\n　　美咲、白いコートを着て座っている。\n美咲「遅い」\n\n"
        "○道（昼）\n　　美咲、黒いコートで歩く。\n美咲「行こう」\n",
        "美咲's coat is black here and white in SC001_SH0010",
    ),
    "ko": (
        "S#1. 거실 - 밤\n태오가 노란 앞치마를 두르고 서 있다.\n태오: 가자\n\n"
        "S#2. 부엌 - 밤\n태오의 빨간 앞치마가 젖었다.\n태오: 왔어\n",
        "태오's apron is red here and yellow in SC001_SH0010",
    ),
}


@pytest.mark.parametrize("language", TWO_SCENES)
def test_a_garment_that_changes_colour_from_scene_to_scene_is_found(language):
    source, message = TWO_SCENES[language]
    (finding,) = found(source, Rule.COSTUME)
    assert finding.message == f"{message}: if that is meant, say so in the bible under changes"
    assert len(finding.codes) == 2


def test_a_change_that_is_told_or_stands_in_the_bible_is_meant():
    source, _ = TWO_SCENES["en"]
    assert not found(source.replace("Anna in a blue coat", "Anna puts on a blue coat and"), Rule.COSTUME)
    anna = Entry(
        "anna",
        EntryKind.CAST,
        "ANNA",
        description="a woman in a red coat",
        changes=(SceneDescription("2", "a woman in a blue coat"),),
    )
    assert not found(source, Rule.COSTUME, Bible((anna,)))


def test_a_cut_that_turns_round_is_found_and_one_shot_is_named_once():
    source = (
        "INT. BAR - NIGHT\n\nANNA (30) crosses left to right.\n\nAnna walks right to left past the bar.\n\n"
        "A white cup on the counter. Anna lifts the black cup.\n"
    )
    breakdown = break_down(parse_text(source, is_fountain=True))
    found = {str(each.rule): each.codes for each in check_continuity(breakdown, draft_bible(breakdown))}
    assert found["direction"] == ("SC001_SH0010", "SC001_SH0020")
    assert found["prop"] == ("SC001_SH0030",)
