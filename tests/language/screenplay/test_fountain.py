"""Fountain 1.1: every rule of the syntax, the round trip, and agreement with another reader."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from screenplay_tools.fountain.parser import Parser
from tests.growth import assert_linear

from rushes.core.errors import UsageError
from rushes.language.screenplay.editing import rewrite
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.encoding import decode_script
from rushes.language.screenplay.fountain import parse_fountain

PIECES = [
    "INT. HOUSE - DAY",
    "EXT. BRICK'S POOL - DAY #12A#",
    ".FORCED",
    "...not forced",
    "ANNA",
    "ANNA (V.O.) ^",
    "@安娜",
    "(softly)",
    "Hello there.",
    "She runs.",
    "!LOUD",
    "~la la",
    "CUT TO:",
    "> FADE OUT.",
    "> centered <",
    "===",
    "= synopsis",
    "# Act",
    "[[note]]",
    "[[a note\nover lines]]",
    "[[never closed",
    "/*",
    "*/",
    "/* gone */",
    "Title: x",
    "    indented",
    "  ",
    "",
    "",
    "",
    "1-1 客厅 日 内",
    "○公園（夜）",
    "S#1. 거실 - 밤",
    "\u200b",
    "\u202eright to left",
]
SCRIPTS = st.one_of(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\r\n", "\r"])), max_size=30).map(
        lambda pairs: "".join(words + line_end for words, line_end in pairs)
    ),
    st.text(max_size=80),
)


def kinds(source):
    """(kind, words) of what is not blank."""
    return [(str(e.kind), e.words) for e in parse_fountain(source) if e.kind is not ElementKind.BLANK]


@given(SCRIPTS)
@example("\ufeffINT. A\n")
def test_every_character_is_in_exactly_one_element(source):
    elements = parse_fountain(source)
    assert "".join(source[element.start : element.end] for element in elements) == source
    assert all(element.end > element.start for element in elements)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("INT. HOUSE - DAY\n", [("scene_heading", "INT. HOUSE - DAY")]),
        ("int. house\n\next/int car\n", [("scene_heading", "int. house"), ("scene_heading", "ext/int car")]),
        ("I/E. CAR - DAY\n", [("scene_heading", "I/E. CAR - DAY")]),
        ("INTERIOR LIGHT\n", [("action", "INTERIOR LIGHT")]),
        ("She says\nINT. HOUSE\n", [("action", "She says\nINT. HOUSE")]),
        (".SNIPER SCOPE POV\n", [("scene_heading", "SNIPER SCOPE POV")]),
        ("...where the road ends\n", [("action", "...where the road ends")]),
        ("!INT. NO\n", [("action", "INT. NO")]),
        ("MOTHER\nHi.\n", [("character", "MOTHER"), ("dialogue", "Hi.")]),
        ("MOTHER\n\nHi.\n", [("action", "MOTHER"), ("action", "Hi.")]),
        ("R2D2\nBeep.\n", [("character", "R2D2"), ("dialogue", "Beep.")]),
        ("23\nBeep.\n", [("action", "23\nBeep.")]),
        ("HANS (on the radio)\nWas?\n", [("character", "HANS (on the radio)"), ("dialogue", "Was?")]),
        ("刘星\n走吧\n", [("action", "刘星\n走吧")]),
        ("@刘星\n走吧\n", [("character", "刘星"), ("dialogue", "走吧")]),
        (
            "BO\n(low)\nOne\n(beat)\nTwo\nThree\n",
            [
                ("character", "BO"),
                ("parenthetical", "low"),
                ("dialogue", "One"),
                ("parenthetical", "beat"),
                ("dialogue", "Two\nThree"),
            ],
        ),
        ("@刘星\n（笑）\n走吧\n", [("character", "刘星"), ("parenthetical", "笑"), ("dialogue", "走吧")]),
        ("BO\nTen.\n  \nFour.\n", [("character", "BO"), ("dialogue", "Ten.\n\nFour.")]),
        ("~Willy Wonka\n", [("lyrics", "Willy Wonka")]),
        ("CUT TO:\n\n", [("transition", "CUT TO:")]),
        ("CUT TO:\nBlack\n", [("transition", "CUT TO:"), ("action", "Black")]),
        ("WARP TO:\nBlack\n", [("character", "WARP TO:"), ("dialogue", "Black")]),
        ("FADE IN:\n\nINT. A\n", [("transition", "FADE IN:"), ("scene_heading", "INT. A")]),
        ("> Burn to Pink.\n", [("transition", "Burn to Pink.")]),
        ("> THE END <\n", [("centered", "THE END")]),
        ("====\n", [("page_break", "")]),
        ("= what happens\n", [("synopsis", "what happens")]),
        ("## Scene two\n", [("section", "Scene two")]),
        ("Run [[or walk?]] away.\n", [("action", "Run  away.")]),
        ("[[one\ntwo]]\n", [("note", "one\ntwo")]),
        ("[[one\n\ntwo]]\n", [("action", "[[one"), ("action", "two]]")]),
        ("/* INT. OLD\n\nGone. */\n", [("boneyard", "INT. OLD\n\nGone.")]),
        ("A /* cut\n\nINT. B\n\n*/ stays.\n", [("action", "A  stays.")]),
        ("/* open\n\nINT. A\n", [("action", "/* open"), ("scene_heading", "INT. A")]),
        (
            "Title:\n    Brick\n    & Steel\nAuthor: Stu\n\nHe runs.\n",
            [("title_entry", "Brick\n& Steel"), ("title_entry", "Stu"), ("action", "He runs.")],
        ),
        ("1-1 客厅 日 内\n\n他走。\n", [("scene_heading", "1-1 客厅 日 内"), ("action", "他走。")]),
    ],
)
def test_a_line_is_read_by_the_rules(source, expected):
    assert kinds(source) == expected


def test_numbers_depth_duals_and_force_are_kept():
    source = "INT. A #1-A.2#\n\n### Deep\n\nBO\nHi.\n\n@McBO ^\nHo.\n"
    heading, section, first, _, second, _ = [
        element for element in parse_fountain(source) if element.kind is not ElementKind.BLANK
    ]
    assert (heading.words, heading.key) == ("INT. A", "1-A.2")
    assert section.key == "###"
    assert not first.is_dual
    assert (second.words, second.is_dual, second.is_forced) == ("McBO", True, True)


ORDINARY = """Title: Brick & Steel
Credit: Written by

INT. HARBOUR OFFICE - NIGHT #1#

Rain on the windows. MARA (40s) counts coins.

MARA
(without looking up)
You are late.

JONAS (O.S.)
The bridge was up.

He drops a wet parcel on the desk.

> CUT TO:

EXT. PIER - DAWN

# Act Two

= They wait.

MARA
Do not open it.

JONAS ^
I will not.

~ Row, row

===

> END OF PART ONE <

The boat turns.

SMASH CUT TO:

.FLASHBACK

!MARA IS YOUNG

@McKay
Now.
"""


def their_kinds(source):
    """What screenplay-tools says each element is, in our words; lines of one action are one element."""
    oracle = Parser()
    oracle.mergeActions = False
    oracle.add_text(source)
    names = {"heading": "scene_heading", "lyric": "lyrics", "pagebreak": "page_break"}
    found = []
    for element in oracle.script.elements:
        kind = str(element.type.value).lower()
        if kind == "action" and not element.text_raw.strip():
            found.append(None)
        elif kind == "action" and not element.centered:
            found += [] if found and found[-1] == "action" else ["action"]
        else:
            found.append("centered" if getattr(element, "centered", False) else names.get(kind, kind))
    return [kind for kind in found if kind]


def our_kinds(source):
    return [kind for kind, _ in kinds(source) if kind != "title_entry"]


def test_an_ordinary_script_reads_as_screenplay_tools_reads_it():
    assert our_kinds(ORDINARY) == their_kinds(ORDINARY)


BLOCKS = [
    "INT. HARBOUR OFFICE - NIGHT #1#",
    ".FLASHBACK",
    "Rain on the windows.\nIt does not stop.",
    "!MARA IS YOUNG",
    "MARA\n(low)\nYou are late.\nAgain.",
    "JONAS (O.S.) ^\nThe bridge was up.\n(beat)\nTwice.",
    "@McKay\nNow.",
    "~Row, row",
    "CUT TO:",
    "> BURN TO PINK.",
    "> END OF PART ONE <",
    "===",
    "= They wait.",
    "## Act Two",
    "CLOSE ON the lamp",
    "...and then nothing.",
]


@given(st.lists(st.sampled_from(BLOCKS), max_size=12))
def test_well_formed_scripts_read_as_screenplay_tools_reads_them(blocks):
    source = "INT. START - DAY\n\n" + "\n\n".join(blocks) + "\n"
    assert our_kinds(source) == their_kinds(source)


@given(
    st.lists(st.sampled_from(PIECES), max_size=20),
    st.integers(0, 40),
    st.sampled_from([*PIECES, "new\nwords"]),
)
def test_a_rewritten_element_changes_nothing_but_itself(pieces, index, words):
    source = "\n\n".join(pieces)
    play = Screenplay(source, parse_fountain(source))
    if not play.elements:
        return
    index %= len(play.elements)
    element = play.elements[index]
    try:
        after = rewrite(play, index, words)
    except UsageError:
        return
    assert after.source.startswith(source[: element.start])
    assert after.source.endswith(source[element.end :])
    others = [(e.kind, e.words) for i, e in enumerate(play.elements) if i != index]
    assert [(e.kind, e.words) for i, e in enumerate(after.elements) if i != index] == others
    assert after.elements[index].words == words


@pytest.mark.parametrize(
    ("source", "words", "expected"),
    [
        ("INT. A - DAY #7#\r\n", "EXT. B - NIGHT", "EXT. B - NIGHT #7#\r\n"),
        ("INT. A - DAY\n", "THE ROOF", ".THE ROOF\n"),
        ("ANNA ^\nHi.\n", "Mara", "@Mara ^\nHi.\n"),
        ("Rain.\n", "INT. IS A WORD", "!INT. IS A WORD\n"),
        ("> FADE OUT.\n", "BURN", "> BURN\n"),
        ("Title: A\n\n", "B", "Title: B\n\n"),
        ("== two\n", "three", "= three\n"),
    ],
)
def test_new_words_keep_the_kind(source, words, expected):
    play = Screenplay(source, parse_fountain(source))
    assert rewrite(play, 0, words).source == expected


def test_words_that_would_change_their_neighbours_are_refused():
    source = "Rain.\n\nSun.\n"
    play = Screenplay(source, parse_fountain(source))
    with pytest.raises(UsageError, match="cannot stand as action"):
        rewrite(play, 0, "one\n\nINT. TWO")
    noted = "Rain [[or snow]].\n"
    with pytest.raises(UsageError, match="holds a note"):
        rewrite(Screenplay(noted, parse_fountain(noted)), 0, "Sun.")


@pytest.mark.parametrize(
    "piece", ["[[", "/*", "/*[[", "[[a]", "*" * 3 + "_", "(", "INT. ", "> <", "#1", "a:\n   b\n", "（"]
)
def test_hostile_scripts_take_linear_time(piece):
    source = piece * (100_000 // len(piece))
    assert parse_fountain(source)[-1].end == len(source)
    assert_linear(parse_fountain, source)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_changes_in_the_bytes_of_one_element_only(encoding, line_end):
    text = line_end.join(
        [
            "1-1 客厅 日 内 #1#",
            "",
            "@刘星",
            "（笑）走吧，妈妈在等我们。",
            "",
            "他们走出门去，天已经黑了。",
            "",
        ]
    )
    content = text.encode(encoding)
    decoded = decode_script(content, "a.fountain")
    play = Screenplay(decoded.text, parse_fountain(decoded.text))
    assert decoded.encode("".join(play.text(element) for element in play.elements)) == content
    index = next(i for i, element in enumerate(play.elements) if element.kind is ElementKind.ACTION)
    element = play.elements[index]
    head = decoded.encode(play.source[: element.start])
    tail = play.source[element.end - len(line_end) :].encode(decoded.encoding)
    after = decoded.encode(rewrite(play, index, "雨停了。").source)
    assert content.startswith(head)
    assert after == head + "雨停了。".encode(decoded.encoding) + tail
