import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.lint import Shot, lint
from rushes.language.parse import parse
from rushes.language.templates import fill_rows, from_file, library
from rushes.language.writing import agreeing, with_article, with_particle

LIBRARY = library()
CONCEPT_SLOTS = [
    (template, name, language)
    for template in LIBRARY.values()
    for name, slot in template.slots.items()
    if "text" not in slot.types
    for language in LANGUAGES
]


def test_there_are_enough_in_every_language():
    assert len(LIBRARY) >= 30
    assert all(set(template.texts) == set(LANGUAGES) for template in LIBRARY.values())
    kinds = {template.kind for template in LIBRARY.values()}
    assert {
        "previs",
        "advert",
        "product",
        "festival",
        "unboxing",
        "npc",
        "weather",
        "growth",
        "city",
    } <= kinds


def test_defaults_are_concepts_of_the_right_type():
    concepts = Lexicon.load().concepts
    for template, name, _ in CONCEPT_SLOTS:
        slot = template.slots[name]
        assert concepts[slot.default].slot in slot.types


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_default_is_read_back_and_the_grammar_is_complete(language):
    for template in LIBRARY.values():
        text = template.fill({}, language)
        assert not set(text) & set("{}()")
        found = {each.concept for each in parse(text, language).everything() if not each.negated}
        for name, slot in template.slots.items():
            if "text" not in slot.types:
                assert slot.default in found, (template.id, name, text)
        remarks = [remark.rule for remark in lint(Shot(text))]
        assert "contradiction" not in remarks, text
        assert "vague_word" not in remarks, text


def test_values_may_be_concepts_or_words():
    chase = LIBRARY["previs_chase"]
    assert chase.fill({"prey": "mouse"}, "en").startswith("A police officer chases a mouse")
    assert "狐狸" in chase.fill({"prey": "fox"}, "zh")
    assert "여우를" in chase.fill({"prey": "fox"}, "ko")
    assert "범인" not in chase.fill({"prey": "늑대"}, "ko")
    assert "늑대를" in chase.fill({"prey": "늑대"}, "ko")


@pytest.mark.parametrize(
    ("values", "language", "named"),
    [
        ({"prey": "rain"}, "en", "prey"),
        ({"prey": "qwertz"}, "en", "qwertz"),
        ({"weapon": "sword"}, "en", "weapon"),
        ({"prey": "{hunter}"}, "en", "phrase"),
        ({}, "fr", "fr"),
    ],
)
def test_wrong_values_are_named(values, language, named):
    with pytest.raises(UsageError, match=named):
        LIBRARY["previs_chase"].fill(values, language)


def test_what_is_named_beside_a_table_stands_for_a_missing_column():
    rows = list(fill_rows(LIBRARY, "prey\nfox\n", "previs_chase", "en"))
    assert rows[0][1].startswith("A police officer chases a fox")
    rows = list(fill_rows(LIBRARY, "template,language,prey\nprevis_chase,ko,fox\n", "advert_car", "en"))
    assert "여우" in rows[0][1]


def test_a_table_fills_many():
    table = "template,language,name,prey,vehicle\nprevis_chase,ko,first,fox,\nadvert_car,en,,,taxi\n"
    rows = list(fill_rows(LIBRARY, "\ufeff" + table))
    assert rows[0][0] == "first"
    assert "여우를" in rows[0][1]
    assert rows[1] == ("advert_car_002", LIBRARY["advert_car"].fill({"vehicle": "taxi"}, "en"))


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("language,prey\nen,fox\n", "template"),
        ("template,language\nnone,en\n", "Row 1"),
        ("template,language,prey\nprevis_chase,en,rain\n", "Row 1: 'rain'"),
        ("template,language,prey\nprevis_chase,en,fox,extra\n", "Row 1"),
        ("template,language,vehicle\nprevis_chase,en,taxi\n", "vehicle"),
    ],
)
def test_a_wrong_row_is_named(table, named):
    with pytest.raises(UsageError, match=named):
        list(fill_rows(LIBRARY, table))


def test_own_templates_are_files(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[duel]\nslots.who = { types = ["person"], default = "samurai" }\nja = "{who}が刀を抜く"\n',
        encoding="utf-8",
    )
    assert from_file(path)["duel"].fill({}, "ja").endswith("が刀を抜く")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[a]\nen = '{x}'\n", "x"),
        ("[a]\nfr = 'x'\n", "may hold"),
        ("[a]\nslots.x = { types = ['colour'], default = 'red' }\nen = 'y'\n", "x"),
        ("[a]\nslots.x = { types = ['nothing'], default = 'red' }\nen = '{x}'\n", "types"),
        ("[a\n", "TOML"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path, text, named):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=named):
        from_file(path)


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=100)
def test_no_value_breaks_a_template(value):
    try:
        text = LIBRARY["previs_chase"].fill({"prey": value}, "en")
    except UsageError:
        return
    assert "{" not in text


@pytest.mark.parametrize(
    ("noun", "tail", "expected"),
    [
        ("여우", "을", "여우를"),
        ("말", "를", "말을"),
        ("길", "으로", "길로"),
        ("숲", "로", "숲으로"),
        ("개", "이", "개가"),
    ],
)
def test_korean_particles(noun, tail, expected):
    assert with_particle(noun, tail) == expected


def test_agreement():
    assert agreeing("말이(가) 차을(를) 길(으)로") == "말이 차를 길로"
    assert with_article("a owl and an fox") == "an owl and a fox"


@pytest.mark.parametrize(
    ("template", "values", "language", "words"),
    [
        ("advert_car", {}, "ja", "銀色のスポーツカー"),
        ("advert_car", {"colour": "colorful"}, "ja", "カラフルなスポーツカー"),
        ("advert_car", {"colour": "シルバー"}, "ja", "シルバーのスポーツカー"),
        ("advert_car", {"colour": "red"}, "ja", "赤いスポーツカー"),
        ("birthday_greeting", {}, "ja", "ピンクのケーキ"),
        ("birthday_greeting", {}, "ko", '자막 "지민"'),
        ("festival_new_year", {}, "zh", "字幕“新年快乐”"),
        ("festival_new_year", {}, "ja", "字幕「謹賀新年」"),
        ("weather_change", {}, "ko", "흐린 하늘에서 비로"),
        ("weather_change", {"before": "storm", "after": "clear"}, "ko", "폭풍에서 맑은 날씨로"),
    ],
)
def test_words_fit_the_grammar_around_them(template, values, language, words):
    assert words in library()[template].fill(values, language)


def test_only_text_says_something_else_in_each_language(tmp_path):
    file = tmp_path / "own.toml"
    own = '[a]\nslots.x = { types = ["text"], default = "red", ja = "赤" }\nja = "{x}"\nzh = "{x}"\n'
    file.write_text(own, encoding="utf-8")
    assert [from_file(file)["a"].fill({}, language) for language in ("ja", "zh")] == ["赤", "red"]
    file.write_text(own.replace("text", "colour"), encoding="utf-8")
    with pytest.raises(UsageError, match="one of type text"):
        from_file(file)


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("previs_crowd", {"time": "summer", "place": "shanghai"}, "In summer a crowd surges into Shanghai,"),
        ("previs_crowd", {"time": "tang_dynasty"}, "In the Tang dynasty a crowd"),
        ("previs_crowd", {"time": "night"}, "At night a crowd"),
        ("city_life", {"time": "dawn"}, "The street at dawn,"),
        ("city_life", {}, "The street in the morning,"),
        ("weather_change", {"after": "sandstorm"}, "overcast weather turns into a sandstorm,"),
        ("ink_poem", {"weather": "storm"}, "in a storm a fisherman"),
        ("travel_vlog", {}, "smiles, clear weather,"),
    ],
)
def test_english_says_times_names_and_weather_as_phrases(template, values, said):
    assert said in library()[template].fill(values, "en")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prey": "three stray dogs"}, "A police officer chases three stray dogs through the alley"),
        ({"hunter": "the old king", "prey": "a cat"}, "The old king chases a cat through the alley"),
        ({"prey": "owl"}, "A police officer chases an owl through the alley"),
    ],
)
def test_an_english_value_may_bring_its_article(values, said):
    assert library()["previs_chase"].fill(values, "en").startswith(said)


@pytest.mark.parametrize(
    ("template", "place", "chinese", "english"),
    [
        ("previs_dialogue", "rooftop", "屋顶上，男人", "On the rooftop a man"),
        ("previs_dialogue", "cafe", "咖啡馆里，男人", "In the cafe a man"),
        ("music_video", "room", "歌手在房间里", "dances in the room"),
        ("weather_change", "beach", "沙滩上空", "Above the beach"),
    ],
)
def test_what_stands_before_a_place_is_that_of_the_place(template, place, chinese, english):
    assert chinese in library()[template].fill({"place": place}, "zh")
    assert english in library()[template].fill({"place": place}, "en")
