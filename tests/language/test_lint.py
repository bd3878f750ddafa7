from importlib import resources
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.core.errors import UsageError, WeightsError
from rushes.language.concepts import Lexicon
from rushes.language.lint import Shot, _vague_words, lint
from rushes.language.meter import CAP, measure
from rushes.language.parse import parse
from rushes.language.removal import without
from rushes.models.tokenizer import Tokenizer

TOKENIZER = Path(str(resources.files("rushes").joinpath("weights/mini/tokenizer.model")))


def rules(text: str, **changes) -> list[str]:
    return [remark.rule for remark in lint(Shot(text, **changes))]


GOOD = "A red fox runs through a snowy forest at dusk, cinematic, wide shot, tracking shot"


def test_a_full_description_draws_no_remark():
    assert lint(Shot(GOOD)) == []


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("好看一点的狗", "狗，柔光，暖色调，中心构图"),
        ("make it nice, a dog", "a dog, soft light, warm tone, center composition"),
        ("いい感じに犬が走る", "犬が走る、柔らかい光、暖色、中央構図"),
        ("いい感じの犬が走る", "犬が走る、柔らかい光、暖色、中央構図"),
        ("개를 멋지게", "개를, 부드러운 빛, 따뜻한 색조, 중앙 구도"),
    ],
)
def test_vague_words_are_replaced(text, fix):
    remark = next(remark for remark in lint(Shot(text)) if remark.rule == "vague_word")
    assert remark.fix == fix
    assert "vague_word" not in rules(remark.fix)


def test_a_fix_fills_the_missing_part():
    for remark in lint(Shot("a dog runs")):
        assert remark.rule == "missing_slot"
        part = {"environment": "environment", "style": "style", "camera": "camera"}[remark.message.split()[1]]
        assert parse(remark.fix).present(part)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a fox at noon, moonlight", "moonlight"),
        ("static shot, tracking shot, a fox", "tracking shot"),
        ("固定镜头，镜头推进", "镜头推进"),
        ("真昼の月明かり", "月明かり"),
        ("정오, 달빛", "달빛"),
    ],
)
def test_contradictions_name_the_later_words_and_the_fix_resolves_them(text, words):
    remark = next(remark for remark in lint(Shot(text)) if remark.rule == "contradiction")
    assert text[slice(*remark.span)] == words
    assert "contradiction" not in rules(remark.fix)


def test_a_shot_that_goes_takes_its_of_along():
    text = "static camera, tracking shot of a man who walks"
    (remark,) = (remark for remark in lint(Shot(text)) if remark.rule == "contradiction")
    assert remark.fix == "static camera, a man who walks"


def test_no_contradiction_with_what_is_ruled_out():
    assert "contradiction" not in rules("a fox at noon, no moonlight")


def test_beats_are_counted_against_seconds():
    text = "She runs, looks back, leaps and falls into the river"
    assert "too_many_beats" in rules(text, seconds=3)
    assert "too_many_beats" not in rules(text, seconds=5)


def test_the_negative_prompt_may_not_fight_the_shot():
    remarks = lint(Shot("固定镜头，猫", negative_prompt="过曝，静态，静止不动的画面"))
    remark = next(remark for remark in remarks if remark.rule == "fought_by_negative_prompt")
    assert remark.negative_fix == "过曝"
    assert "fought_by_negative_prompt" not in rules("跟拍，猫", negative_prompt="过曝，静态")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("여자가 걷는다. 그녀는 웃는다. 일어나서 다시 달린다.", "여자가 걷는다. 그녀는 웃는다."),
        ("少女が歩き、笑い、転び、猫を抱き上げる", "少女が歩き、笑い、転び"),
        ("少女が歩いて笑って転んで猫を抱く", "少女が歩いて笑って転んで"),
        ("소녀가 걷고 웃고 넘어지고 고양이를 안는다", "소녀가 걷고 웃고 넘어지고"),
        ("A man runs and jumps and rolls and stands", "A man runs and jumps and rolls"),
        ("一个男人奔跑，跳跃，翻滚，然后他打开门", "一个男人奔跑，跳跃，翻滚"),
        (
            "A man runs, jumps, rolls, stands. Wide shot, at night.",
            "A man runs, jumps, rolls. Wide shot, at night.",
        ),
        ("一个男人奔跑，跳跃，翻滚，睡觉，固定镜头", "一个男人奔跑，跳跃，翻滚，固定镜头"),
    ],
)
def test_too_many_beats_leave_no_half_clause(text, fix):
    found = {remark.rule: remark.fix for remark in lint(Shot(text, seconds=3.75))}
    assert found["too_many_beats"] == fix


def test_the_article_agrees_with_what_a_vague_word_stood_before():
    remark = next(each for each in lint(Shot("A nice old man runs")) if each.rule == "vague_word")
    assert remark.fix.startswith("An old man runs")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("夜の街、太陽の光の中、男が歩く", "夜の街、男が歩く"),
        ("夜、陽光の中を男が歩く", None),
        ("밤, 햇빛 아래 남자가 걷는다", "밤, 남자가 걷는다"),
        ("밤, 햇빛을 받으며 남자가 걷는다", None),
        ("At night a man walks in sunlight, static shot", "At night a man walks, static shot"),
        ("夜晚的街道，阳光下男人走路", "夜晚的街道，男人走路"),
    ],
)
def test_a_contradiction_goes_with_the_words_around_it(text, fix):
    found = {remark.rule: remark.fix for remark in lint(Shot(text))}
    assert found["contradiction"] == fix


def test_length_without_a_tokenizer_is_a_bound_that_says_so():
    tokens = measure("a fox")
    assert not tokens.is_exact
    assert "upper bound" in str(tokens)
    assert "too_long" in rules("fox " * CAP)
    assert "too_long" not in rules(GOOD)


def test_length_with_a_tokenizer_is_exact():
    processor = sentencepiece.SentencePieceProcessor(model_file=str(TOKENIZER))
    for text in (GOOD, "狗跑", "犬が走る", "개가 달린다", "🎬"):
        assert measure(text, TOKENIZER).count == len(processor.encode(text)) + 1
    assert measure(GOOD, TOKENIZER).is_exact


@pytest.mark.parametrize(
    "text",
    ["a  fox\n\nruns", "AT&amp;amp;T fox", "fox\u200b runs", " 狐狸　跑 ", "e\u0301cole", "&#128512;", ""],
)
def test_tokens_are_those_of_the_text_the_encoder_gets(text):
    exact = measure(text, TOKENIZER)
    assert exact.count == Tokenizer(TOKENIZER).num_tokens(text)


def test_the_bound_holds_for_a_vocabulary_that_knows_the_letters(tmp_path):
    file = tmp_path / "spiece.model"
    texts = [GOOD, "一位红斗篷女战士跃下古城墙", "赤い狐が雪を越えて跳ぶ", "붉은 여우가 눈 위를 뛴다"]
    with file.open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts * 20), model_writer=model, vocab_size=400, byte_fallback=True,
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2, hard_vocab_limit=False,
        )  # fmt: skip
    for text in (*texts, "  ".join(texts), "😀 " + GOOD):
        exact = measure(text, file)
        assert exact.is_exact
        assert exact.count <= measure(text).count


def test_a_wrong_tokenizer_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="no tokenizer"):
        measure("a", tmp_path / "absent.model")
    (tmp_path / "broken.model").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"broken\.model"):
        measure("a", tmp_path / "broken.model")


def test_suggestions_are_concepts():
    for _, instead in _vague_words().values():
        assert set(instead) <= set(Lexicon.load().concepts)


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ("a, b, c", "b", "a, c"),
        ("a, b", "b", "a"),
        ("a, b", "a", "b"),
        ("甲，乙，丙", "乙", "甲，丙"),
        ("x y z", "y", "x z"),
        ("빨간 아름다운 차", "아름다운", "빨간 차"),
    ],
)
def test_words_go_with_their_separator(text, words, rest):
    start = text.index(words)
    assert without(text, (start, start + len(words))) == rest


@given(st.text(min_size=1, max_size=80))
@settings(deadline=None, max_examples=100)
def test_any_text_is_judged(text):
    if not text.strip() or "\0" in text:
        return
    for remark in lint(Shot(text)):
        assert 0 <= remark.span[0] <= remark.span[1] <= len(text)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("让画面好看一点，一个女孩", "一个女孩，柔光，暖色调，中心构图"),
        ("ちょっといい感じにして、女の子が走る", "女の子が走る、柔らかい光、暖色、中央構図"),
        ("make it pop, cold blue moonlight, snow", "cold blue moonlight, snow, center composition"),
        (
            "make it pop, a man, moonlight, cool tone, rule of thirds",
            "a man, moonlight, cool tone, rule of thirds",
        ),
        ("写实，下雪的夜晚，好看一点的女孩", "写实，下雪的夜晚，女孩，柔光，中心构图"),
    ],
)
def test_what_stands_for_a_vague_word_goes_with_the_rest(text, fix):
    assert [each.fix for each in lint(Shot(text)) if each.rule == "vague_word"] == [fix]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("正午的月光下，男人走在街上", "正午，男人走在街上"),
        ("真昼の月明かり、男が通りを歩く", "真昼、男が通りを歩く"),
        ("한낮의 달빛, 남자가 거리를 걷는다", "한낮, 남자가 거리를 걷는다"),
    ],
)
def test_nothing_is_left_hanging_where_a_contradiction_was(text, fix):
    assert [each.fix for each in lint(Shot(text)) if each.rule == "contradiction"] == [fix]


@pytest.mark.parametrize(
    ("text", "negative", "kept"),
    [
        ("a cat runs at night", "blurry, cat, low quality", "blurry, low quality"),
        ("写实，一只猫", "猫，狗", "狗"),
        ("雨の街", "雨、人混み", "人混み"),
        ("고양이가 달린다, 고정 카메라", "고정 카메라, 흐림", "흐림"),
    ],
)
def test_a_negative_prompt_that_rules_out_what_is_asked_for_is_seen(text, negative, kept):
    fixes = [each.negative_fix for each in lint(Shot(text, negative_prompt=negative))]
    assert kept in [fix for fix in fixes if fix is not None]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("A cat sleeps, camera static and panning left", "A cat sleeps, camera static"),
        ("A cat sleeps at noon and in moonlight on a roof", "A cat sleeps at noon on a roof"),
        ("一只猫在正午和月光下睡觉", "一只猫在正午睡觉"),
    ],
)
def test_what_joined_two_that_exclude_each_other_goes_too(text, fix):
    assert [each.fix for each in lint(Shot(text)) if each.rule == "contradiction"] == [fix]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a sunny beach, then a storm rolls in", False),
        ("static shot, then the camera pushes in on a man", False),
        ("timelapse of a city from day to night", False),
        ("a man walks to the sea at noon in moonlight", True),
        ("先是晴天，突然下起暴雨", False),
        ("晴转雨的街道", False),
        ("中午男人走到月光下", True),
        ("昼の街がやがて夜になる", False),
        ("昼の街、月明かりの下", True),
        ("맑은 하늘, 갑자기 비가 온다", False),
        ("낮에서 밤으로 바뀌는 도시", False),
        ("한낮의 도시, 달빛", True),
    ],
)
def test_what_follows_something_else_does_not_contradict_it(text, is_one):
    assert ("contradiction" in rules(text)) == is_one


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("一个很好看的女孩在街上走，写实", "一个女孩在街上走，写实"),
        ("すごくかっこいい男が走る", "男が走る"),
        ("정말 멋진 남자가 달린다", "남자가 달린다"),
        ("a really nice girl walks", "a girl walks"),
    ],
)
def test_a_vague_word_takes_its_adverb_along(text, fix):
    (remark,) = (each for each in lint(Shot(text)) if each.rule == "vague_word")
    assert remark.fix.startswith(fix)


def test_a_vague_word_is_no_part_of_another_word():
    assert "vague_word" not in rules("かわいい感じの女の子が歩く")
