import json

import pytest
from typer.testing import CliRunner

from rushes.cli import app
from rushes.language.spec import PARTS

RUNNER = CliRunner()


def run(*arguments, **options):
    return RUNNER.invoke(app, list(arguments), **options)


def test_parse_prints_json_with_the_promised_keys():
    done = run("parse", "没有血，狗跑", "--json")
    assert done.exit_code == 0
    plain = json.loads(done.stdout)
    assert tuple(plain) == PARTS
    assert [(found["concept"], found["negated"]) for found in plain["subjects"]] == [
        ("blood", True),
        ("dog", False),
    ]


def test_parse_reads_standard_input_and_prints_lines():
    done = run("parse", "-", input="\ufeffa red fox runs, no rain")
    assert "fox (fox) [red (red)]" in done.stdout
    assert "no rain (rain)" in done.stdout


def test_parse_names_an_encoding_it_cannot_read():
    done = run("parse", "-", input="狗".encode("gb18030"))
    assert "UTF-8" in str(done.exception)


def test_lint_flags_and_fixes():
    done = run("lint", "a fox at noon, moonlight", "--json")
    assert done.exit_code == 4
    plain = json.loads(done.stdout)
    assert plain["tokens"]["is_exact"] is False
    assert "contradiction" in [remark["rule"] for remark in plain["remarks"]]
    full = "A red fox runs through a snowy forest at dusk, cinematic, wide shot"
    assert run("lint", full).exit_code == 0


def test_enhance_shows_what_it_added():
    done = run("enhance", "狗跑", "--seed", "2")
    assert done.stdout.startswith("狗跑，")
    assert "+ environment" in done.stdout
    assert json.loads(run("enhance", "狗跑", "--json").stdout)["method"] == "rules"


def test_enhance_asks_nobody_unless_allowed():
    assert "allows no language model" in str(run("enhance", "狗跑", "--llm").exception)


@pytest.mark.parametrize(
    ("allowed", "wanted"),
    [("endpoint", "RUSHES_LLM_URL"), ("local", "RUSHES_LLM_FOLDER"), ("yes", "off, endpoint or local")],
)
def test_the_switch_says_what_it_needs(monkeypatch, allowed, wanted):
    monkeypatch.setenv("RUSHES_LLM", allowed)
    assert wanted in str(run("enhance", "狗跑", "--llm").exception)


def test_variants_are_counted_before_they_are_made():
    done = run("variants", "a fox in rain", "--axis", "weather=rain,snow", "--seeds", "3", "--json")
    plain = json.loads(done.stdout)
    assert plain["count"] == len(plain["variants"]) == 6
    assert plain["variants"][-1] == {"values": {"weather": "snow"}, "seed": 2, "text": "a fox in snow"}


def test_templates_are_listed_filled_and_taken_from_a_table(tmp_path):
    assert "previs_chase" in run("templates").stdout
    assert "여우를" in run("templates", "previs_chase", "--set", "prey=fox", "--language", "ko").stdout
    table = tmp_path / "shots.csv"
    table.write_text("template,language,name,prey\nprevis_chase,en,first,fox\n", encoding="utf-8")
    assert run("templates", "--table", str(table)).stdout.startswith("first\tA police officer chases a fox")


@pytest.mark.parametrize(
    "arguments",
    [
        ("templates", "none"),
        ("templates", "previs_chase", "--set", "prey"),
        ("templates", "--table", "absent.csv"),
    ],
)
def test_templates_name_mistakes(arguments):
    assert run(*arguments).exit_code == 1
    assert run(*arguments).exception.exit_code == 2


@pytest.mark.parametrize("verb", ["parse", "lint", "enhance", "variants", "templates"])
def test_help_has_an_example(verb):
    assert "Example: rushes" in run(verb, "--help").stdout


@pytest.mark.parametrize(
    ("encoding", "language", "hunter", "words"),
    [
        ("gb18030", "zh", "士兵", "一名士兵在小巷里追赶小偷"),
        ("shift_jis", "ja", "兵士", "兵士が路地で泥棒を追いかける"),
        ("euc-kr", "ko", "군인", "군인이 골목에서 도둑을 쫓는다"),
        ("utf-16", "ko", "군인", "군인이 골목에서 도둑을 쫓는다"),
    ],
)
def test_a_table_is_read_as_excel_saves_it(tmp_path, encoding, language, hunter, words):
    table = tmp_path / "shots.csv"
    rows = f"template,language,name,hunter\nprevis_chase,{language},{hunter},{hunter}\n"
    table.write_bytes(rows.encode(encoding))
    assert words in run("templates", "--table", str(table)).stdout


def test_what_mini_understands_is_shown_without_a_clip(tmp_path):
    clip = tmp_path / "fox.mp4"
    told = run("shoot", "A fox and an eagle, no rain", "--dry-run", "--output", str(clip)).stdout
    assert "understood: subject fox" in told
    assert "left out, mini cannot show: eagle" in told
    assert "ruled out by the prompt: rain" in told
    assert not clip.exists()
    document = json.loads(run("shoot", "a fox", "--dry-run", "--json").stdout)
    assert document["words"][0] == "understood: subject fox"
