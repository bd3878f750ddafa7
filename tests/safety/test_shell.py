"""The gate in the shell: refused is exit 3, what a person has to see waits in the queue and in review."""

import json

import pytest
from typer.testing import CliRunner

from rushes.cli import app
from rushes.core.errors import RefusedError, UsageError


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def shot():
    assert run("project", "new", "FOX").exit_code == 0
    assert run("shots", "SH0010", "--text", "a naked man stands in rain", "--project", "FOX").exit_code == 0


def shoot(*arguments):
    return run("shoot", *arguments, "--shot", "SH0010", "--project", "FOX", "--seconds", "1", "--steps", "1")


def waiting():
    return json.loads(run("review", "--project", "FOX", "--json").stdout)


def test_a_refusal_is_an_error_of_its_own(shot):
    done = shoot("a woman in a room, hardcore porn")
    assert isinstance(done.exception, RefusedError)
    assert done.exception.exit_code == 3
    assert "sexual.explicit" in str(done.exception)
    assert json.loads(run("queue", "--all", "--json").stdout)["jobs"] == []


def test_what_waits_for_a_person_is_not_made_until_one_allows_it(shot):
    done = shoot()
    assert isinstance(done.exception, RefusedError)
    assert "rushes review SQ010_SH0010_v001 --allow" in str(done.exception)
    jobs = json.loads(run("queue", "--json").stdout)["jobs"]
    assert [job["is_held"] for job in jobs] == [True]
    assert [each["code"] for each in waiting()] == ["SQ010_SH0010_v001"]
    assert run("review", "SQ010_SH0010_v001", "--allow", "--project", "FOX").exit_code == 0
    assert waiting() == []
    assert not json.loads(run("queue", "--json").stdout)["jobs"][0]["is_held"]


def test_a_project_has_its_own_rules_and_price(shot, tmp_path):
    rules = tmp_path / "fox.toml"
    rules.write_text(
        'format = 1\nname = "FOX"\nrevision = "1"\nstricter = {"sexual.nudity" = "refuse"}\n', "utf-8"
    )
    said = run("project", "policy", "FOX", "--safety", str(rules), "--price", "0.5 EUR")
    assert "0.5 EUR" in said.stdout
    assert "sexual.nudity" in str(shoot().exception)
    rules.write_text(
        'format = 1\nname = "FOX"\nrevision = "1"\nstricter = {"sexual.explicit" = "review"}\n', "utf-8"
    )
    assert isinstance(run("project", "policy", "FOX", "--safety", str(rules)).exception, UsageError)
