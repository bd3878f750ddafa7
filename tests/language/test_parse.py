import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.growth import assert_linear

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.parse import MAX_CHARACTERS, parse
from rushes.language.spec import PARTS

LEXICON = Lexicon.load()


def labels(text: str, part: str) -> list[str]:
    return [("!" if found.negated else "") + found.concept for found in parse(text).found(part)]


def test_the_json_has_the_promised_keys():
    plain = json.loads(json.dumps(parse("A red fox runs, no blood").as_json()))
    assert tuple(plain) == PARTS
    assert plain["subjects"][0] == {
        "concept": "fox",
        "kind": "animal",
        "broader": ["canine", "quadruped", "animal"],
        "span": [6, 9],
        "negated": False,
        "confidence": 1.0,
        "attributes": {
            "colour": [
                {
                    "concept": "red",
                    "kind": "colour",
                    "broader": ["warm_color"],
                    "span": [2, 5],
                    "negated": False,
                    "confidence": 1.0,
                }
            ]
        },
    }
    assert plain["beats"][0]["who"] == ["fox"]
    assert [found["negated"] for found in plain["subjects"]] == [False, True]


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("尽管下雨，孩子们仍在公园追逐气球", "weather", ["rain"]),
        ("尽管下雨，孩子们仍在公园追逐气球", "beats", ["chase"]),
        (
            "She runs, looks back, leaps and falls into the river",
            "beats",
            ["run", "look_back", "leap", "fall"],
        ),
        ("彼女は走り、振り返り、跳び、川に落ちる", "beats", ["run", "look_back", "leap", "fall"]),
        ("他回了头，跳下来", "beats", ["look_back", "leap"]),
        ("Before jumping off the balcony, the thief looks back", "beats", ["look_back", "leap"]),
        ("도둑은 뛰어내리기 전에 뒤를 돌아본다", "beats", ["look_back", "leap"]),
        ("the camera pans left", "camera", ["pan_left"]),
        ("the camera slowly pans to the left", "camera", ["slow", "pan_left"]),
        ("镜头跟随女孩奔跑", "camera", ["track"]),
        ("女孩跟着狗奔跑", "camera", []),
        ("a man follows a dog", "beats", ["follow"]),
        ("the camera follows a man, then he stops", "beats", ["stop"]),
        ("the camera follows as a green can soars", "beats", ["fly"]),
        ("the camera follows as a green can soars", "camera", ["track"]),
        ("カメラが少年を追う", "camera", ["track"]),
        ("少年が犬を追う", "beats", ["chase"]),
        ("카메라가 소년을 따라간다", "camera", ["track"]),
        ("소년이 개를 따라간다", "beats", ["follow"]),
        ("a can of soda", "subjects", ["can"]),
        ("she can run", "subjects", ["woman"]),
        ("a dragon breathes fire like a volcano", "environment", []),
        ("飛ぶ鳥のように走る男", "subjects", ["man"]),
        ("새처럼 나는 소년", "subjects", ["boy"]),
        ("새 차가 달린다", "subjects", ["car"]),
        ("새가 난다", "subjects", ["bird"]),
        ("马上出发的骑士", "subjects", ["knight"]),
        ("海外の駅", "environment", ["station"]),
        ("一只 fox 在雪地里 run", "subjects", ["fox"]),
        ("A delivery drone lowers a parcel", "subjects", ["drone", "package"]),
        ("A mail truck bounces along a track", "subjects", ["truck"]),
        ("a mime stands behind an imaginary wall", "environment", ["house_wall"]),
        ("a glass rolls off the bar", "subjects", ["glass"]),
        ("fo\u200bx", "subjects", ["fox"]),
        ("\u202eraed a dna xof\u202c a fox", "subjects", ["fox"]),
    ],
)
def test_words_mean_what_their_place_says(text, part, expected):
    assert labels(text, part) == expected


@pytest.mark.parametrize(
    ("text", "subjects", "beats", "unknown"),
    [
        ("KTX가 달린다", ["bullet_train"], ["run"], []),
        ("LED가 빛난다", [], [], []),
        ("CCTV를 든 남자", ["man"], ["hold"], []),
        ("TV를 보는 아이", ["television", "child"], ["look"], []),
        ("BMW가 달린다", [], ["run"], ["BMW"]),
        ("T4로 달리는 남자", ["man"], ["run"], ["T4"]),
        ("BMW는 달리고 DJ는 잔다", [], ["run", "sleep"], ["BMW", "DJ"]),
        ("1인칭으로 달린다", [], ["run"], []),
    ],
)
def test_korean_particles_behind_latin_letters_and_digits_are_no_words(text, subjects, beats, unknown):
    spec = parse(text, "ko")
    assert (labels(text, "subjects"), labels(text, "beats")) == (subjects, beats)
    assert [text[slice(*span)] for span in spec.unknown] == unknown


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("a forest, no rain, snow or fog", "weather", ["!rain", "!snow", "!fog"]),
        ("no blood, a dog runs", "subjects", ["!blood", "dog"]),
        ("not a horse but a cow", "subjects", ["!horse", "cow"]),
        ("The horse is not running but standing", "beats", ["!run", "stand"]),
        ("nobody is running", "beats", ["!run"]),
        ("an old man without a hat or a coat", "subjects", ["old_man"]),
        ("not handheld, a static shot", "camera", ["!handheld", "static"]),
        ("没有血，没有枪", "subjects", ["!blood", "!gun"]),
        ("没有雨和雪的森林", "weather", ["!rain", "!snow"]),
        ("不停旋转的机器人", "beats", ["spin"]),
        ("没有红色的车", "subjects", ["!car"]),
        ("没有风的夜晚", "time", ["night"]),
        ("雨や雪のない森", "weather", ["!rain", "!snow"]),
        ("雨は降っていない", "weather", ["!rain"]),
        ("走らない犬", "beats", ["!run"]),
        ("走らない犬", "subjects", ["dog"]),
        ("血は見せないで", "subjects", ["!blood"]),
        ("비가 오지 않는 숲", "weather", ["!rain"]),
        ("눈도 비도 없이", "weather", ["!snow", "!rain"]),
        ("개가 달리지 않고 서 있다", "beats", ["!run", "stand"]),
        ("끊임없이 달리는 개", "beats", ["run"]),
        ("a horse without a rider trots", "beats", ["walk"]),
        ("a horse without a rider trots", "subjects", ["horse", "!driver"]),
        ("a car with no driver rolls downhill", "beats", ["roll"]),
        ("a boat with nobody aboard drifts", "beats", ["float"]),
        ("a street without people walking", "beats", ["!walk"]),
        ("a man without a hat runs", "beats", ["run"]),
        ("没有骑手的马在小跑", "subjects", ["!driver", "horse"]),
        ("没有骑手的马在小跑", "beats", ["run"]),
        ("騎手のいない馬が走る", "subjects", ["!driver", "horse"]),
        ("騎手のいない馬が走る", "beats", ["run"]),
        ("기수 없는 말이 걷는다", "subjects", ["!driver", "horse"]),
        ("기수 없는 말이 걷는다", "beats", ["walk"]),
        ("雨停了", "weather", ["!rain"]),
        ("it is not snowing anymore", "weather", ["!snow"]),
    ],
)
def test_what_is_ruled_out_is_marked(text, part, expected):
    assert labels(text, part) == expected


def attributes(text: str) -> dict[str, list[str]]:
    return {
        found.concept: [attribute.concept for attribute in found.attributes]
        for found in parse(text).everything()
        if found.attributes
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一位红斗篷女战士", {"warrior": ["cloak"], "cloak": ["red"]}),
        (
            "a woman in a blue dress and a white hat",
            {"woman": ["dress", "hat"], "dress": ["blue"], "hat": ["white"]},
        ),
        ("赤いマントの女", {"woman": ["cloak"], "cloak": ["red"]}),
        ("붉은 망토를 두른 여자", {"woman": ["cloak"], "cloak": ["red"]}),
        ("三只小狐狸", {"fox": ["three", "small"]}),
        ("three wolves", {"wolf": ["three"]}),
        ("늑대 세 마리", {"wolf": ["three"]}),
        ("狼の群れ", {"wolf": ["group"]}),
        ("a giant turtle", {"turtle": ["big"]}),
        ("A white horse on a green meadow", {"horse": ["white"], "meadow": ["green"]}),
    ],
)
def test_attributes_belong_to_their_owner(text, expected):
    assert attributes(text) == expected


@pytest.mark.parametrize(
    ("text", "who", "whom"),
    [
        ("a cat chases a mouse", ("cat",), ("mouse",)),
        ("猫追着老鼠", ("cat",), ("mouse",)),
        ("老鼠被猫追赶", ("cat",), ("mouse",)),
        ("猫がネズミを追いかける", ("cat",), ("mouse",)),
        ("고양이가 쥐를 쫓는다", ("cat",), ("mouse",)),
        ("The mouse is chased by the cat", ("cat",), ("mouse",)),
        ("追逐老鼠的猫", ("cat",), ("mouse",)),
        ("쥐를 쫓는 고양이", ("cat",), ("mouse",)),
    ],
)
def test_who_does_what_to_whom(text, who, whom):
    (beat,) = parse(text).beats
    assert (beat.action.concept, beat.who, beat.whom) == ("chase", who, whom)


def beats(text: str) -> list[str]:
    return [">".join((*beat.who, beat.action.concept, *beat.whom)) for beat in parse(text).beats]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A word that is a verb as well is a thing before the verb it needs.
        ("A green soda can soars", ["can>fly"]),
        # Behind "and" or a comma the subject stays, whatever was acted on in between.
        ("A hawk dives, snatches a rabbit and flies back", ["eagle>dive", "eagle>grab>rabbit", "eagle>fly"]),
        ("老鹰俯冲而下，抓起兔子，飞向悬崖", ["eagle>dive", "eagle>grab>rabbit", "eagle>fly"]),
        (
            "The climber loses his grip, falls, and the rope catches him",
            ["climber>drop", "climber>fall", "rope>catch>climber"],
        ),
        # Weather acts, and is nobody; a door that opens acts too.
        ("농부가 달리고 연기가 피어오른다", ["farmer>run", "smoke>rise"]),
        ("农夫奔跑，雾气弥漫", ["farmer>run"]),
        ("宇宙船が着陸し、扉が開く", ["spaceship>land", "door>open"]),
        ("거대한 파도가 등대를 삼키고 등대지기가 운다", ["sea_wave>eat>lighthouse", "lighthouse_keeper>cry"]),
        # A drop of honey drops nothing.
        ("A drop of honey falls onto a pancake", ["honey>fall"]),
        # What a verb qualifies does it; て goes on with the subject before.
        ("女の子が泣いている男の子を見る", ["boy>cry", "girl>look>boy"]),
        ("剣士が屋根に飛び乗って霧の中へ消える", ["swordsman>leap", "swordsman>disappear"]),
        # Helping verbs help.
        ("소년이 소녀를 재킷으로 가려 준다", ["boy>cover>girl"]),
        # He and she are the nearest who may be.
        ("The singer leaps and the crowd catches her", ["singer>leap", "crowd>catch>singer"]),
        ("歌手跳下舞台，人群接住她", ["singer>leap", "crowd>catch>singer"]),
        # Who owns a thing does not act.
        ("他的狗在跑", ["dog>run"]),
    ],
)
def test_subjects_go_on_and_change(text, expected):
    assert beats(text) == expected


@pytest.mark.parametrize("text", ["", " \n", "\u3000", "a\0b", "x" * (MAX_CHARACTERS + 1)])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(UsageError):
        parse(text)


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match="fr"):
        parse("a fox", "fr")


fragments = st.sampled_from(
    [
        *(
            concept.word(language)
            for concept in list(LEXICON.concepts.values())[::60]
            for language in LANGUAGES
        ),
        *(
            "没有",
            "no ",
            "ない",
            "없이",
            "、",
            ", ",
            "，",
            " and ",
            "和",
            "的",
            "の",
            "のような",
            "가",
            "を",
            "camera ",
        ),
        *(
            "镜头",
            "not ",
            "before ",
            "\u200b",
            "\u0301",
            "\u202e",
            "🎬",
            "\ud800",
            "ｶﾞ",
            "\u1100\u1161",
            "-",
            "'s ",
        ),
    ]
)


@given(st.one_of(st.text(min_size=1, max_size=150), st.lists(fragments, max_size=40).map("".join)))
@settings(deadline=None, max_examples=300)
def test_any_text_gives_a_sound_spec(text):
    if not text.strip() or "\0" in text:
        return
    spec = parse(text)
    assert spec == parse(text)
    for found in spec.everything():
        start, end = found.span
        assert 0 <= start < end <= len(text)
        assert 0 < found.confidence <= 1
        assert found.broader == LEXICON.ancestors(found.concept)
    named = {found.concept for found in spec.everything()}
    for beat in spec.beats:
        assert set(beat.who) | set(beat.whom) <= named
    json.dumps(spec.as_json())


UNITS = [
    *(
        "开",
        "红",
        "no ",
        "小さな",
        "비가 ",
        "가",
        "フォ",
        "e\u0301",
        "\u200b",
        "a",
        "の없이",
        "没有雨和",
        "like ",
    ),
    *(
        "coat ",
        "before jumping ",
        "light ",
        "the camera follows ",
        "red ",
        "不",
        "nobody runs ",
        "도 없이 ",
        "slow ",
    ),
]


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_texts_take_linear_time(unit):
    for language in LANGUAGES:
        parse("warm up", language)
    text = (unit * MAX_CHARACTERS)[:MAX_CHARACTERS]
    assert_linear(parse, "x" + text[1:])


def test_a_size_ruled_out_with_what_it_shows_is_ruled_out():
    for text in ("女骑手冲过隧道，不要人脸特写", "A rider in a tunnel, no face close-up"):
        assert [found.concept for found in parse(text).present("camera")] == []
        assert [found.concept for found in parse(text).found("camera")] == ["close_up"]


def test_several_glasses_are_things():
    spec = parse("The waiter carries a tray of glasses")
    assert {found.concept for found in spec.found("subjects")} == {"waiter", "tray", "glass"}


@pytest.mark.parametrize(
    "text",
    [
        "사람은 아무도 없다",
        "街には人が誰もいない",
        "거리에는 사람이 한 명도 없다",
        "街上没有人",
        "There is nobody",
    ],
)
def test_nobody_is_there_and_absent_at_once(text):
    spec = parse(text)
    assert [(found.concept, found.negated) for found in spec.found("subjects")] == [("person", True)]


@pytest.mark.parametrize(
    "text", ["비가 그친 거리", "비가 멎었다", "雨停了", "雨が止んだ", "the rain has stopped"]
)
def test_weather_that_is_over_is_ruled_out_and_no_beat(text):
    spec = parse(text)
    assert [(found.concept, found.negated) for found in spec.found("weather")] == [("rain", True)]
    assert not spec.beats
