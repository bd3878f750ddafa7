"""``rushes bible`` from the outside: the files it writes, and that it keeps what people wrote."""

import json

import pytest
from tests.language.screenplay.annotated import load
from typer.testing import CliRunner

from rushes.cli import app
from rushes.core.errors import UsageError

SCRIPT = load("ko_rooftop").text


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.txt"
    path.write_text(SCRIPT, encoding="euc_kr")
    return path


def run(verb, *arguments):
    return CliRunner().invoke(app, [verb, *map(str, arguments)])


def test_assets_prompts_and_a_bible_to_fill_in_are_written(script, tmp_path):
    folder = tmp_path / "list"
    run("break", script, "--output", folder)
    done = run("bible", script, "--output", folder)
    assert done.exit_code == 0
    assert "cast      민수: " in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == [
        "assets.csv",
        "assets.json",
        "assets.xlsx",
        "bible.json",
        "breakdown.json",
        "prompts.csv",
        "shots.csv",
    ]


def test_what_people_wrote_reaches_every_prompt(script, tmp_path):
    run("bible", script, "--output", tmp_path)
    path = tmp_path / "bible.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    entry = next(entry for entry in document["entries"] if entry["name"] == "민수")
    entry["description"] = "남색 제복을 입은 서른두 살 남자"
    path.write_text(json.dumps(document), encoding="utf-8")
    done = json.loads(run("bible", script, "--output", tmp_path, "--json").stdout)
    prompts = [prompt["marked"] for prompt in done["prompts"]]
    assert any("[남색 제복을 입은 서른두 살 남자]가 손전등을 들고" in prompt for prompt in prompts)
    assert not any("민수가" in prompt for prompt in prompts)
    assert json.loads(path.read_text(encoding="utf-8"))["entries"] == done["entries"]


def test_a_list_of_another_version_is_named(script, tmp_path):
    run("break", script, "--output", tmp_path)
    script.write_text(SCRIPT.replace("민수", "민호"), encoding="utf-8")
    assert "merge it first with rushes break" in str(run("bible", script, "--output", tmp_path).exception)


def test_a_broken_bible_is_named_and_left_alone(script, tmp_path):
    (tmp_path / "bible.json").write_text("{", encoding="utf-8")
    done = run("bible", script, "--output", tmp_path)
    assert isinstance(done.exception, UsageError)
    assert (tmp_path / "bible.json").read_text(encoding="utf-8") == "{"


def test_a_description_for_one_scene_follows_the_scene_to_its_new_number(tmp_path):
    script = tmp_path / "script.fountain"
    script.write_text("INT. A - DAY #1#\n\nANNA\nHello there.\n", encoding="utf-8")
    run("break", script, "--output", tmp_path)
    run("bible", script, "--output", tmp_path)
    path = tmp_path / "bible.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["entries"][0]["changes"] = [{"scene": "1", "description": "a soaked woman"}]
    path.write_text(json.dumps(document), encoding="utf-8")
    script.write_text("INT. A - DAY #11#\n\nANNA\nHello there.\n", encoding="utf-8")
    run("break", script, "--output", tmp_path)
    entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
    assert entries[0]["changes"] == [{"scene": "11", "description": "a soaked woman"}]
