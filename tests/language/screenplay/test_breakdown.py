"""Scripts broken down by rules: the same every time, nothing filmed left out."""

import pytest
from hypothesis import given
from tests.growth import assert_linear
from tests.language.screenplay.annotated import NAMES, load
from tests.language.screenplay.test_fountain import SCRIPTS

from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.duration import action_seconds, speech_seconds
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.fountain import parse_fountain
from rushes.language.screenplay.props import find_props
from rushes.language.screenplay.reimport import reimport
from rushes.language.screenplay.shot import Coverage
from rushes.language.screenplay.shot_rules import LONGEST_SHOT_S
from rushes.language.screenplay.text_script import parse_text


def fountain(source):
    return break_down(Screenplay(source, parse_fountain(source)))


def script(name):
    return break_down(parse_text(load(name).text, is_fountain=name.endswith(".fountain")))


TALK = """INT. KITCHEN - DAY

Ruth puts a key on the table.

RUTH
Take it.

TOM
No.

RUTH
Take it now.

TOM (V.O.)
I never did.

INSERT - THE KEY

It is rusty.

[[insert: a hand on the lock]]
"""


def test_masters_share_words_and_inserts_of_notes_have_none():
    shots = fountain(TALK).shots
    assert [(str(shot.coverage), shot.size, shot.characters) for shot in shots] == [
        ("action", "wide_shot", ("RUTH",)),
        ("master", "medium_wide_shot", ("RUTH", "TOM")),
        ("single", "medium_close_up", ("RUTH",)),
        ("single", "medium_close_up", ("TOM",)),
        ("single", "medium_close_up", ("RUTH",)),
        ("reaction", "medium_close_up", ("TOM",)),
        ("insert", "close_up", ()),
        ("insert", "close_up", ()),
    ]
    assert shots[1].spans == (*shots[2].spans, *shots[3].spans)
    assert [TALK[span.start : span.end].strip() for span in shots[6].spans] == [
        "INSERT - THE KEY",
        "It is rusty.",
    ]
    assert shots[7].spans == ()
    assert shots[7].text == "a hand on the lock"
    assert [shot.code for shot in shots[:3]] == ["SC001_SH0010", "SC001_SH0020", "SC001_SH0030"]


LATE = """INT. LOBBY - NIGHT

Desmond mops.

DESMOND
Closed.

LENA runs in.

LENA
Please.

DESMOND
No.
"""


def test_nobody_is_in_a_master_before_they_come_in():
    spoken = [shot for shot in fountain(LATE).shots if shot.coverage is not Coverage.ACTION]
    assert [(str(shot.coverage), shot.text) for shot in spoken] == [
        ("single", "DESMOND: Closed."),
        ("master", "LENA: Please. DESMOND: No."),
        ("single", "LENA: Please."),
        ("single", "DESMOND: No."),
    ]


@pytest.mark.parametrize("between", ["(into phone)\n", "(on her cell phone)\n"])
def test_people_on_the_phone_are_not_in_one_picture(between):
    script = f"INT. OFFICE - DAY\n\nJune waits.\n\nJUNE\n{between}Hello?\n\nOKAFOR\n{between}It's me.\n"
    assert Coverage.MASTER not in {shot.coverage for shot in fountain(script).shots}


def test_scenes_know_who_and_what_is_in_them():
    scene = fountain(TALK).scenes[0]
    assert (scene.number, scene.setting, scene.location, scene.time) == ("1", "interior", "KITCHEN", "DAY")
    assert scene.characters == ("RUTH", "TOM")
    assert scene.props == ("key",)
    assert fountain(TALK).props[0].words == ("key",)


def test_long_paragraphs_and_speeches_are_cut_into_shots_a_model_can_make():
    source = (
        "INT. A - DAY\n\n" + "She runs down the long stairs. " * 9 + "\n\nBO\n" + "I will not go. " * 9 + "\n"
    )
    shots = fountain(source).shots
    assert len(shots) > 5
    assert all(0 < shot.duration_s <= LONGEST_SHOT_S for shot in shots)
    action = [span for shot in shots if shot.coverage is Coverage.ACTION for span in shot.spans[-1:]]
    assert (
        "".join(source[span.start : span.end] for span in action).strip()
        == ("She runs down the long stairs. " * 9).strip()
    )


def test_numbers_of_the_script_win_and_twins_get_letters():
    source = "INT. A #7#\n\nX.\n\nINT. B\n\nX.\n\nINT. C #7#\n\nX.\n"
    assert [scene.number for scene in fountain(source).scenes] == ["7", "8", "7A"]


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (("1A", "", ""), ["1A", "2", "3"]),
        (("5", "", "", "6"), ["5", "5A", "5B", "6"]),
        (("", "5", ""), ["1", "5", "6"]),
        (("12", "12", ""), ["12", "12A", "13"]),
    ],
)
def test_a_scene_without_a_number_is_counted_on_from_the_one_before(written, numbers):
    marks = [f" #{number}#" if number else "" for number in written]
    source = "\n".join(f"INT. ROOM {place} - DAY{mark}\n\nX.\n" for place, mark in enumerate(marks))
    assert [scene.number for scene in fountain(source).scenes] == numbers


@pytest.mark.parametrize(
    ("name", "people", "props"),
    [
        (
            "en_harbour.fountain",
            {"MARA", "JONAS", "DOCK WORKER"},
            {"parcel", "knife", "coin", "lamp", "clock"},
        ),
        ("en_attic.fountain", {"RUTH", "TOM"}, {"toolbox", "photograph", "key", "torch", "piano"}),
        ("zh_rainnight", {"刘星", "老周", "小雨", "黑衣人"}, {"lamp", "box", "lock", "doll", "torch"}),
        ("zh_office", {"陈默", "林晚", "老人", "同事"}, {"briefcase", "headphones", "newspaper", "ticket"}),
        ("ja_station", {"美咲", "佐伯", "少年"}, {"umbrella", "bag", "photograph", "pot"}),
        ("ja_kitchen", {"葵", "蓮", "修"}, {"helmet", "plate", "notebook", "bottle"}),
        ("ko_rooftop", {"민수", "지은", "할머니"}, {"telescope", "torch", "notebook", "fruit"}),
        ("ko_market", {"태오", "하나"}, {"bucket", "radio", "notebook", "pen"}),
    ],
)
def test_people_and_things_are_found_in_four_languages(name, people, props):
    found = script(name)
    assert {character.name for character in found.characters} == people
    assert props <= {prop.id for prop in found.props}


def test_people_carry_what_the_script_says_of_them():
    people = {character.name: character for character in script("en_harbour.fountain").characters}
    assert people["MARA"].aliases == ("MARA KOVAC",)
    assert people["MARA"].description == "40s, grey wool coat"
    chinese = {character.name: character.description for character in script("zh_rainnight").characters}
    assert chinese["刘星"] == "三十岁，红色风衣，退役女兵"


@pytest.mark.parametrize(
    ("action", "people"),
    [
        ("A WAITER brings the bill.", ["WAITER"]),
        ("TWO COPS enter. Several SECURITY GUARDS wait.", ["COPS", "SECURITY GUARDS"]),
        ("Anna runs past a NURSE. Anna nods.", ["NURSE", "ANNA"]),
        ("A POLICE CAR stops. The WATCH ticks. A DOG barks.", []),
        ("A WAITER's voice. The sign says NO CHILDREN.", []),
        ("THE END", []),
    ],
)
def test_extras_in_capitals_are_people_of_their_scene(action, people):
    breakdown = fountain(f"INT. A - DAY\n\n{action}\n\nINT. B - DAY\n\nRain.\n")
    assert [person.name for person in breakdown.characters] == people
    assert [sorted(scene.characters) for scene in breakdown.scenes] == [sorted(people), []]


def test_what_the_script_says_of_an_extra_later_is_kept():
    breakdown = fountain("INT. A - DAY\n\nA WAITER waits.\n\nThe WAITER, 60, red vest, bows.\n")
    assert [(person.name, person.description) for person in breakdown.characters] == [
        ("WAITER", "60, red vest")
    ]


def test_shouted_words_are_nobody():
    source = (
        "INT. A\n\nBOOM, the door flies open. RINGING, then silence. PULL BACK, slowly.\n\n"
        "RUTH, 60, sits. BEN, a tall boy, and MARA KOVAC (40s, in grey) stand.\n"
    )
    found = {character.name: character.description for character in fountain(source).characters}
    assert found == {"RUTH": "60", "BEN": "a tall boy", "MARA KOVAC": "40s, in grey"}


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("我不走。我女儿在他们手里，我是来换人的。", 3.0, 5.0),
        ("I am not leaving. They have my daughter.", 2.5, 4.0),
        ("行きません。娘があの人たちの手にあるんです。", 3.0, 5.0),
        ("안 가요. 제 딸이 그 사람들 손에 있어요.", 2.5, 5.0),
    ],
)
def test_the_same_line_takes_about_as_long_in_every_language(words, low, high):
    assert low <= speech_seconds(words) <= high
    assert 1.5 <= action_seconds(words) <= high


def covered(breakdown):
    marks = bytearray(len(breakdown.source))
    for shot in breakdown.shots:
        for span in shot.spans:
            marks[span.start : span.end] = b"\1" * (span.end - span.start)
    return marks


@given(SCRIPTS)
def test_any_script_breaks_down_and_everything_filmed_is_in_a_shot(source):
    play = Screenplay(source, parse_fountain(source))
    first, second = break_down(play), break_down(play)
    assert first == second
    assert len({shot.id for shot in first.shots}) == len(first.shots)
    assert len({shot.code for shot in first.shots}) == len(first.shots)
    assert {shot.scene_id for shot in first.shots} <= {scene.id for scene in first.scenes}
    marks = covered(first)
    for element in play.elements:
        is_filmed = element.kind in (ElementKind.DIALOGUE, ElementKind.ACTION)
        if is_filmed and element.words.strip("!\n "):
            assert any(marks[element.start : element.end]), element


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_annotated_scripts_is_in_a_shot(name):
    play = parse_text(load(name).text, is_fountain=name.endswith(".fountain"))
    marks = covered(break_down(play))
    filmed = [
        e for e in play.elements if e.kind in (ElementKind.DIALOGUE, ElementKind.ACTION, ElementKind.LYRICS)
    ]
    assert all(any(marks[element.start : element.end]) for element in filmed)


def test_a_script_of_120_pages_breaks_down_in_linear_time():
    page = load("en_harbour.fountain").text.split("INT. HARBOUR", 1)[1][:1700]
    source = "".join(f"INT. HARBOUR{page}\n\n" for _ in range(120))
    assert len(fountain(source).scenes) >= 120
    assert_linear(fountain, source)


@pytest.mark.parametrize(
    "source",
    [
        "".join(f"INT. A #1#\n\nX{i} waits.\n\n" for i in range(2000)),
        "INT. A\n\n" + "".join(f"NAME{chr(65 + i % 26)}{i}\nHi.\n\n" for i in range(2000)),
        "INT. A\n\n" + "".join(f"Q{'Z' * (i % 30)} FULL, {i}, sits.\n\n" for i in range(2000)),
        "INT. A\n\n" + "! ? " * 10_000,
        "INT. A\n\nBO\n" + "...... " * 5_000,
        "[[insert: x]]\n\n" * 2000,
    ],
)
def test_hostile_scripts_break_down_in_linear_time(source):
    assert_linear(lambda text: reimport(fountain(text), Screenplay(text, parse_fountain(text))), source)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "He lays a compass and an anchor on the deck.", ["compass", "anchor"]),
        ("zh", "他把指南针放进口袋。", ["compass"]),
        ("ja", "彼は羅針盤を机に置く。", ["compass"]),
        ("ko", "그는 나침반을 꺼낸다.", ["compass"]),
        ("en", "They drum on the table and fan the fire. He can ring tomorrow.", []),
        ("en", "She drinks it. One glass of milk.", ["glass"]),
        ("zh", "他拿起一把刀，一刀切开。", ["knife"]),
        ("zh", "她戴着眼镜", ["glasses"]),
        ("ja", "眼鏡をかける", ["glasses"]),
        ("ko", "도망치는 사내가 망치를 든다.", ["hammer"]),
    ],
)
def test_props_of_the_lexicon_are_found(language, text, expected):
    found = [each.prop_id for each in find_props(text, language)]
    assert [each for each in found if each != "table"] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("그녀는 책을 읽는다.", ["책"]),
        ("책 한 권과 빵이 있다.", ["책", "빵"]),
        ("정책이 바뀐다. 책상. 책임.", []),
    ],
)
def test_short_korean_props_are_named_without_their_particles(text, words):
    assert [each.word for each in find_props(text, "ko") if each.word != "책상"] == words


HARBOUR = """INT. OFFICE - DAY

GUS TRAN (60s, harbor master, clipboard, thermos) pours coffee.
NELL OKORO (38) waits. DEPUTY CAL MARCH, 29, sunburned, sits.

On the desk a WATCH, a PHOTOGRAPH, a REVOLVER. The sun is like a hammer.

GUS (O.S.)
You're late.

NELL
Where is he?

MARCH
Who?

DEPUTY MARCH
Pick up.

NELL (V.O.)
I never did.

BEGIN FLASHBACK:

SUPER: "Eleven years earlier"

INTERCUT - OFFICE / STATION
"""


def test_props_in_capitals_are_no_people_and_a_title_is_no_second_person():
    found = fountain(HARBOUR)
    names = {person.name: person.description for person in found.characters}
    assert names == {
        "GUS": "60s, harbor master, clipboard, thermos",
        "NELL": "38",
        "MARCH": "29, sunburned",
    }
    assert "hammer" not in {prop.id for prop in found.props}


def test_a_voice_is_heard_by_somebody_else_and_a_narration_shows_who_tells_it():
    shots = fountain(HARBOUR).shots
    heard, told = (shot.characters for shot in shots if shot.coverage is Coverage.REACTION)
    assert "GUS" not in heard
    assert told == ("NELL",)


def test_words_on_screen_are_a_title_and_how_scenes_are_cut_is_no_shot():
    shots = fountain(HARBOUR).shots
    assert [shot.text for shot in shots if shot.coverage is Coverage.TITLE] == ["Eleven years earlier"]
    assert not any(word in shot.text for shot in shots for word in ("FLASHBACK", "INTERCUT"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("EXT. SLIP - DAY\n\nNELL (38) parks.\n\nShe stops at the slip.\n\nNobody comes.\n", ("NELL",)),
        ("EXT. SLIP - DAY\n\nNELL (38) hits BEN (9).\n\nShe stops at the slip.\n", ()),
    ],
)
def test_a_pronoun_means_the_only_person_of_the_scene(source, expected):
    shots = {shot.text: shot.characters for shot in fountain(source).shots}
    assert shots["She stops at the slip."] == expected


def test_the_thing_of_a_cue_stays_in_the_words_of_its_shot():
    insert = next(shot for shot in fountain(TALK).shots if shot.coverage is Coverage.INSERT and shot.spans)
    assert insert.text == "THE KEY: It is rusty."


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "沈青开着面包车。", set()),
        ("zh", "桌上有面包。", {"bread"}),
        ("ko", "칼에 손을 얹는다. 칼국수.", {"knife"}),
    ],
)
def test_a_word_inside_a_longer_word_is_no_prop(language, text, expected):
    assert {mention.prop_id for mention in find_props(text, language)} == expected


def test_a_cast_list_gives_one_person_a_line():
    source = (
        "登場人物\n水島　凪（32）　漁師の娘\n水島　源三（58）　凪の父（回想のみ）\n\n"
        "○　港（朝）\n　　凪、立ち止まる。\n凪「父さん？」\n源三「ああ」\n\n"
        "○　同・事務所（夜）\n　　凪、座る。\n"
    )
    found = break_down(parse_text(source, is_fountain=False))
    people = {person.name: (person.aliases, person.description) for person in found.characters}
    assert people == {
        "凪": (("水島凪",), "32，漁師の娘"),
        "源三": (("水島源三",), "58，凪の父（回想のみ）"),
    }
    assert [scene.location for scene in found.scenes] == ["港", "港・事務所"]


def test_a_remark_inside_a_speech_takes_no_time_to_say():
    assert speech_seconds("（ため息をついて）長い話になる") == speech_seconds("長い話になる")


def test_a_sentence_that_a_margin_broke_is_one_shot_without_the_margin():
    sentence = "ANNA (30, in a long grey coat) walks|along the pier and over a bridge with a coil of rope."
    plain = "INT. A - DAY\n\n%s She stops.\n\nThey wait.\n"
    whole = fountain(plain % sentence.replace("|", " "))
    broken = fountain(plain % sentence.replace("|", "\n          "))
    assert [shot.text for shot in broken.shots] == [shot.text for shot in whole.shots]
    assert whole.shots[0].text == sentence.replace("|", " ")


def test_who_she_may_be_is_still_no_thing():
    shots = fountain("INT. A - DAY\n\nANN (30) hits EVE (9).\n\nShe throws the rope to the boat.\n").shots
    assert (shots[1].size, shots[1].characters) == ("medium_shot", ())


@pytest.mark.parametrize("line", ["LATER", "MOMENTS LATER", "稍后", "その後", "잠시 후"])
def test_a_time_by_itself_is_no_shot(line):
    shots = fountain(f"INT. DINER - DAY\n\nA lamp.\n\n{line}\n\nA stool.\n").shots
    assert [shot.text for shot in shots] == ["A lamp.", "A stool."]


def test_pictures_behind_long_dashes_are_those_of_a_series_of_shots():
    source = "第1场 人才市场 内 日\n\n一组镜头：\n——高磊递简历。\n——高磊吃盒饭。\n"
    breakdown = break_down(parse_text(source, is_fountain=False))
    assert [shot.text for shot in breakdown.shots] == ["高磊递简历。", "高磊吃盒饭。"]
    assert not breakdown.characters


def test_an_abbreviation_ends_no_shot():
    text = "A sheet is pulled back over the cold steel table. DR. IYER, a small woman in gloves, waits there."
    shots = fountain(f"INT. MORGUE - NIGHT\n\n{text}\n").shots
    assert [shot.text for shot in shots][-1].startswith("DR. IYER")
