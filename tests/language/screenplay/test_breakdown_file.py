"""A breakdown in its folder: read back as it was, a record a line."""

import json

import pytest
from tests.language.screenplay.annotated import NAMES, load

from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.breakdown_file import breakdown_json, read_breakdown, write_breakdown
from rushes.language.screenplay.text_script import parse_text


@pytest.mark.parametrize("name", NAMES)
def test_a_breakdown_is_read_back_as_it_was_written(tmp_path, name):
    breakdown = break_down(parse_text(load(name).text, is_fountain=name.endswith(".fountain")))
    write_breakdown(breakdown, tmp_path)
    text = (tmp_path / "breakdown.json").read_text(encoding="utf-8")
    assert read_breakdown(tmp_path) == breakdown
    assert json.loads(text) == json.loads(json.dumps(breakdown_json(breakdown)))


def test_one_changed_shot_changes_one_line(tmp_path):
    breakdown = break_down(
        parse_text("INT. A - DAY\n\nRuth sits.\n\nEXT. B - DAY\n\nWind.\n", is_fountain=True)
    )
    write_breakdown(breakdown, tmp_path)
    lines = (tmp_path / "breakdown.json").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if '"Wind."' in line and '"coverage"' in line] == [
        line for line in lines if breakdown.shots[1].id in line
    ]
    assert [json.loads(line.rstrip(",")) for line in lines if '"coverage"' in line]
