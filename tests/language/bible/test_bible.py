"""Names, aliases and pronouns to entries; descriptions in prompts; the asset list and the file."""

import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.language.screenplay.annotated import load

from rushes.core.errors import UsageError
from rushes.language.bible.asset_list import asset_csv, asset_list, write_asset_workbook
from rushes.language.bible.bible_file import bible_json, read_bible
from rushes.language.bible.draft import draft_bible, follow_scenes, merge_bibles
from rushes.language.bible.entry import Bible, Entry, EntryKind, SceneDescription
from rushes.language.bible.korean import fit_particle
from rushes.language.bible.resolve import Resolver
from rushes.language.bible.shot_prompt import PartSource, shot_prompts
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.element import Screenplay
from rushes.language.screenplay.fountain import parse_fountain
from rushes.language.screenplay.text_script import parse_text


def cast(name, pronoun="", description="", **fields):
    pronouns = (pronoun,) if pronoun else ()
    return Entry(name.lower(), EntryKind.CAST, name, pronouns=pronouns, description=description, **fields)


ANNA = cast("ANNA", "she", "a woman in a red coat", short="the woman", aliases=("Annie",))
BEN = cast("BEN", "he", "a tall boy")
LUMI = cast("LUMI", "she", "a girl with a torch")
KEY = Entry("key", EntryKind.PROP, "key", description="a rusty iron key")


def meant(resolver, text, speaker=""):
    return [(text[m.span.start : m.span.end], m.entry_id, m.is_certain) for m in resolver.read(text, speaker)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna jumps. She falls.", [("Anna", "anna", True), ("She", "anna", True)]),
        (
            "Annie waves at Ben. He waves back.",
            [("Annie", "anna", True), ("Ben", "ben", True), ("He", "ben", True)],
        ),
        ("ANNA'S coat drips.", [("ANNA", "anna", True)]),
        ("Annabel and Benson leave.", []),
        (
            "Anna sees Lumi. She smiles.",
            [("Anna", "anna", True), ("Lumi", "lumi", True), ("She", "lumi", False)],
        ),
        ("Ben drops the key. It rings.", [("Ben", "ben", True), ("key", "key", True), ("It", "key", True)]),
        ("They run.", []),
    ],
)
def test_names_aliases_and_pronouns_mean_entries(text, expected):
    resolver = Resolver(Bible((ANNA, BEN, LUMI, KEY)), "en")
    assert meant(resolver, text) == expected


def test_a_pronoun_reaches_back_to_the_scene_before_where_the_bible_has_it():
    resolver = Resolver(Bible((ANNA, BEN, LUMI, cast("ASH"))), "en")
    resolver.read("Anna enters. Ash waits.")
    assert meant(resolver, "She sits.") == [("She", "anna", True)]
    resolver.start_scene()
    assert meant(resolver, "She sits.") == [("She", "anna", True)]
    assert meant(resolver, "Lumi runs. She sits.") == [("Lumi", "lumi", True), ("She", "lumi", True)]
    resolver.start_scene()
    resolver.start_scene()
    assert meant(resolver, "She sits.") == []


def test_speakers_and_listeners():
    resolver = Resolver(Bible((ANNA, BEN)), "en")
    resolver.start_scene(["anna", "ben"])
    assert meant(resolver, "I know you.", "anna") == [("I", "anna", True), ("you", "ben", True)]
    assert meant(resolver, "I know you.") == []


@pytest.mark.parametrize(
    ("language", "names", "text", "expected"),
    [
        ("zh", ("刘星", "she", "老周", "he"), "刘星看着老周。她笑了，他没有。", ["刘星", "老周", "她", "他"]),
        (
            "ja",
            ("美咲", "she", "佐伯", "he"),
            "美咲と佐伯。彼女は笑い、彼は黙る。",
            ["美咲", "佐伯", "彼女", "彼"],
        ),
        (
            "ko",
            ("지은", "she", "민수", "he"),
            "지은과 민수. 그녀는 웃고 그는 운다.",
            ["지은", "민수", "그녀", "그는"],
        ),
    ],
)
def test_pronouns_in_three_more_languages(language, names, text, expected):
    first, second = cast(names[0], names[1]), cast(names[2], names[3])
    found = meant(Resolver(Bible((first, second)), language), text)
    assert [word for word, _, _ in found] == expected
    assert [entry_id for _, entry_id, _ in found] == [names[0], names[2], names[0], names[2]]


SCRIPT = """INT. CELLAR - NIGHT #1#

Anna jumps. Anna takes the key. She looks at Ben.

EXT. RIVER - DAWN #2#

ANNA (30s, red coat) climbs out of the water. Her hands shake.

ANNA
Ben is gone.
"""


def broken(source=SCRIPT):
    return break_down(Screenplay(source, parse_fountain(source)))


def test_descriptions_stand_where_names_stood_and_are_marked():
    wet = replace(ANNA, changes=(SceneDescription("2", "a woman in a soaked red coat"),))
    cellar = Entry("cellar", EntryKind.LOCATION, "CELLAR", description="a low brick cellar")
    prompts = shot_prompts(broken(), Bible((wet, BEN, KEY, cellar)))
    assert prompts[0].marked == (
        "wide shot, [a low brick cellar], night, [a woman in a red coat] jumps. [The woman] takes "
        "[a rusty iron key]. She looks at [a tall boy]."
    )
    assert prompts[1].marked.endswith(
        "[a woman in a soaked red coat] climbs out of the water. Her hands shake."
    )
    assert prompts[2].text.endswith("a woman in a soaked red coat: Ben is gone.")
    parts = [part for part in prompts[0].parts if part.source is PartSource.BIBLE]
    assert [(part.replaces, part.entry_id) for part in parts][:2] == [("CELLAR", "cellar"), ("Anna", "anna")]


@pytest.mark.parametrize(
    ("source", "setting"),
    [
        ("INT. CAFE - DAY\n\nAnna sits.\n", "CAFE, interior, day, "),
        ("EXT. CAFE - DAY\n\nAnna sits.\n", "CAFE, exterior, day, "),
        ("EXT. PARK - DAY\n\nAnna sits.\n", "PARK, day, "),
        ("INT. HOTEL KITCHEN - DAY\n\nAnna sits.\n", "HOTEL KITCHEN, day, "),
        ("INT. CAVE - DAY\n\nAnna sits.\n", "CAVE, interior, day, "),
        ("INT./EXT. CAR - DAY\n\nAnna sits.\n", "CAR, day, "),
        ("1-1 咖啡馆 日 外\n△刘星坐着。\n", "咖啡馆，室外，日，"),
        ("第一场 内景 厨房 夜\n△刘星坐着。\n", "厨房，夜，"),
        ("1-1 外景 カフェ 朝\n美咲が座る。\n", "カフェ、屋外、朝、"),
        ("S#4. 카페 / N / I\n민수가 앉는다.\n", "카페, 실내, 밤, "),
    ],
)
def test_inside_or_outside_is_said_where_the_place_does_not_say_it(source, setting):
    breakdown = break_down(parse_text(source, is_fountain=source.isascii()))
    assert shot_prompts(breakdown, Bible(()))[0].text.split(setting)[1:] == [breakdown.shots[0].text]


MONTAGE = """INT. HOSPITAL ROOM - NIGHT

Anna sleeps.

MONTAGE - ANNA'S DREAMS

- A beach at dawn. Anna runs by the sea, slower and slower, until the shadow is gone. She falls on her knees.
- A tree in the wind. Anna stands by the window.
- Anna paints a wall in the old kitchen.

END MONTAGE

Anna wakes by the sea in a picture.
"""


def test_a_picture_of_a_montage_has_the_place_and_the_time_that_it_names():
    assert [prompt.text.partition(", ")[2] for prompt in shot_prompts(broken(MONTAGE), Bible(()))] == [
        "HOSPITAL ROOM, night, Anna sleeps.",
        "A beach at dawn.",
        "beach, at dawn, Anna runs by the sea, slower and slower, until the shadow is gone.",
        "beach, at dawn, She falls on her knees.",
        "HOSPITAL ROOM, night, A tree in the wind. Anna stands by the window.",
        "night, Anna paints a wall in the old kitchen.",
        "HOSPITAL ROOM, night, Anna wakes by the sea in a picture.",
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "1-1 病房 夜 内\n△刘星睡着了。\n\n蒙太奇：\n\n- 清晨的海滩，刘星奔跑。\n- 厨房里，刘星做饭。\n"
            "\n蒙太奇结束\n\n△海滩在画里。\n",
            ["清晨的海滩，刘星奔跑。", "夜，厨房里，刘星做饭。", "病房，室内，夜，海滩在画里。"],
        ),
        (
            "○病院（夜）\n美咲が眠っている。\n\nモンタージュ\n\n・夜明けの海辺。美咲が走る。\n"
            "・台所。美咲が料理する。\n",
            ["夜明けの海辺。美咲が走る。", "夜、台所。美咲が料理する。"],
        ),
        (
            "S#1. 병원 - 밤\n민수가 잔다.\n\n몽타주\n\n- 새벽의 해변. 민수가 달린다.\n"
            "- 부엌. 민수가 요리한다.\n\n몽타주 끝\n",
            ["새벽의 해변. 민수가 달린다.", "밤, 부엌. 민수가 요리한다."],
        ),
    ],
)
def test_montages_in_three_more_languages(source, expected):
    breakdown = break_down(parse_text(source, is_fountain=False))
    texts = [prompt.text for prompt in shot_prompts(breakdown, Bible(()))][1:]
    assert [re.split("，|、|, ", text, maxsplit=1)[1] for text in texts] == expected


def test_a_pronoun_that_opens_a_shot_is_described():
    source = (
        "INT. A - DAY\n\nAnna waits by the door of the long white corridor.\n\nShe runs. Her coat is wet.\n"
    )
    assert shot_prompts(broken(source), Bible((ANNA,)))[1].text.endswith(
        "a woman in a red coat runs. Her coat is wet."
    )


def test_a_possessive_that_opens_a_shot_stays_one():
    source = "INT. A - DAY\n\nAnna waits by the door of the long white corridor.\n\nHer coat is wet.\n"
    assert "a woman in a red coat's coat is wet." in shot_prompts(broken(source), Bible((ANNA,)))[1].text


@pytest.mark.parametrize(
    ("noun", "rest", "expected"),
    [
        ("여자", "은 간다", ("은", "는")),
        ("소년", "는 간다", ("는", "은")),
        ("소년", "가 간다", ("가", "이")),
        ("여자", "을 본다", ("을", "를")),
        ("서울", "으로 간다", ("으로", "로")),
        ("여자(40)", "이 간다", ("이", "가")),
        ("여자", "에게", ("", "")),
        ("소년", "가방", ("", "")),
    ],
)
def test_korean_particles_fit_the_noun_before_them(noun, rest, expected):
    assert fit_particle(noun, rest) == expected


def test_korean_prompts_keep_their_grammar():
    source = "S#1. 거실 - 밤\n민수가 문을 연다. 그는 웃는다.\n"
    breakdown = break_down(parse_text(source, is_fountain=False))
    prompts = shot_prompts(breakdown, Bible((cast("민수", "he", "키 큰 소년"),)))
    assert prompts[0].text.endswith("키 큰 소년이 문을 연다. 그는 웃는다.")


def test_the_draft_knows_what_the_script_says():
    entries = {entry.name: entry for entry in draft_bible(script("en_harbour.fountain")).entries}
    assert entries["MARA"].aliases == ("MARA KOVAC",)
    assert entries["MARA"].pronouns == ("she",)
    assert entries["MARA"].description == "a woman, 40s, grey wool coat"
    assert entries["PIER"].kind is EntryKind.LOCATION
    chinese = {entry.name: entry for entry in draft_bible(script("zh_rainnight")).entries}
    assert chinese["刘星"].description == "一位女子（三十岁，红色风衣，退役女兵）"


def script(name):
    return break_down(parse_text(load(name).text, is_fountain=name.endswith(".fountain")))


def test_what_people_wrote_survives_a_new_draft():
    draft = draft_bible(script("zh_rainnight"))
    ours = Bible(
        tuple(replace(e, description="我写的") if e.name == "刘星" else e for e in draft.entries[:2])
    )
    merged = merge_bibles(ours, draft)
    assert {e.name: e.description for e in merged.entries}["刘星"] == "我写的"
    assert {e.id for e in merged.entries} == {e.id for e in draft.entries}


def test_every_asset_names_its_lines():
    breakdown = script("zh_rainnight")
    assets = {asset.name: asset for asset in asset_list(breakdown, draft_bible(breakdown))}
    source = breakdown.source.splitlines()
    for line in assets["木箱"].lines:
        assert "箱" in source[line.line - 1]
    assert assets["古城茶馆"].scenes == ("1-1", "1-3")
    spoken = [line.line for line in assets["小雨"].lines]
    assert all(any(word in source[line - 1] for word in ("小雨", "她", "你")) for line in spoken)


def test_the_list_is_a_table_in_the_language_of_the_script(tmp_path):
    breakdown = script("zh_rainnight")
    assets = asset_list(breakdown, draft_bible(breakdown))
    rows = list(csv.reader(io.StringIO(asset_csv(assets, "zh"))))
    assert rows[0][:3] == ["类别", "编号", "名称"]
    assert len(rows) == len(assets) + 1
    path = tmp_path / "资产清单.xlsx"
    write_asset_workbook(assets, "zh", path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["资产清单", "剧本行"]
    assert [cell.value for cell in book["资产清单"][2]][2] == "刘星"
    assert book["剧本行"].max_row == 1 + sum(len(asset.lines) for asset in assets)
    book.close()


def test_cells_of_a_workbook_are_never_formulas(tmp_path):
    entry = Entry("x", EntryKind.PROP, "=1+1", description="\x01@SUM(A1)")
    path = tmp_path / "a.xlsx"
    write_asset_workbook(asset_list(broken(), Bible((entry,))), "en", path)
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=1+1" in [cell.value for cell in cells]
    book.close()


def test_the_file_comes_back_and_strange_keys_are_named(tmp_path):
    path = tmp_path / "bible.json"
    bible = Bible((replace(ANNA, changes=(SceneDescription("2", "wet"),)), KEY))
    path.write_text(bible_json(bible), encoding="utf-8")
    assert read_bible(path) == bible
    document = json.loads(path.read_text(encoding="utf-8"))
    document["entries"][0]["hair"] = "red"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match=r"entries\[0\].hair is unknown"):
        read_bible(path)
    document["entries"][0] = document["entries"][1]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="two entries with the id 'key'"):
        read_bible(path)
    assert read_bible(tmp_path / "none.json") is None


WORDS = [
    "Anna",
    "Ben",
    "she",
    "her",
    "he",
    "his",
    "key",
    "it",
    "runs",
    ".",
    ",",
    " (30s)",
    "她",
    "刘星",
    "그는",
    "가",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.sampled_from(["en", "zh", "ja", "ko"]))
def test_mentions_never_overlap_and_prompts_keep_the_script(text, language):
    bible = Bible((ANNA, BEN, KEY, cast("刘星", "she", "女子")))
    mentions = Resolver(bible, language).read(text)
    for before, after in pairwise(mentions):
        assert before.span.end <= after.span.start
    breakdown = broken(f"INT. A - DAY\n\n!{text} x\n")
    for prompt in shot_prompts(breakdown, Bible(())):
        assert prompt.text.endswith(next(s.text for s in breakdown.shots if s.id == prompt.shot_id))


def prompts_of(source, *entries):
    breakdown = break_down(Screenplay(source, parse_fountain(source)))
    return {prompt.code: prompt.marked for prompt in shot_prompts(breakdown, Bible(entries))}


ROOM = """INT. TRUCK - DAY

ANNA sits.

BEN (O.S.)
Anna, look.

ANNA
Ben? Where?

BEN
Here, Anna.

ANNA (V.O.)
I never looked.
"""


def test_a_reaction_shows_who_listens_and_a_narration_who_tells_it():
    prompts = prompts_of(ROOM, ANNA, BEN)
    assert prompts["SC001_SH0020"].endswith(
        "day, [a woman in a red coat] listens, BEN (off screen): Anna, look."
    )
    assert prompts["SC001_SH0060"].endswith(
        "day, [a woman in a red coat], ANNA (off screen): I never looked."
    )


def test_names_that_are_said_in_a_master_stay():
    marked = prompts_of(ROOM, ANNA, BEN)["SC001_SH0030"]
    assert marked.endswith("[a woman in a red coat]: Ben? Where? [A tall boy]: Here, Anna.")


def test_a_place_is_not_the_prop_of_the_same_name():
    prop = Entry("prop-truck", EntryKind.PROP, "truck", description="a toy truck")
    place = Entry("location-TRUCK", EntryKind.LOCATION, "TRUCK", description="a rusty cab")
    assert "[a rusty cab]" in prompts_of(ROOM, ANNA, BEN, prop, place)["SC001_SH0010"]
    breakdown = break_down(Screenplay(ROOM, parse_fountain(ROOM)))
    assert [[line.line for line in asset.lines] for asset in asset_list(breakdown, Bible((prop, place)))] == [
        [],
        [1],
    ]


def test_a_chinese_measure_word_is_said_once():
    knife = Entry("knife", EntryKind.PROP, "匕首", description="一把旧匕首")
    source = "1-1 厨房 日 内\n△桌上有一把匕首。\n"
    breakdown = break_down(parse_text(source, is_fountain=False))
    assert shot_prompts(breakdown, Bible((knife,)))[0].marked.endswith("桌上有[一把旧匕首]。")


@pytest.mark.parametrize(
    ("line", "person"),
    [("沈青：女，32岁", "一位女子（女，32岁）"), ("沈青：男，32岁", "一位男子（男，32岁）")],
)
def test_a_cast_list_that_says_woman_or_man_is_believed(line, person):
    source = f"人物小传\n{line}\n\n1-1 厨房 日 内\n△沈青坐下。\n沈青：好。\n"
    assert draft_bible(break_down(parse_text(source, is_fountain=False))).entries[0].description == person


def test_how_somebody_looks_in_a_scene_goes_with_the_scene():
    wet, torn = SceneDescription("7", "a soaked woman"), SceneDescription("8", "a woman in a torn coat")
    bible = Bible((replace(ANNA, changes=(wet, torn)),))
    after = follow_scenes(bible, {"7": ("17", "17A"), "9": ("8",)}).entries[0]
    assert [after.described(scene) for scene in ("7", "17", "17A", "8")] == [
        ANNA.description,
        wet.description,
        wet.description,
        torn.description,
    ]
    merged = follow_scenes(bible, {"7": ("7",), "8": ("7",)}).entries[0]
    assert merged.changes == (wet,)


WATER = """INT. WAREHOUSE - NIGHT

ANNA (34, red raincoat) pushes the door open.

A torch in her hand.

TOM
(O.S.)
Don't move.

A crate falls. She runs.

EXT. QUAY - CONTINUOUS

Anna falls into the water.

EXT. QUAY - DAWN

Her coat is wet. Tom, 50, grey beard, pulls her out with a long boathook and a rope.
"""


def test_the_draft_tells_who_acts_from_whom_it_is_done_to():
    entries = {entry.name: entry for entry in draft_bible(broken(WATER)).entries}
    assert entries["ANNA"].pronouns == ("she",)
    assert entries["ANNA"].description == "a woman, 34, red raincoat"
    assert entries["TOM"].description == "a man, 50, grey beard"


def test_a_japanese_name_has_what_somebody_is_before_it_and_another_age_in_another_scene():
    source = (
        "○喫茶「灯」・店内（夕）\n\n窓際の席に原田美咲（28）。\n入ってきたのは、ずぶ濡れの少年・タクミ（10）。\n\n"
        "美咲「誰？」\n\nタクミ「僕だよ」\n\n○同・外（夜）\n\n美咲が飛び出してくる。彼女は泣く。\n\n"
        "○回想・川原（昼）\n\n幼い美咲（8）が石を投げる。父・健一（40）が帽子をかぶせる。\n"
    )
    breakdown = break_down(parse_text(source, is_fountain=False))
    bible = draft_bible(breakdown)
    looks = {entry.name: entry.description for entry in bible.entries if entry.kind is EntryKind.CAST}
    assert looks == {"美咲": "女性（28）", "タクミ": "少年（10）", "健一": "男性（40、父）"}
    prompts = "".join(prompt.text for prompt in shot_prompts(breakdown, bible))
    assert "ずぶ濡れの少年（10）。" in prompts
    assert "喫茶「灯」、屋外、夜" in prompts
    assert "幼い少女（8）が石を投げる。" in prompts
    assert "男性（40、父）が帽子をかぶせる。" in prompts


def test_the_people_of_a_chinese_heading_are_described_there_and_merged_into_an_older_bible():
    source = (
        "第1场 古寺 夜 内\n人物：慧明（老僧，七十岁）、阿青（十六岁，女扮男装）、海生（电话声）\n\n"
        "△阿青推门而入。\n\n"
        "第2场 街市 日 外\n人物：阿青（十九岁）\n\n△阿青骑马而过。\n"
    )
    breakdown = break_down(parse_text(source, is_fountain=False))
    drafted = draft_bible(breakdown)
    older = Bible(tuple(replace(entry, description="", changes=()) for entry in drafted.entries))
    bible = merge_bibles(older, drafted)
    assert bible == drafted
    looks = {entry.name: entry.description for entry in bible.entries if entry.kind is EntryKind.CAST}
    assert looks == {"慧明": "一名老僧（七十岁）", "阿青": "一个女孩（十六岁，女扮男装）", "海生": ""}
    prompts = [prompt.text for prompt in shot_prompts(breakdown, bible)]
    assert prompts == [
        "全景，古寺，室内，夜，一个女孩（十六岁，女扮男装）推门而入。",
        "全景，街市，日，一位女子（十九岁）骑马而过。",
    ]


@pytest.mark.parametrize(
    ("source", "name", "pronoun"),
    [
        ("INT. CAR - DAY\n\nLENA (27) drives. Her little brother MATEO (19) sleeps.\n", "MATEO", "he"),
        ("EXT. QUAY - DAY\n\nTom waits for his wife, ANNA (30).\n", "ANNA", "she"),
        (
            "EXT. QUAY - DAY\n\nLENA (27) counts her money.\n\nYOUNG LENA (9) sits down.\n",
            "YOUNG LENA",
            "she",
        ),
        ("1-1 客厅 日 内\n人物：林晓、小宝（6岁）\n\n△林晓抱着妹妹小宝。\n", "小宝", "she"),
        ("S#1. 거실 - 낮\n\n수현이 남동생 지우(9)를 안는다.\n", "지우", "he"),
    ],
)
def test_what_somebody_is_to_others_tells_a_she_from_a_he(source, name, pronoun):
    breakdown = break_down(parse_text(source, is_fountain=source.isascii()))
    assert {entry.name: entry.pronouns for entry in draft_bible(breakdown).entries}[name] == (pronoun,)


def test_the_two_of_a_scene_are_described_where_they_are_only_two():
    breakdown = broken(
        "EXT. SEA - NIGHT\n\nIDRIS (70, white beard) rows.\n\nNELL (8) hums. She waves.\n\n"
        "The two of them look up.\n\nThey see a light. Nell points.\n"
    )
    prompts = [prompt.text for prompt in shot_prompts(breakdown, draft_bible(breakdown))]
    assert prompts[2].endswith("The two of them look up. (a man, 70, white beard; a girl, 8)")
    assert prompts[3].endswith("They see a light. A girl, 8, points. (a man, 70, white beard)")
    source = (
        "1-1 海边 日 外\n人物：林晓（7岁）、陈默（老人，70岁）\n\n△林晓笑。陈默也笑。\n\n△两人跑向大海。\n"
    )
    breakdown = break_down(parse_text(source, is_fountain=False))
    prompts = [prompt.text for prompt in shot_prompts(breakdown, draft_bible(breakdown))]
    assert prompts[-1].endswith("两人跑向大海。（一个孩子（7岁）；一个人（老人，70岁））")


def test_a_brother_is_put_behind_a_comma():
    breakdown = broken("INT. CAR - DAY\n\nLENA (27) drives. Her brother MATEO (19) sleeps in the back.\n")
    prompts = shot_prompts(breakdown, draft_bible(breakdown))
    assert "brother, a man, 19, sleeps in the back." in prompts[-1].text


def test_who_is_beside_whom_tells_the_one_named_before():
    breakdown = broken(
        "INT. SUBMARINE - NIGHT\n\nCAPTAIN VOSS (50s) grips the periscope. "
        "Beside her, ENSIGN KOWALSKI (22) looks at a screen.\n\n"
        "VOSS\nReport.\n\nKOWALSKI\nNothing.\n\nShe walks to the hatch.\n"
    )
    bible = draft_bible(breakdown)
    entries = {entry.name: entry.pronouns for entry in bible.entries}
    assert (entries["VOSS"], entries["KOWALSKI"]) == (("she",), ())
    assert shot_prompts(breakdown, bible)[-1].text.endswith("a woman, 50s, walks to the hatch.")


def test_the_prompts_of_a_drafted_bible_read_as_sentences():
    breakdown = broken(WATER)
    prompts = "\n".join(prompt.text for prompt in shot_prompts(breakdown, draft_bible(breakdown)))
    assert "night, A torch in a woman's hand. (a woman, 34, red raincoat)\n" in prompts
    assert "A crate falls. A woman, 34, red raincoat, runs.\n" in prompts
    assert "wide shot, QUAY, night, a woman, 34, red raincoat, falls" in prompts
    assert "wide shot, QUAY, dawn, a woman's coat is wet. (a woman, 34, red raincoat)\n" in prompts
    assert "dawn, a man, 50, grey beard, pulls a woman, 34, red raincoat, out" in prompts


@pytest.mark.parametrize(
    ("source", "time"),
    [
        ("1-1 客厅 夜 内\n△小红跑进来。\n\n1-2 走廊 稍后 内\n△小红停下。\n", "夜"),
        ("○公園（夜）\n美咲が走る。\n\n○道（続き）\n美咲が止まる。\n", "夜"),
        ("S#1. 거실 - 밤\n민수가 달린다.\n\nS#2. 복도 - 계속\n민수가 멈춘다.\n", "밤"),
    ],
)
def test_a_scene_that_goes_on_has_the_time_of_the_one_before(source, time):
    breakdown = break_down(parse_text(source, is_fountain=False))
    assert f"{time}" in shot_prompts(breakdown, Bible(()))[-1].text


@pytest.mark.parametrize(
    ("source", "description"),
    [
        ("1-1 城墙 夜 外\n△林霜（25岁，红斗篷，女战士）站着。\n", "一名女战士（25岁，红斗篷）"),
        ("○駅（夜）\n美咲（28、赤いコート）が座っている。\n", "人物（28、赤いコート）"),
        ("S#1. 창고 - 밤\n민수(50, 회색 수염)가 걷는다.\n", "남자(50, 회색 수염)"),
    ],
)
def test_the_draft_keeps_all_that_the_brackets_of_an_introduction_say(source, description):
    breakdown = break_down(parse_text(source, is_fountain=False))
    drafted = draft_bible(breakdown)
    assert drafted.entries[0].description == description
    assert description in shot_prompts(breakdown, drafted)[0].text


def test_what_is_worn_behind_the_brackets_is_described_and_said_once():
    breakdown = broken("INT. OFFICE - NIGHT\n\nMARTA (50), in a grey uniform, listens. She runs.\n")
    drafted = draft_bible(breakdown)
    assert drafted.entries[0].description == "a woman, 50, in a grey uniform"
    assert shot_prompts(breakdown, drafted)[0].text.endswith(
        ", a woman, 50, in a grey uniform, listens. She runs."
    )


def test_somebody_introduced_speaks_from_a_line_of_their_own_once():
    source = "S#1. 창고 - 밤\n\n지은(34)이 온다.\n\n지은\n(속삭이며) 누구 있어요?\n\n그녀는 달린다.\n"
    breakdown = break_down(parse_text(source, is_fountain=False))
    kinds = [element.kind.value for element in breakdown.elements if element.words]
    assert kinds == ["scene_heading", "action", "character", "parenthetical", "dialogue", "action"]
    assert draft_bible(breakdown).entries[0].pronouns == ("she",)


def test_a_child_is_no_man_and_a_long_description_has_no_genitive():
    source = (
        "INT. A - DAY\n\nMARA (forties, wool coat) and BEN (9) sit.\n\nBen (smiling) waves. He sings.\n\n"
        "INT. B - LATER\n\nMara's coat is dry.\n"
    )
    breakdown = broken(source)
    drafted = draft_bible(breakdown)
    assert [entry.description for entry in drafted.entries[:2]] == [
        "a person, forties, wool coat",
        "a boy, 9",
    ]
    prompts = [prompt.text for prompt in shot_prompts(breakdown, drafted)]
    assert any("(smiling) waves" in text for text in prompts)
    assert (
        prompts[-1] == "wide shot, B, interior, day, a person's coat is dry. (a person, forties, wool coat)"
    )


@pytest.mark.parametrize(
    ("action", "described", "prompt"),
    [
        ("BETTY, the waitress, fifty, sings.", "a waitress, fifty", "a waitress, fifty, sings."),
        (
            "HANK McCREADY (60s), a trucker in a denim jacket, sits.",
            "a trucker in a denim jacket, 60s",
            "a trucker in a denim jacket, 60s, sits.",
        ),
        ("A SECURITY GUARD, DESMOND, enters.", "a security guard", "A SECURITY GUARD enters."),
        ("DETECTIVE RUIZ (40), tired, reads.", "a detective, 40", "a detective, 40, tired, reads."),
    ],
)
def test_a_trade_says_more_than_a_person(action, described, prompt):
    breakdown = broken(f"INT. DINER - DAY\n\n{action}\n")
    drafted = draft_bible(breakdown)
    assert drafted.entries[0].description == described
    assert shot_prompts(breakdown, drafted)[0].text.endswith(f"day, {prompt}")


@pytest.mark.parametrize(
    ("source", "described"),
    [
        ("第1场 内景 超市 夜\n\n收银员小敏（20岁，扎马尾）站着。\n", "一名收银员（20岁，扎马尾）"),
        ("S#1. 파출소 - 밤\n\n마 형사(45)가 들어온다.\n", "형사(45)"),
        ("○神社（夕）\n\n兄の陸（17）が石段を上る。\n", "少年（17、兄）"),
        ("S#1. 길 - 밤\n\n한 남자(30)가 걷는다.\n", "사람(30)"),
    ],
)
def test_a_trade_in_a_name_or_kin_before_it_is_described(source, described):
    drafted = draft_bible(break_down(parse_text(source, is_fountain=False)))
    assert drafted.entries[0].description == described


def test_a_she_and_a_he_who_act_say_nothing_of_whom_was_named():
    breakdown = broken("INT. ROOM - DAY\n\nDESMOND (40) enters. He offers her a coffee. She takes it.\n")
    assert draft_bible(breakdown).entries[0].pronouns == ()


def test_to_whom_something_is_handed_owns_nothing():
    source = "INT. ROOM - DAY\n\nANNA (34, woman) sits.\n\nThe man hands her his hat.\n"
    breakdown = broken(source)
    last = shot_prompts(breakdown, draft_bible(breakdown))[-1].text
    assert last.endswith("hands a woman, 34, woman, his hat.")
