from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.degrees import LEVELS
from rushes.language.edit import put, replaced
from rushes.language.morphology import japanese, korean
from rushes.language.parse import parse
from rushes.language.variants import count, read_axis, variants


def texts(text: str, *axes: str, **options) -> list[str]:
    return [each.text for each in variants(text, [read_axis(axis) for axis in axes], **options)]


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        (
            "尽管下雨，孩子们仍在公园追逐气球",
            "weather=snow,fog",
            ["尽管下雪，孩子们仍在公园追逐气球", "尽管起雾，孩子们仍在公园追逐气球"],
        ),
        (
            "It is raining, a fox runs",
            "weather=snow,fog",
            ["It is snowing, a fox runs", "It is foggy, a fox runs"],
        ),
        ("A fox runs", "subject=owl", ["An owl runs"]),
        ("an owl flies", "subject=fox", ["a fox flies"]),
        ("three wolves run", "subject=fox,deer", ["three foxes run", "three deer run"]),
        ("a fox is running", "action=leap,swim", ["a fox is leaping", "a fox is swimming"]),
        ("비가 오는 밤", "weather=snow,fog", ["눈이 오는 밤", "안개가 끼는 밤"]),
        ("여우가 달린다", "subject=lion,horse", ["사자가 달린다", "말이 달린다"]),
        (
            "여우가 달린다",
            "action=leap,walk,fly,lie",
            ["여우가 뛰어오른다", "여우가 걷는다", "여우가 난다", "여우가 눕는다"],
        ),
        ("여우가 숲을 걸었다", "environment=beach,street", ["여우가 해변을 걸었다", "여우가 거리를 걸었다"]),
        ("雨が降る夜", "weather=snow,fog", ["雪が降る夜", "霧がかかる夜"]),
        ("狐が走っている", "action=swim,fly,sleep", ["狐が泳いでいる", "狐が飛んでいる", "狐が眠っている"]),
        ("a red fox", "colour=blue,orange", ["a blue fox", "an orange fox"]),
        ("狐狸在奔跑", "speed=slow,normal", ["狐狸在奔跑，缓慢", "狐狸在奔跑"]),
        (
            "a robot in a sandstorm",
            "sandstorm=light..extreme:2",
            ["a robot in a light sandstorm", "a robot in an extreme sandstorm"],
        ),
        (
            "机器人在沙漠",
            "sandstorm=light..heavy:2",
            ["机器人在沙漠，轻微的沙尘暴", "机器人在沙漠，猛烈的沙尘暴"],
        ),
        ("a fox, static shot", "move=static,push_in", ["a fox, static shot", "a fox, push-in"]),
    ],
)
def test_words_change_in_the_grammar_of_their_language(text, axis, expected):
    assert texts(text, axis) == expected


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        (
            "外面下着雪",
            "snow=light..extreme",
            ["外面下着小雪", "外面下着中雪", "外面下着大雪", "外面下着暴雪"],
        ),
        ("尽管下雨，孩子在玩", "rain=heavy..heavy", ["尽管下大雨，孩子在玩"]),
        ("起雾的森林", "fog=heavy..heavy", ["起浓雾的森林"]),
        ("It is raining hard", "rain=light..heavy:2", ["It is raining lightly", "It is raining heavily"]),
        ("Snow falls on a street", "snow=heavy..heavy", ["Heavy snow falls on a street"]),
        ("It is foggy", "fog=light..light", ["It is lightly foggy"]),
        ("a fox in a rainy forest", "rain=heavy..heavy", ["a fox in a forest, heavy rain"]),
        ("霧がかかる森", "fog=heavy..heavy", ["濃い霧がかかる森"]),
        ("안개 낀 숲", "fog=heavy..heavy", ["짙은 안개 낀 숲"]),
    ],
)
def test_how_strong_is_said_as_the_language_says_it(text, axis, expected):
    assert texts(text, axis) == expected


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("A boy kicks a ball", "action=sleep"),
        ("A fox runs as the camera follows a dog", "move=static"),
        ("女孩跑进咖啡馆", "action=sleep"),
    ],
)
def test_what_no_grammar_allows_is_refused(text, axis):
    with pytest.raises(UsageError):
        texts(text, axis)


def test_nothing_else_changes():
    for each in variants("a red fox runs over snow at dusk", [read_axis("subject=wolf,horse")]):
        assert each.text.replace(dict(each.values)["subject"], "fox") == "a red fox runs over snow at dusk"


AXES = ["weather=rain,snow,fog", "environment=beach,forest", "colour=red,blue,green,white"]


def test_the_count_is_right_before_anything_is_made():
    axes = [read_axis(axis) for axis in AXES]
    for fill, cells in (("full", 0), ("sparse", 5), ("latin", 0)):
        made = list(variants("a red fox in the rain", axes, seeds=3, fill=fill, sparse=cells))
        assert len(made) == count(axes, 3, fill, cells)
        assert Counter(each.seed for each in made) == dict.fromkeys(range(3), len(made) // 3)
    assert count(axes, 1, "full") == 24
    assert count(axes, 1, "latin") == 4


def test_sparse_covers_every_value_and_repeats():
    axes = [read_axis(axis) for axis in AXES]
    made = list(variants("a red fox", axes, fill="sparse", sparse=4))
    for place, axis in enumerate(axes):
        assert {each.values[place][1] for each in made} == set(axis.values)
    assert made == list(variants("a red fox", axes, fill="sparse", sparse=4))


def test_latin_takes_each_value_of_the_longest_axis_once():
    axes = [read_axis(axis) for axis in AXES]
    made = list(variants("a red fox", axes, fill="latin"))
    assert [each.values[2][1] for each in made] == ["green", "white", "red", "blue"]
    assert len({each.values for each in made}) == 4


@pytest.mark.parametrize(
    "written",
    [
        "weather",
        "weather=",
        "=rain",
        "nothing=rain",
        "weather=fox",
        "fox=none..extreme",
        "fox=light..extreme:9",
    ],
)
def test_a_wrong_axis_is_explained(written):
    with pytest.raises(UsageError):
        read_axis(written)


def test_too_many_twice_and_nowhere_are_refused():
    axis = read_axis("weather=rain,snow")
    with pytest.raises(UsageError, match="more than"):
        count([axis], 10_000, "full")
    with pytest.raises(UsageError, match="twice"):
        list(variants("a fox", [axis, axis]))
    with pytest.raises(UsageError, match="no action"):
        texts("a fox", "action=run")
    with pytest.raises(UsageError, match="fill"):
        count([axis], 1, "half")


@pytest.mark.parametrize("language", LANGUAGES)
def test_degrees_stand_before_their_word(language):
    assert LEVELS == ("faint", "light", "moderate", "heavy", "extreme")
    start = {"zh": "机器人", "en": "a robot", "ja": "ロボット", "ko": "로봇"}[language]
    for text in texts(start, "sandstorm=faint..extreme"):
        found = [each.concept for each in parse(text, language).found("weather")]
        assert found == ["sandstorm"], text


@pytest.mark.parametrize(
    ("verb", "shape", "expected"),
    [
        *(("走る", "te", "走っ"), ("見る", "te", "見"), ("泳ぐ", "te", "泳い"), ("行く", "te", "行っ")),
        *(
            ("話す", "negative", "話さ"),
            ("食べる", "negative", "食べ"),
            ("爆発する", "te", "爆発し"),
            ("買う", "negative", "買わ"),
        ),
    ],
)
def test_japanese_shapes(verb, shape, expected):
    assert japanese.shaped(verb, shape) == expected


@pytest.mark.parametrize(
    ("verb", "shape", "after", "expected"),
    [
        *(
            ("걷다", "declarative", "다", "걷는다"),
            ("날다", "declarative", "다", "난다"),
            ("날다", "stem", "는", "나는"),
        ),
        *(
            ("걷다", "infinitive", "서", "걸어서"),
            ("눕다", "past", "다", "누웠다"),
            ("잡다", "past", "다", "잡았다"),
        ),
        *(
            ("흐르다", "infinitive", "", "흘러"),
            ("앉다", "stem", "며", "앉으며"),
            ("달리다", "future", "", "달릴"),
        ),
    ],
)
def test_korean_shapes(verb, shape, after, expected):
    assert "".join(korean.conjugated(verb, shape, after)) == expected


@given(
    st.sampled_from([c for c in Lexicon.load().concepts.values() if c.slot == "animal"]),
    st.sampled_from(LANGUAGES),
)
@settings(deadline=None, max_examples=100)
def test_any_animal_can_take_the_place_of_another(concept, language):
    text = {"zh": "一只狐狸在跑", "en": "a fox runs", "ja": "狐が走る", "ko": "여우가 달린다"}[language]
    spec = parse(text)
    assert concept.id in [
        found.concept
        for found in parse(replaced(spec, spec.found("subjects")[0], concept), language).found("subjects")
    ]


def test_only_the_article_right_before_changes():
    assert put("an old man and a fox", (17, 20), "owl", "en") == "an old man and an owl"


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        ("a fox in a snowy forest", "weather=rain", "a fox in a rainy forest"),
        ("an overcast harbor", "weather=fog", "a foggy harbor"),
        ("a fox in a snowy forest", "weather=heavy_rain", "a fox in a forest, heavy rain"),
        ("snow falls on the village", "weather=wind", "wind blows on the village"),
        ("snow is falling on the village", "weather=rain", "rain is falling on the village"),
        ("an old man walks at night", "time=noon", "an old man walks at noon"),
        ("an old man walks at night", "time=winter", "an old man walks in winter"),
        ("飘雪的森林里一只狐狸", "weather=rain", "下雨的森林里一只狐狸"),
        ("飘雪的森林里一只狐狸", "weather=storm", "暴风雨中的森林里一只狐狸"),
        ("外面下着雪，狐狸在跑", "weather=wind", "外面刮着风，狐狸在跑"),
        ("雪の森を走る狐", "weather=clear", "晴れた森を走る狐"),
        ("雪の森を走る狐", "weather=wind", "風の吹く森を走る狐"),
        ("雪が降る森を狐が走る", "weather=rain", "雨が降る森を狐が走る"),
        ("赤い傘を持つ少女", "colour=orange", "オレンジ色の傘を持つ少女"),
        ("눈 내리는 숲의 여우", "weather=fog", "안개 낀 숲의 여우"),
        ("여우가 빗속을 달린다", "weather=snow", "여우가 눈 속을 달린다"),
        ("눈이 내리는 숲을 여우가 달린다", "weather=wind", "바람이 부는 숲을 여우가 달린다"),
        ("밤거리를 걷는 여자", "time=dawn", "새벽 거리를 걷는 여자"),
        ("雨夜，老人走过小巷", "time=noon", "雨中的正午，老人走过小巷"),
        ("On a clear morning a fox runs", "weather=rain", "On a rainy morning a fox runs"),
        ("It's a sunny day and a girl runs", "weather=snow", "It's a snowy day and a girl runs"),
        ("It is raining hard and a girl walks", "weather=fog", "It is foggy and a girl walks"),
        ("It is raining hard and a girl walks", "weather=sandstorm", "There is a sandstorm and a girl walks"),
        ("a man walks under heavy rain", "weather=sandstorm", "a man walks under a sandstorm"),
        ("In a sandstorm a man walks", "weather=snow", "In the snow a man walks"),
        ("a snowstorm hits the town", "weather=rain", "rain hits the town"),
        ("the wind blows hard; a girl walks", "weather=clear", "the sky is clear; a girl walks"),
        ("Fog covers the village", "weather=clear", "Clear weather covers the village"),
        ("天气晴朗，女孩放风筝", "weather=snow", "下雪，女孩放风筝"),
        ("よく晴れた朝、狐が走る", "weather=rain", "雨の朝、狐が走る"),
        ("雨が激しく降っている、女が立つ", "weather=wind", "風が激しく吹いている、女が立つ"),
        ("雨が激しく降っている、女が立つ", "weather=fog", "霧がかかっている、女が立つ"),
        ("맑은 날, 여우가 달린다", "weather=rain", "비 내리는 날, 여우가 달린다"),
        ("여우가 달린다, 날씨가 맑다", "weather=rain", "여우가 달린다, 비가 온다"),
        ("눈이 내린다. 소녀가 걷는다.", "weather=clear", "날씨가 맑다. 소녀가 걷는다."),
        ("비가 세차게 내린다", "weather=wind", "바람이 세차게 분다"),
        ("붉은 여우", "colour=white", "하얀 여우"),
        ("A samurai in a forest at dawn", "environment=beach", "A samurai on a beach at dawn"),
        ("A samurai in a forest at dawn", "environment=alley", "A samurai in an alley at dawn"),
        ("A samurai in a forest at dawn", "environment=mars", "A samurai on Mars at dawn"),
        ("A woman in Tokyo at night", "environment=beach", "A woman on a beach at night"),
        ("A woman in Tokyo at night", "environment=seoul", "A woman in Seoul at night"),
        ("On the beach a dog runs", "environment=city", "In the city a dog runs"),
        ("武士在森林里等待", "environment=beach", "武士在沙滩上等待"),
        ("狐が森を走る", "action=sleep", "狐が森で眠る"),
        ("여우가 숲을 달린다", "action=sleep", "여우가 숲에서 잔다"),
        ("女孩跑进咖啡馆", "action=swim", "女孩游进咖啡馆"),
        ("老人が傘を差して歩いている", "action=run", "老人が傘を差して走っている"),
        ("镜头缓慢推进，狐狸在跑", "move=pull_out", "镜头缓慢拉远，狐狸在跑"),
        ("镜头缓慢推进，狐狸在跑", "move=static", "固定镜头，狐狸在跑"),
        ("雨夜，镜头跟拍。", "move=static", "雨夜，镜头固定机位。"),
        ("An old man walks; the camera follows him.", "move=pan_left", "An old man walks; pan left."),
        (
            "An old man walks; the camera follows him.",
            "move=orbit",
            "An old man walks; the camera orbits him.",
        ),
        ("A fox runs, the camera is static.", "move=orbit", "A fox runs, orbit shot."),
        ("a fox runs as the camera slowly pushes in", "move=static", "a fox runs, static shot"),
        ("The camera pans left over a city", "move=static", "The camera holds still over a city"),
        ("狐が走る。カメラは狐を追う。", "move=static", "狐が走る。固定カメラ。"),
        ("カメラがゆっくり寄る、狐", "move=pull_out", "カメラがゆっくり引く、狐"),
        ("카메라가 천천히 다가간다, 여우", "move=orbit", "카메라가 천천히 돈다, 여우"),
        ("여우가 뛴다, 카메라가 다가간다", "move=static", "여우가 뛴다, 고정 샷"),
    ],
)
def test_words_take_the_shape_of_their_place(text, axis, expected):
    assert texts(text, axis) == [expected]


@pytest.mark.parametrize(
    ("text", "concept", "made"),
    [
        ("雨が降る道を車が走る", "rain", "激しい雨が降る道を車が走る"),
        ("눈 내리는 밤, 소녀가 걷는다", "snow", "거센 눈 내리는 밤, 소녀가 걷는다"),
        ("비가 오는 거리를 걷는 남자", "rain", "거센 비가 오는 거리를 걷는 남자"),
    ],
)
def test_a_degree_leaves_the_verb_around_the_weather(text, concept, made):
    assert texts(text, f"{concept}=heavy..heavy") == [made]


def test_added_korean_weather_can_stand_by_itself():
    found = texts("소녀가 역에서 기다린다", "weather=cloudy,clear")
    assert [text.split(", ")[-1] for text in found] == ["흐린 하늘", "맑은 날씨"]


def test_weather_before_a_phrase_of_time_stays_a_noun():
    made = variants("a fox runs in rain at night", [read_axis("weather=snow,storm,clear")])
    assert [each.text for each in made] == [
        "a fox runs in snow at night",
        "a fox runs in a storm at night",
        "a fox runs in clear weather at night",
    ]


def test_an_axis_may_be_written_in_any_language():
    assert read_axis("weather=雨,눈,fog,雪") == read_axis("weather=rain,snow,fog")
    assert read_axis("subject=狐狸,늑대").values == ("fox", "wolf")
    assert read_axis("action=jump,Bounce").values == ("leap", "jump")


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        ("노인이 걷는다", "action=run,dance,eat,sit", ["달린다", "춤춘다", "먹는다", "앉는다"]),
        ("소녀가 춤춘다", "action=walk,smile", ["걷는다", "웃는다"]),
        (
            "비가 내리는 거리",
            "weather=snow,clear,cloudy",
            ["눈이 오는 거리", "날씨가 맑은 거리", "흐린 거리"],
        ),
        ("개가 앉아 있다", "action=sleep,run", ["개가 자고 있다", "개가 달리고 있다"]),
        ("여자가 달리고 있는 길", "action=walk,stand", ["걷고 있는 길", "여자가 서 있는 길"]),
    ],
)
def test_korean_endings_fit_the_stem_they_come_to(text, axis, expected):
    made = [each.text for each in variants(text, [read_axis(axis)])]
    assert [each.endswith(end) for each, end in zip(made, expected, strict=True)] == [True] * len(expected)


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        (
            "It rains on the village",
            "weather=snow,fog",
            ["It snows on the village", "There is fog on the village"],
        ),
        (
            "街上下着雨，女人在走",
            "weather=fog,wind",
            ["街上起着雾，女人在走", "街上刮着风，女人在走"],
        ),
        ("外面起了雾", "weather=rain", ["外面下雨"]),
        ("A man crosses the bridge", "action=run", ["A man runs across the bridge"]),
        ("老人慢慢走过桥", "action=run", ["老人慢慢跑过桥"]),
        ("赤い帽子をかぶった男", "colour=blue", ["青い帽子をかぶった男"]),
    ],
)
def test_an_edit_loses_no_word_beside_it(text, axis, expected):
    assert [each.text for each in variants(text, [read_axis(axis)])] == expected


def test_an_axis_of_the_camera_takes_what_any_camera_word_names():
    made = [each.text for each in variants("a fox runs", [read_axis("camera=push_in,low_angle,close_up")])]
    assert made == ["a fox runs, push in", "a fox runs, low angle", "a fox runs, close-up"]


def test_what_the_text_rules_out_is_no_variant():
    with pytest.raises(UsageError, match="rules rain out"):
        list(variants("No rain tonight, a man walks", [read_axis("weather=rain")]))


@pytest.mark.parametrize(
    ("text", "axis", "edited"),
    [
        ("正午，男人走在街上", "light=moonlight", "男人走在街上，月光"),
        ("a man walks at noon", "light=moonlight", "a man walks, moonlight"),
    ],
)
def test_what_cannot_be_together_gives_way_to_what_is_added(text, axis, edited):
    (made,) = variants(text, [read_axis(axis)])
    assert made.text == edited
