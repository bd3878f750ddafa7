"""``rushes break`` from the outside: what it prints and keeps, and how it fails."""

import json

import pytest
from tests.language.screenplay.annotated import load
from typer.testing import CliRunner

from rushes.cli import app
from rushes.core.errors import UsageError

SCRIPT = load("zh_rainnight").text


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "雨夜.txt"
    path.write_text(SCRIPT, encoding="gb18030")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["break", *map(str, arguments)])


def test_the_list_is_shown_and_kept(script, tmp_path):
    done = run(script, "--output", tmp_path / "list")
    assert done.exit_code == 0
    assert "1-1    interior 古城茶馆 夜" in done.stdout
    assert (tmp_path / "list" / "shots.csv").read_text(encoding="utf-8-sig").startswith("code,scene,coverage")


def test_json_is_one_document_and_the_same_every_time(script):
    first, second = run(script, "--json"), run(script, "--json")
    assert first.stdout == second.stdout
    document = json.loads(first.stdout)
    assert {"scenes", "characters", "props", "shots"} <= set(document)
    assert document["source"] == SCRIPT


def test_a_newer_script_is_merged_into_what_people_made_of_the_list(script, tmp_path):
    folder = tmp_path / "list"
    run(script, "--output", folder)
    kept = json.loads((folder / "breakdown.json").read_text(encoding="utf-8"))
    kept["shots"][1]["text"] = "老周的背影"
    (folder / "breakdown.json").write_text(json.dumps(kept), encoding="utf-8")
    script.write_text(SCRIPT.replace("一碗热茶。", "一碗凉茶。"), encoding="utf-8")
    done = run(script, "--output", folder, "--json")
    document = json.loads(done.stdout)
    assert [shot["text"] for shot in document["shots"] if shot["status"] == "stale"] == ["刘星: 一碗凉茶。"]
    assert document["shots"][1]["text"] == "老周的背影"
    assert {change["fate"] for change in document["changes"]} == {"same"}
    assert json.loads((folder / "breakdown.json").read_text(encoding="utf-8"))["shots"] == document["shots"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no breakdown"),
        ('{"format": "rushes-breakdown-1"}', "source is missing"),
        ("[]", "is no breakdown"),
        ("[" * 100_000, "is no breakdown"),
    ],
)
def test_a_broken_list_is_named_and_left_alone(script, tmp_path, text, sentence):
    path = tmp_path / "breakdown.json"
    path.write_text(text, encoding="utf-8")
    done = run(script, "--output", tmp_path)
    assert isinstance(done.exception, UsageError)
    assert sentence in str(done.exception)
    assert path.read_text(encoding="utf-8") == text


def test_a_list_whose_shots_point_nowhere_is_named(script, tmp_path):
    run(script, "--output", tmp_path)
    path = tmp_path / "breakdown.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["shots"][0]["spans"][0]["end"] = 10**6
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "outside its script" in str(run(script, "--output", tmp_path).exception)


def test_a_folder_that_is_a_file_is_named(script):
    done = run(script, "--output", script)
    assert isinstance(done.exception, UsageError)
    assert "choose another folder" in str(done.exception)


def test_cells_are_never_formulas(tmp_path):
    path = tmp_path / "a.fountain"
    path.write_text('INT. A\n\n!=HYPERLINK("x")\n\n@=BO\nHi.\n', encoding="utf-8")
    run(path, "--output", tmp_path)
    table = (tmp_path / "shots.csv").read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in table
    assert ",=" not in table
    assert ',"=' not in table
