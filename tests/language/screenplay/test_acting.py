"""People who only act: found where a name stands as a subject, and nobody made of words."""

import pytest
from tests.growth import assert_linear
from tests.language.screenplay.annotated import FOLDER

from rushes.language.bible.draft import draft_bible
from rushes.language.screenplay.acting import acting_names
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.text_script import parse_text

HEADINGS = {
    "zh": "1-1 街道 日 外\n",
    "en": "INT. HOUSE - DAY\n\n",
    "ja": "○公園（昼）\n　",
    "ko": "S#1. 거실 - 낮\n\n",
}
SENTENCES = FOLDER.parent / "data" / "sentences"


def broken(language, action):
    return break_down(parse_text(HEADINGS[language] + action + "\n", is_fountain=language == "en"))


@pytest.mark.parametrize(
    ("language", "action", "names"),
    [
        ("zh", "小红撑伞奔跑", ["小红"]),
        ("zh", "△阿强跟在后面。老王慢慢站起来。", ["阿强", "老王"]),
        ("zh", "雨停了，陈默跑下扶梯。欧阳娜娜推开门。", ["陈默", "欧阳娜娜"]),
        ("zh", "王老师和小明走进教室。", ["王老师", "小明"]),
        ("zh", "李梅坐下。天黑了。李梅离开。", ["李梅"]),
        ("zh", "李小红把信放在桌上。", ["李小红"]),
        ("en", "Anna runs down the stairs. Anna stops.", ["ANNA"]),
        ("en", "The door opens as Clara pulls the rope.", ["CLARA"]),
        ("en", "Suddenly Clara jumps. The cat looks at Clara.", ["CLARA"]),
        ("en", "Mr. Hale sits. Anna Kovac and Ben wait. Ben nods.", ["MR. HALE", "BEN"]),
        ("ja", "健太が走る。", ["健太"]),
        ("ja", "佐藤さんは座る。田中一郎、立ち上がる。", ["佐藤", "田中一郎"]),
        ("ko", "민수가 뛰어간다.", ["민수"]),
        ("ko", "김지은이 웃는다. 박 형사가 들어온다. 윤씨가 선다.", ["김지은", "박 형사", "윤씨"]),
    ],
)
def test_who_acts_is_somebody(language, action, names):
    assert list(acting_names([action], language)) == names


@pytest.mark.parametrize(
    ("language", "action"),
    [
        ("zh", "小孩跑过去。老人坐下。老师走进来。大家看着。阿姨笑了。小狗叫着。白马跑过。小雨下着。"),
        ("zh", "高楼林立。黄昏来临。张望四周。周围站着人。马上跑开。白云飘过。马队走来。石阶向上。"),
        ("zh", "小红帽在桌上。小明星走过。江水流过。方才跑开的人回来。时钟响起。何时回来。"),
        # Once is too little where the name could be a word.
        ("zh", "王强跑了。"),
        ("en", "Rain falls. Rain stops. Dust turns. Dust settles. Silence falls. Silence stretches."),
        ("en", "Suddenly everybody stops. Nobody moves. Nobody speaks. Someone knocks. Someone waits."),
        ("en", "The Stranger enters. The Stranger sits."),
        ("en", "Anna runs down the stairs."),
        ("en", "Rexford wakes. Rain in Rexford stops. Rexford sleeps."),
        ("en", "Gravel slides. He kicks the gravel, and Gravel hits the wall."),
        ("ja", "電車が止まる。少年が笑う。林が揺れる。小川が流れる。小林が広がる。様子が変だ。"),
        ("ko", "고양이가 운다. 정수기가 멈춘다. 한 형사가 본다. 전화기가 울린다. 글씨가 보인다."),
        ("ko", "아이를 재우는 여자. 지은 지 오래된 집. 유리가 깨진다. 하나가 남는다."),
    ],
)
def test_words_are_nobody(language, action):
    assert acting_names([action], language) == ()


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_no_description_of_the_test_sets_holds_a_name(language):
    lines = [
        row.split("\t")[1]
        for path in sorted(SENTENCES.glob(f"*.{language}.tsv"))
        for row in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(lines) > 300
    assert acting_names([line[:1].upper() + line[1:] for line in lines], language) == ()


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko"])
def test_no_word_made_like_a_name_is_somebody(language):
    lines = (FOLDER.parent / "data" / f"nobody.{language}.txt").read_text(encoding="utf-8").splitlines()
    assert acting_names(lines, language) == ()


def test_who_acts_is_in_the_scene_the_shot_and_the_bible():
    breakdown = broken("zh", "小红撑伞奔跑。")
    assert [person.name for person in breakdown.characters] == ["小红"]
    assert breakdown.scenes[0].characters == ("小红",)
    assert breakdown.characters[0].scenes == (breakdown.scenes[0].id,)
    assert breakdown.shots[0].characters == ("小红",)
    assert "cast-小红" in draft_bible(breakdown).by_id()


def test_who_speaks_in_one_scene_is_in_another_where_they_only_act():
    source = "INT. A - DAY\n\nANNA\nHello.\n\nINT. B - DAY\n\nThe light is on. Anna waits.\n"
    breakdown = break_down(parse_text(source, is_fountain=True))
    assert [scene.characters for scene in breakdown.scenes] == [("ANNA",), ("ANNA",)]
    (anna,) = breakdown.characters
    assert anna.scenes == tuple(scene.id for scene in breakdown.scenes)


def test_a_short_name_is_another_name_of_whom_the_script_introduced():
    breakdown = broken("en", "MARA KOVAC (40s) waits. Mara sits. Mara stands.")
    assert [(person.name, person.aliases) for person in breakdown.characters] == [("MARA KOVAC", ("MARA",))]
    assert all(shot.characters == ("MARA KOVAC",) for shot in breakdown.shots)


def test_a_family_name_of_two_people_is_neither():
    breakdown = broken("en", "MARA KOVAC (40s) and JON KOVAC (50) wait. Kovac sits. Kovac stands.")
    assert {person.name: person.aliases for person in breakdown.characters} == {
        "MARA KOVAC": (),
        "JON KOVAC": (),
    }


def test_names_are_looked_for_in_time_that_grows_with_the_script():
    def read(text):
        for language in ("zh", "en", "ja", "ko"):
            acting_names([text], language)

    assert_linear(read, "小红和老王王王。Anna and Ben and Mr. A 김민수가 佐藤、" * 400)


@pytest.mark.parametrize(
    ("action", "is_seen"),
    [
        ("민수가 문을 연다.", True),
        ("그는 민수네 집에 간다.", True),
        ("민수련원의 문이 열린다.", False),
        ("이민수당", False),
    ],
)
def test_a_korean_name_is_no_part_of_a_word(action, is_seen):
    source = f"S#1. 거실 - 낮\n\n민수: 네.\n\nS#2. 길 - 밤\n\n{action}\n"
    scene = break_down(parse_text(source, is_fountain=False)).scenes[1]
    assert scene.characters == (("민수",) if is_seen else ())
