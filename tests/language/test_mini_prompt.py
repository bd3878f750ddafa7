import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.growth import assert_linear

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS, TOLD, VALID_ACTIONS
from rushes.language.captions import LANGUAGES
from rushes.language.concepts import Lexicon
from rushes.language.mini_prompt import corpus, read_prompt


def words_of(text: str, mentions) -> list[str]:
    return [text[slice(*found.span)] for found in mentions]


def test_flagship_prompt():
    reading = read_prompt("一位红斗篷女战士在暴雨中跃下古城墙")
    assert reading.attributes == {
        "subject": "warrior",
        "color": "red",
        "action": "leap",
        "environment": "wall",
        "weather": "rain",
    }
    assert reading.unknown == ()
    assert reading.replaced == ()
    assert reading.context_text == (
        "A woman warrior in a red cloak leaps to the right on an ancient city wall in heavy rain in broad "
        "daylight. The camera stays still. A realistic style."
    )


SILVER_FOX = {
    "subject": "fox",
    "color": "white",
    "action": "leap",
    "environment": "snowfield",
    "sky": "aurora",
}
DETECTIVE = {"subject": "detective", "environment": "platform", "time": "dusk"}
ALIEN = {"subject": "alien", "action": "walk", "environment": "desert", "weather": "sandstorm"}
WOMAN = {
    "subject": "woman",
    "action": "run",
    "environment": "street",
    "weather": "rain",
    "style": "cyberpunk",
    "camera": "handheld",
}
RETRIEVER = {"subject": "dog", "color": "yellow", "environment": "meadow", "time": "dusk"}
RESCUE = {"subject": "detective", "action": "carry", "environment": "village"}
CAN = {"subject": "can", "action": "fly"}
STORM_BARE = {
    "subject": "warrior",
    "color": "red",
    "environment": "wall",
    "weather": "rain",
    "sky": "lightning",
}
STORM = {**STORM_BARE, "action": "stand"}
CHILDREN = {"subject": "child", "action": "run", "environment": "meadow", "weather": "rain"}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("一只银狐在极光下跃过雪地", SILVER_FOX),
        ("A silver fox leaping over the snow under the aurora", SILVER_FOX),
        ("オーロラの下、銀色の狐が雪の上を飛び越える", SILVER_FOX),
        ("오로라 아래에서 은빛 여우가 눈밭을 뛰어넘는다", SILVER_FOX),
        ("废弃站台上，黄昏时分，一个身穿风衣的人影", DETECTIVE),
        ("A figure in a trench coat on an abandoned platform at dusk", DETECTIVE),
        ("夕暮れの廃駅のホームにトレンチコートの人影", DETECTIVE),
        ("해질녘 버려진 승강장에 트렌치코트를 입은 인물", DETECTIVE),
        ("一个外星生物穿越沙尘暴，向基地前进", ALIEN),
        ("An alien creature crossing a sandstorm toward a base", ALIEN),
        ("異星生物が砂嵐を横切って基地へ向かう", ALIEN),
        ("외계 생명체가 모래폭풍을 가로질러 기지로 향한다", ALIEN),
        ("女子在下雨的霓虹街头奔跑，赛博朋克，手持跟拍", WOMAN),
        ("A woman running through a rainy neon street, cyberpunk, handheld follow", WOMAN),
        ("雨のネオン街を走る女性、サイバーパンク、手持ちカメラで追う", WOMAN),
        ("비 내리는 네온 거리를 달리는 여자, 사이버펑크, 핸드헬드 팔로우", WOMAN),
        ("夕阳下的草地上的金毛犬", RETRIEVER),
        ("A golden retriever on a sunset meadow", RETRIEVER),
        ("夕焼けの草原にいるゴールデンレトリバー", RETRIEVER),
        ("노을 진 초원의 골든 리트리버", RETRIEVER),
        ("尽管下雨，孩子们仍在公园追逐气球", CHILDREN),
        ("Although it is raining, the children are still chasing balloons in the park", CHILDREN),
        ("雨が降っているのに、子供たちはまだ公園で風船を追いかけている", CHILDREN),
        ("비가 오는데도 아이들은 여전히 공원에서 풍선을 쫓고 있다", CHILDREN),
        ("消防员抱着孩子冲出着火的房子", RESCUE),
        ("A firefighter carries a child out of a burning house", RESCUE),
        ("消防士が子供を抱いて燃える家から出てくる", RESCUE),
        ("소방관이 아이를 안고 불타는 집에서 나온다", RESCUE),
        ("A can flying and spinning with water drops and a rainbow", {**CAN, "sky": "rainbow"}),
        ("暴雨雷电中，红斗篷女战士站在古城墙上", STORM),
        ("A red-cloaked woman warrior on an ancient wall in a rainstorm with lightning", STORM_BARE),
        ("一个易拉罐在空中飞行旋转", {"subject": "can", "action": "fly"}),
        ("A can flying and spinning", {"subject": "can", "action": "fly"}),
        ("缶が空中を飛びながら回転する", {"subject": "can", "action": "fly"}),
        ("캔이 날아가며 회전한다", {"subject": "can", "action": "fly"}),
    ],
)
def test_prompts_of_the_articles(text, attributes):
    reading = read_prompt(text)
    assert reading.attributes == attributes
    assert reading.unknown == ()


def test_replacements_and_omissions_are_said():
    lines = read_prompt(
        "A silver fox and a vase leaping over the snow under the aurora, filmed by a zymurgist"
    ).explain()
    assert "replaced: silver -> white (mini has no silver)" in lines
    assert "left out, mini cannot show: vase" in lines
    assert "words mini does not know: zymurgist" in lines
    assert lines[0] == "understood: subject fox, color white, action leap, environment snowfield, sky aurora"
    assert lines[1] == "added: direction right, weather clear, time night, style realistic, camera static"


def test_what_a_prompt_leaves_open_is_plain_and_never_what_it_rules_out():
    reading = read_prompt("a dog runs left across the meadow at dusk, no static camera")
    assert reading.added == {"weather": "clear", "style": "realistic"}
    assert read_prompt("a dog", {"subject": ("dog",), "style": ("ink",)}).added == {}


@pytest.mark.parametrize(
    ("text", "negated", "attributes"),
    [
        ("没有雨，一匹马在奔跑", ["雨"], {"subject": "horse", "action": "run"}),
        ("没有雨和雪的森林", ["雨", "雪"], {"environment": "forest"}),
        ("不停旋转的机器人", [], {"subject": "robot", "action": "spin"}),
        (
            "a dog with no rain, snow or fog on a meadow",
            ["rain", "snow", "fog"],
            {"subject": "dog", "environment": "meadow"},
        ),
        ("a fox doesn't run but stands", ["run"], {"subject": "fox", "action": "stand"}),
        ("a forest without any people", ["people"], {"environment": "forest"}),
        ("雨なしの森", ["雨"], {"environment": "forest"}),
        ("雨は降っていない夜、犬が走っている", ["雨"], {"subject": "dog", "action": "run", "time": "night"}),
        ("雨や雪のない森", ["雪", "雨"], {"environment": "forest"}),
        ("走らない犬", ["走ら"], {"subject": "dog"}),
        ("비 없이 맑은 숲", ["비"], {"environment": "forest", "weather": "clear"}),
        ("개가 달리지 않고 서 있다", ["달리"], {"subject": "dog", "action": "stand"}),
        ("눈이 오지 않는 숲", ["눈이 오"], {"environment": "forest"}),
    ],
)
def test_negation_is_never_presence(text, negated, attributes):
    reading = read_prompt(text)
    assert sorted(words_of(text, reading.negated)) == sorted(negated)
    assert reading.attributes == attributes


def test_one_subject_is_shown_and_the_other_named():
    reading = read_prompt("A fox and a dog in the forest")
    assert reading.attributes["subject"] == "fox"
    assert "dog (mini shows one subject: fox)" in reading.left_out


def test_colour_stays_with_its_owner():
    assert "color" not in read_prompt("A fox on a green meadow").attributes
    assert "color" not in read_prompt("走らない犬と赤い車").attributes
    assert read_prompt("A white horse on a green meadow").attributes["color"] == "white"


@pytest.mark.parametrize("text", ["blue cape", "蓝色斗篷", "青いマント", "파란 망토"])
def test_clothes_that_nobody_is_named_to_wear_say_a_colour(text):
    assert read_prompt(text).attributes == {"color": "blue"}


def test_every_invalid_action_becomes_a_valid_one_and_is_said():
    lexicon = Lexicon.load()
    for subject, action in itertools.product(SLOTS["subject"], SLOTS["action"]):
        name = "soda can" if subject == "can" else lexicon.concepts[subject].word("en")
        reading = read_prompt(f"a {name} {lexicon.concepts[action].words['en'][0]}")
        assert reading.attributes["subject"] == subject
        assert reading.attributes["action"] in VALID_ACTIONS[subject]
        assert bool(reading.replaced) == (action not in VALID_ACTIONS[subject])


@pytest.mark.parametrize("text", ["", "  \n", "\u3000"])
def test_empty_prompt(text):
    with pytest.raises(UsageError, match="empty"):
        read_prompt(text)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("asdf qwerty", "warrior"),
        ("量子力学", "女战士"),
        ("ぴょんぴょん", "戦士"),
        ("양자역학", "전사"),
        ("!!!", "warrior"),
        ("\u200b", "warrior"),
    ],
)
def test_nothing_understood_suggests_words_of_the_language(text, suggestion):
    reading = read_prompt(text)
    assert reading.attributes == {}
    with pytest.raises(UsageError, match=suggestion):
        _ = reading.context_text


fragments = st.sampled_from(
    [word for language in LANGUAGES for word in list(Lexicon.load().words(language))[::7]]
    + [
        "没有",
        "no ",
        "없이",
        "なし",
        "的",
        "，",
        ". ",
        " ",
        "\u200b",
        "\u0301",
        "が",
        "\u1100\u1161",
        "🎬",
        "\ud800",
    ]
)


@given(
    st.one_of(st.text(min_size=1, max_size=120), st.lists(fragments, min_size=1, max_size=40).map("".join))
)
@example("空旷的天空")
@settings(deadline=None)
def test_any_text_is_read(text):
    if not text.strip() or "\0" in text:
        return
    reading = read_prompt(text)
    assert all(value in TOLD[slot] for slot, value in reading.attributes.items())
    assert reading.explain()[0].startswith("understood")
    if reading.attributes:
        assert read_prompt(reading.context_text).attributes == {**reading.attributes, **reading.added}


@pytest.mark.parametrize(
    "unit",
    [
        "开",
        "红",
        "no ",
        "小さな",
        "비가 ",
        "가",
        "フォ",
        "e\u0301",
        "\u200b",
        "\u0301",
        "a",
        "の없이",
        "没有雨和",
    ],
)
def test_long_texts_take_linear_time(unit):
    text = (unit * 4000)[:4000]
    read_prompt("warm up")
    assert_linear(read_prompt, "a" + text)


def test_corpus():
    texts = list(corpus(200, seed=5))
    assert texts == list(corpus(200, seed=5))
    assert texts[-200:] != list(corpus(200, seed=6))[-200:]
    assert {"女战士", "warrior", "戦士", "여전사"} <= set(texts)
    assert {read_prompt(text).language for text in texts[-200:]} == set(LANGUAGES)


def test_ids_that_the_weights_never_saw_become_broader_ones_or_are_left_out():
    known = {**SLOTS, "subject": ("warrior", "fox"), "camera": ("static",)}
    reading = read_prompt("A dog runs, then the camera pans left", known)
    assert reading.attributes == {"subject": "fox", "action": "run"}
    assert reading.left_out == ("pans left",)
    assert read_prompt("A dog runs", {}).attributes["subject"] == "dog"


def test_a_sky_that_cannot_stand_over_the_rest_is_left_out():
    reading = read_prompt("A fox under the aurora at noon")
    assert reading.attributes == {"subject": "fox", "time": "day"}
    assert reading.left_out == ("aurora (mini shows it in clear or snow, by night)",)


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("open sky", {"weather": "clear"}),
        ("텅 빈 하늘", {"weather": "clear"}),
        ("空旷的天空，彩虹", {"weather": "clear", "sky": "rainbow"}),
        ("a fox in the rain under an open sky", {"subject": "fox", "weather": "rain"}),
    ],
)
def test_an_open_sky_is_a_clear_one_and_makes_room_for_any_other(text, attributes):
    reading = read_prompt(text)
    assert reading.attributes == attributes
    assert reading.replaced == ()


def test_the_pace_of_the_camera_is_not_that_of_the_action():
    assert "speed" not in read_prompt("A fox runs, the camera slowly pans left").attributes
    assert read_prompt("A fox runs quickly, the camera slowly pans left").attributes["speed"] == "fast"
    assert "strength" not in read_prompt("A violent fox in clear weather").attributes


def test_weights_of_before_get_what_they_know():
    old = {**SLOTS, "subject": ("warrior", "detective", "dog"), "camera": ("static",)}
    del old["sky"]
    old["action"] = tuple(action for action in SLOTS["action"] if action != "carry")
    reading = read_prompt("A woman carries a child through violent rain with lightning, orbit shot", old)
    assert reading.attributes == {"subject": "warrior", "action": "walk", "weather": "rain"}
    assert any("orbit" in words for words in reading.left_out)


def test_what_older_weights_cannot_show_is_named():
    known = {
        slot: tuple(each for each in ids if each != "aurora") for slot, ids in TOLD.items() if slot != "sky"
    }
    reading = read_prompt("a fox leaps over the snow under the aurora, night", known)
    assert any("aurora" in words for words in reading.left_out)
    assert "aurora" not in reading.context_text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A fox runs, the camera pans left", {"pan_x": -0.95, "pan_y": 0.0, "zoom": 0.0}),
        ("狐狸奔跑，镜头缓缓推近", {"pan_x": 0.0, "pan_y": 0.0, "zoom": 0.95}),
        ("a fox", {"pan_x": 0.0, "pan_y": 0.0, "zoom": 0.0, "orbit": 0.0, "track": 0.0}),
        ("A fox stands in the snow, the camera orbits around it", {"orbit": 0.95, "pan_x": 0.0}),
        ("A fox runs to the left, tracking shot", {"track": -0.5, "pan_x": 0.0}),
    ],
)
def test_camera_moves_are_told_in_numbers_too(text, told):
    assert {name: read_prompt(text).sliders[name] for name in told} == told


def test_degrees_are_told_in_numbers_where_words_name_them():
    assert read_prompt("a fox in severe snow").sliders["strength"] > 0.5
    assert read_prompt("a fox in slight snow").sliders["strength"] < -0.5
    assert 0 < read_prompt("a fox in snow").sliders["strength"] < 0.5
    assert "strength" not in read_prompt("a fox under a clear sky").sliders


@pytest.mark.parametrize(
    ("text", "subject", "left_out"),
    [
        ("a fox and a rabbit walk in the rain", "fox", "rabbit (mini shows one subject: fox)"),
        ("大象在草原上喝水，长颈鹿从旁边走过", "horse", "长颈鹿 (mini shows one subject: horse)"),
        ("狐とうさぎが雨の中を歩く", "fox", "うさぎ (mini shows one subject: fox)"),
        ("개와 늑대가 눈밭을 달린다", "dog", "늑대 (mini shows one subject: dog)"),
        ("three dogs run on the meadow", "dog", "three (mini shows one subject: dog)"),
        ("两匹马在奔跑", "horse", "两匹 (mini shows one subject: horse)"),
    ],
)
def test_one_of_a_kind_stands_for_no_other_in_silence(text, subject, left_out):
    reading = read_prompt(text)
    assert reading.attributes["subject"] == subject
    assert left_out in reading.left_out


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("the girl runs, a happy child", "child"),
        ("a golden retriever puppy runs", "dog"),
        ("象の親子が歩く", "horse"),
        ("코끼리 가족이 걷는다", "horse"),
        ("a single dog runs", "dog"),
    ],
)
def test_two_words_for_one_subject_are_one(text, subject):
    reading = read_prompt(text)
    assert reading.attributes["subject"] == subject
    assert reading.left_out == ()


@pytest.mark.parametrize(
    ("text", "subject", "action", "left_out"),
    [
        ("An old man sleeps on a bench while a dog runs past", "detective", None, "runs (done by dog)"),
        ("一只老鹰飞过，老人坐着", "detective", "stand", "飞过 (done by 老鹰)"),
        ("猫が眠り、犬が走る", "fox", None, "走る (done by 犬)"),
        ("A whale breaches at sunset", None, None, "breaches (done by whale)"),
        ("여우와 토끼가 걷는다", "fox", "walk", None),
    ],
)
def test_nobody_does_what_another_does(text, subject, action, left_out):
    reading = read_prompt(text)
    assert reading.attributes.get("subject") == subject
    assert reading.attributes.get("action") == action
    assert left_out is None or left_out in reading.left_out


def test_a_thing_that_does_nothing_comes_after_who_acts():
    reading = read_prompt("赤い車を犬が追いかける")
    assert reading.attributes == {"subject": "dog", "action": "run"}
    assert "車 (mini shows one subject: dog)" in reading.left_out


@pytest.mark.parametrize(
    "text",
    ["an eagle", "鲸鱼", "カエル", "나비", "a sailing boat", "直升机", "a typewriter", "戒指", "コーヒー"],
)
def test_nothing_stands_for_what_is_like_nothing_of_minis(text):
    reading = read_prompt(text)
    assert reading.attributes == {}
    assert len(reading.left_out) == 1


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("女警", {"subject": "woman"}),
        ("a waitress", {"subject": "woman"}),
        ("キャリアウーマン", {"subject": "woman"}),
        ("a schoolgirl", {"subject": "child"}),
        ("light drizzle", {"weather": "rain", "strength": "slight"}),
        ("小雪が舞う", {"weather": "snow", "strength": "slight"}),
        ("a thunderstorm", {"weather": "rain", "sky": "lightning"}),
        ("비 갠 뒤 무지개", {"weather": "clear", "sky": "rainbow"}),
        ("a valley", {"environment": "meadow"}),
        ("城市夜景", {"environment": "street", "time": "night"}),
        ("the palace garden", {"environment": "meadow"}),
        ("children play", {"subject": "child", "action": "run"}),
        ("a pianist plays the piano", {"subject": "detective"}),
        ("a truck climbs", {"subject": "car", "action": "run"}),
        ("黒い馬に乗った騎士が走る", {"subject": "warrior", "action": "run"}),
        ("an ice-cold can", {"subject": "can"}),
        ("空无一人的站台", {"environment": "platform"}),
        ("一个人也没有的站台", {"environment": "platform"}),
    ],
)
def test_stand_ins_a_director_would_take(text, attributes):
    assert read_prompt(text).attributes == attributes


def test_a_train_on_a_platform_is_part_of_it():
    assert read_prompt("A train arrives at the old station").attributes == {"environment": "platform"}
    assert read_prompt("A train runs through the meadow").attributes["subject"] == "car"


def test_what_is_carried_is_a_child():
    assert read_prompt("A woman carries a basket").attributes["action"] == "walk"
    assert read_prompt("A woman carries a dog").attributes["action"] == "walk"
    assert read_prompt("A woman carries a baby").attributes["action"] == "carry"


def test_a_replaced_action_is_told_once_in_the_words_of_the_prompt():
    reading = read_prompt("一罐可乐从空中落下")
    told = [f"{item.words} -> {item.shown} ({item.reason})" for item in reading.replaced]
    assert "落下 -> fly (mini has no fall, and its can cannot leap)" in told
    assert sum(words.startswith("落下") for words in told) == 1


@pytest.mark.parametrize("text", ["slow motion of a dog", "狗在奔跑，延时摄影"])
def test_time_that_is_stretched_is_left_out_by_name(text):
    assert any(words in ("slow motion", "延时摄影") for words in read_prompt(text).left_out)


@pytest.mark.parametrize("text", ["一罐冰可乐", "雨の中の一匹の犬", "3 dogs"])
def test_a_number_is_never_an_unknown_word(text):
    assert read_prompt(text).unknown == ()


def test_mini_is_told_the_same_whatever_the_language_of_the_prompt():
    texts = (
        "一位红斗篷女战士在暴雨中跃下古城墙",
        "A woman warrior in a red cape leaps down from an ancient wall in a rainstorm",
        "赤いマントの女戦士が暴風雨の中、古い城壁から飛び降りる",
        "붉은 망토를 두른 여전사가 폭풍우 속에서 옛 성벽에서 뛰어내린다",
    )
    assert len({read_prompt(text).context_text for text in texts}) == 1
