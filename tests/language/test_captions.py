import random
import re

import pytest

from rushes.core.errors import UsageError
from rushes.core.vocabulary import DEGREES, PLAIN_SKY, SKIES, SLOTS, VALID_ACTIONS
from rushes.language.captions import LANGUAGES, canonical_caption, caption, phrases
from rushes.language.mini_prompt import read_prompt

KANA = re.compile("[\u3041-\u30fa]")
FULL = {
    "subject": "warrior",
    "color": "red",
    "action": "leap",
    "direction": "left",
    "environment": "wall",
    "weather": "rain",
    "time": "dusk",
    "style": "cyberpunk",
    "camera": "push_in",
}


def random_attributes(draws: random.Random) -> dict[str, str]:
    share = draws.choice((0.3, 0.6, 1.0))
    attributes = {slot: draws.choice(ids) for slot, ids in SLOTS.items() if draws.random() < share}
    if "subject" in attributes and "action" in attributes:
        attributes["action"] = draws.choice(VALID_ACTIONS[attributes["subject"]])
    weathers, times = SKIES[attributes.get("sky", PLAIN_SKY)]
    for slot, fitting in (("weather", weathers), ("time", times)):
        if slot in attributes:
            attributes[slot] = draws.choice(fitting)
    if attributes.get("weather", "clear") != "clear" and draws.random() < 0.5:
        attributes["strength"] = draws.choice(DEGREES["strength"])
    if attributes.get("action", "stand") != "stand" and draws.random() < 0.5:
        attributes["speed"] = draws.choice(DEGREES["speed"])
    return attributes or {"weather": draws.choice(SLOTS["weather"])}


def said(attributes: dict[str, str]) -> dict[str, str]:
    """A plain sky goes without saying; alone it is a clear one."""
    rest = {slot: value for slot, value in attributes.items() if (slot, value) != ("sky", PLAIN_SKY)}
    return rest or {"weather": "clear"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_caption_reads_back_to_its_attributes(language):
    draws = random.Random(language)
    for seed in range(500):
        attributes = random_attributes(draws)
        text = caption(attributes, language, seed)
        reading = read_prompt(text)
        assert reading.attributes == said(attributes), text
        # A Japanese caption of Kanji alone may be good Chinese too: 夜。
        assert reading.language == language or (language == "ja" and not KANA.search(text)), text
        assert reading.unknown == (), text
        assert reading.negated == (), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_single_concept_reads_back_in_every_template(language):
    for slot, ids in SLOTS.items():
        for concept in ids:
            for seed in range(24):
                text = caption({slot: concept}, language, seed)
                assert read_prompt(text).attributes == said({slot: concept}), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_valid_subject_and_action_reads_back(language):
    for subject, actions in VALID_ACTIONS.items():
        for action in actions:
            for direction in SLOTS["direction"]:
                wanted = {"subject": subject, "color": "blue", "action": action, "direction": direction}
                for seed in range(16):
                    text = caption(wanted, language, seed)
                    assert read_prompt(text).attributes == wanted, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_wording_varies_and_is_deterministic(language):
    texts = [caption(FULL, language, seed) for seed in range(200)]
    assert len(set(texts)) > 190
    assert texts == [caption(FULL, language, seed) for seed in range(200)]
    assert len({text[:6] for text in texts}) >= 6


def test_canonical_captions():
    assert canonical_caption(FULL, "zh") == (
        "黄昏，暴雨中，一位身披红色斗篷的女战士在古城墙上向左跃起。镜头推进。赛博朋克风格。"
    )
    assert canonical_caption(FULL, "en") == (
        "A woman warrior in a red cloak leaps to the left on an ancient city wall in heavy rain at dusk. "
        "The camera pushes in. A cyberpunk style."
    )
    assert canonical_caption(FULL, "ja") == (
        "夕暮れ、激しい雨の中、赤いマントの女戦士が古い城壁の上で左へ跳ぶ。カメラが近づく。サイバーパンク風。"
    )
    assert canonical_caption(FULL, "ko") == (
        "해질녘, 폭우 속, 빨간 망토를 두른 여전사가 오래된 성벽 위에서 왼쪽으로 뛰어오른다. "
        "카메라가 다가간다. 사이버펑크 스타일."
    )


@pytest.mark.parametrize(
    ("subject", "particle"),
    [("warrior", "여전사가"), ("robot", "로봇이"), ("horse", "말이"), ("fox", "여우가")],
)
def test_korean_particle_follows_the_final_consonant(subject, particle):
    assert particle in canonical_caption({"subject": subject, "action": "stand"}, "ko")


@pytest.mark.parametrize(
    ("subject", "start"), [("alien", "An alien"), ("robot", "A robot"), ("car", "A car")]
)
def test_english_article(subject, start):
    assert canonical_caption({"subject": subject}, "en").startswith(start)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_loose_separators(language):
    draws = random.Random(3)
    for seed in range(300):
        text = caption(random_attributes(draws), language, seed)
        assert text[0] not in ",.:，。、：; "
        assert not any(
            pair in text for pair in ("，，", "。。", ",,", "..", ", .", "，。", "、。", "  ", "{", "}", "|")
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_carry_no_marks(language):
    found = phrases(language)
    assert len(found) > 200
    assert not any(mark in phrase for phrase in found for mark in "{}|+@")


@pytest.mark.parametrize(
    ("attributes", "language", "named"),
    [
        ({}, "en", "at least one"),
        ({"subject": "wizard"}, "en", "wizard"),
        ({"mood": "sad"}, "en", "mood"),
        ({"subject": "fox"}, "fr", "fr"),
    ],
)
def test_bad_input_names_the_value(attributes, language, named):
    with pytest.raises(UsageError, match=named):
        caption(attributes, language, 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_degrees_are_said_only_of_what_is_there(language):
    bare = caption({"subject": "fox", "action": "run", "weather": "snow"}, language, 5)
    for degrees in ({"strength": "fierce"}, {"speed": "slow"}):
        told = caption({"subject": "fox", "action": "run", "weather": "snow", **degrees}, language, 5)
        assert told != bare
        assert degrees.items() <= read_prompt(told).attributes.items()
    assert caption({"subject": "fox", "speed": "slow"}, language, 5) == caption(
        {"subject": "fox"}, language, 5
    )
    with pytest.raises(UsageError):
        caption({"speed": "slow"}, language, 0)


@pytest.mark.parametrize(
    ("language", "clause"), [("zh", "尽管"), ("en", "espite"), ("ja", "にもかかわらず"), ("ko", "불구하고")]
)
def test_some_captions_have_a_subordinate_clause(language, clause):
    texts = [
        caption({**FULL, "sky": "lightning", "strength": "fierce"}, language, seed) for seed in range(100)
    ]
    assert 5 < sum(clause in text for text in texts) < 60
