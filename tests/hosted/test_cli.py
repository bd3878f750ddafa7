"""Hosted models by the commands people type."""

import json
import sys

import pytest
from tests.hosted.conftest import FAST, MODEL

from rushes import cli
from rushes.hosted import filming
from rushes.media.video import probe


@pytest.fixture
def rushes(monkeypatch, capsys, studio):
    monkeypatch.setattr(filming, "PACE", FAST)

    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["rushes", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        assert stop.value.code == code, printed.err
        if code:
            return printed.err
        return json.loads(printed.out) if "--json" in arguments else printed.out

    return call


def test_a_shot_is_foretold_in_money_and_then_ordered(rushes, service):
    shot = ("shoot", "--shot", "SH0010", "--project", "FOX", "--model", MODEL, "--size", "832x480")
    foretold = rushes(*shot, "--takes", 2, "--dry-run", "--json")
    assert foretold["cost"] == {"amount": 1.4, "currency": "CNY"}
    assert (foretold["may_leave"], service.seen) == (True, [])
    said = rushes(*shot, "--seed", 7)
    assert "words go to 127.0.0.1" in said
    assert "0.70 CNY for 1 x 5 s (0.14 CNY a second, as published 2025-08)" in said
    assert "which nobody can run here" in rushes("reproduce", "SQ010_SH0010_v001", code=2)
    assert len(service.tasks()) == 1


def test_words_alone_become_files_once_the_inbox_may_send_them(rushes, service, tmp_path, clip_bytes):
    words = ("shoot", "a fox in snow", "--model", MODEL, "--size", "832x480", "--seed", 3)
    film = tmp_path / "fox.mp4"
    assert "rushes project policy INBOX --remote" in rushes(*words, "--output", film, code=2)
    assert service.seen == []
    rushes("project", "policy", "INBOX", "--remote")
    [made] = rushes(*words, "--output", film, "--json")["takes"]
    assert probe(film).num_frames == 150
    assert film.with_suffix(".png").exists()
    assert made["recipe"]["recorded"]["hosted"]["cost"] == "0.70 CNY"


def test_what_a_hosted_model_does_not_know_is_refused_before_anything_is_sent(rushes, service):
    shot = ("shoot", "--shot", "SH0010", "--project", "FOX", "--model", MODEL)
    assert "makes no 1280x720: choose 1920x1080" in rushes(*shot, "--size", "1280x720", code=2)
    assert "cannot be told steps" in rushes(*shot, "--steps", 4, code=2)
    assert "makes no clips of 3 s: choose 5" in rushes(*shot, "--seconds", 3, code=2)
    assert "prompt has 801 characters" in rushes(*shot, "a" * 801, code=2)
    assert "--devices means nothing" in rushes(*shot, "--devices", 2, code=2)
    assert service.seen == []


def test_models_are_listed_as_remote_where_there_is_a_key(rushes, service, monkeypatch):
    rows = {row["name"]: row for row in rushes("models", "list", "--json")["models"]}
    assert rows[MODEL]["state"] == "remote"
    assert "480P 0.14 CNY/s" in rows[MODEL]["note"]
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert MODEL not in rushes("models", "list")
