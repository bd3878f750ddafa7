"""``rushes eval`` from the command line: its files, going on after a stop, and mistakes."""

import json

import pytest
import torch

from rushes.cli.evaluate import _Clock
from rushes.core.vocabulary import SLOTS
from rushes.evaluation import reading
from rushes.evaluation.clips import ClipStore
from rushes.models.judge import ReadOut, ReadOutConfig, save_judge

SHORT = ("--limit", "2", "--languages", "en", "--seconds", "1/3", "--steps", "1", "--candidates", "2")


@pytest.fixture
def evaluate(monkeypatch, rushes, tmp_path, tiny_model):
    """Run ``rushes eval`` on the tiny model with small judges; exit code, standard output and error."""
    torch.manual_seed(0)
    judge = ReadOut(ReadOutConfig(SLOTS, (40, 64), 4, widths=(16, 24, 32), hidden_size=16)).eval()
    for role in reading.Role:
        save_judge(judge, tmp_path / "judge" / f"{role}.safetensors")
    monkeypatch.setattr(reading, "judge_file", lambda role: tmp_path / "judge" / f"{role}.safetensors")
    return lambda *arguments: rushes("eval", tiny_model, *arguments)


def test_a_run_that_was_stopped_goes_on_and_writes_its_files(evaluate, tmp_path, monkeypatch):
    make, made = ClipStore.latents, []

    def stop_at_the_third(store, take):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(take)
        return make(store, take)

    with monkeypatch.context() as patched:
        patched.setattr(ClipStore, "latents", stop_at_the_third)
        code, _, err = evaluate(*SHORT, "--json")
    assert (code, err.splitlines()[-1].endswith("the same command goes on from there")) == (130, True)
    assert not list((tmp_path / "evaluation").glob("report*"))
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "evaluation" / "clips").glob("*.npy")}
    assert len(kept) == 2
    code, out, err = evaluate(*SHORT, "--sheet-of-twelve", "--json")
    assert (code, json.loads(out)["scenes"]) == (0, 2)
    assert "clips 4/4" in err
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    files = {path.name for path in (tmp_path / "evaluation").iterdir() if path.is_file()}
    assert files == {
        "report.json", "report.html", "report.png", "twelve.png", "twelve_prompts.txt", "twelve_key.json",
    }  # fmt: skip
    assert "twelve" not in (tmp_path / "evaluation" / "report.html").read_text()
    assert evaluate(*SHORT)[1].startswith(" " * 12)


def test_a_language_without_prompts(evaluate, tmp_path):
    code, _, err = evaluate("--languages", "en,fr")
    assert (code, err.count("\n")) == (2, 1)
    assert "language 'fr' has no prompts: choose from" in err
    assert [path.name for path in tmp_path.iterdir()] == ["judge"]


def test_the_time_left_counts_what_was_done_between_two_reports(capsys, monkeypatch):
    times = iter([0.0, 20.0, 40.0])
    monkeypatch.setattr("rushes.cli.evaluate.monotonic", lambda: next(times))
    clock = _Clock()
    clock.show("scenes", 100, 600)
    clock.show("scenes", 200, 600)
    assert "200/600  1:20 left" in capsys.readouterr().err
