"""A whole small run with real parts: made once, gone on with, reported with every control."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.core.vocabulary import SLOTS
from rushes.engine import generate as engine
from rushes.evaluation import clips
from rushes.evaluation.clips import ClipStore, Settings, Take, takes_of
from rushes.evaluation.figures import COLUMNS, TOGETHER
from rushes.evaluation.measures import Panel
from rushes.evaluation.protocol import load_cases
from rushes.evaluation.sheet import evaluation_sheet, matching_test
from rushes.evaluation.study import Study
from rushes.models.judge import ReadOut, ReadOutConfig

CONFIG = ReadOutConfig(SLOTS, (40, 64), 4, widths=(16, 24, 32), hidden_size=16)


def judge(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ReadOut(CONFIG).eval()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    settings = Settings(Fraction(1, 3), steps=1, candidates=2, languages=("en", "ko"))
    panel = Panel(judge(1), judge(2), SLOTS, "0123", folder / "measures")
    cases = load_cases()[:5]
    training = folder / "training"
    made = Study(ClipStore(tiny_bundle(), folder / "clips", settings, {}), panel, cases, training)
    training.mkdir()
    np.save(training / "005.npy", np.stack([made.store.latents(Take(case, "en")) for case in cases[:2]]))
    return made


@pytest.fixture(scope="module")
def report(study):
    lines = []
    return study.report(lambda *line: lines.append(line)), lines


def test_each_case_is_asked_in_all_languages_and_has_candidates_in_one(study):
    takes = takes_of(study.cases, study.store.settings)
    assert len(takes) == 4 * 3 + 2  # the fifth is held out
    assert [(t.language, t.candidate) for t in takes[:6]] == [
        ("en", 0), ("ko", 0), ("en", 1), ("en", 0), ("ko", 0), ("ko", 1),
    ]  # fmt: skip
    seeds = {study.store.request(take).seed for take in takes[:2]}
    assert seeds == {study.cases[0].seed}  # the same seed in every language


def test_every_column_has_its_shares(report, study):
    made, lines = report
    assert set(made.figures.shares) == set(COLUMNS)
    assert made.figures.shares["single"]["subject"].count == 4
    assert made.figures.shares["best"][TOGETHER] is not None
    assert made.figures.shares["random"]["subject"].count == 1
    assert lines[-1] == ("controls", 5, 5)
    assert made.nearest["generated, least"] < 0.01 < made.nearest["unseen renders, least"]
    # Read alike, two languages have one clip; one is of random weights.
    assert len(list(study.store.folder.glob("*.npy"))) == 10


def test_a_run_goes_on_where_it_stopped(report, study, monkeypatch):
    first, _ = report

    def refuse(*_):
        raise AssertionError("everything was made before")

    monkeypatch.setattr(clips, "generate", refuse)
    monkeypatch.setattr(Panel, "measure", refuse)
    again = study.report(lambda *_: None)
    assert again.json() == first.json()
    longer = replace(study, cases=load_cases()[:6])
    with pytest.raises(AssertionError, match="made before"):
        longer.report(lambda *_: None)
    assert engine.generate is not clips.generate


def test_the_report_is_written_three_ways(report):
    made, _ = report
    document = json.loads(made.json())
    assert document["settings"]["seconds"] == "1/3"
    assert {gate["passed"] for gate in document["gates"]} <= {True, False}
    assert "single together" in made.table()
    page = made.page({"Clips": "a<b.png"})
    assert page.count("<tr>") > len(SLOTS)
    assert "a&lt;b.png" in page


def test_sheets_show_the_best_and_the_key_tells_who_is_who(study, report):
    shown = [study.shown(case) for case in study.cases]
    sheet = evaluation_sheet(shown, study.cases)
    assert sheet.shape == (2 * (80 + 39), 3 * (3 * 128 + 4), 3)
    corner, picture = sheet[:80, 128:256].astype(int), shown[0][2].astype(int)
    assert np.abs(corner - picture.reshape(80, 2, 128, 2, 3).mean(axis=(1, 3))).max() <= 1
    test = matching_test(shown, study.cases)
    key = json.loads(test.key)
    assert sorted(key) == ["1", "2", "3", "4", "5"]
    assert sorted(key.values()) == list("ABCDE")
    words = dict(line.split("  ", 1) for line in test.prompts.splitlines())
    for number, letter in key.items():
        case = next(case for case in study.cases if case.prompts["en"] == words[letter])
        strip = test.sheet[160 * (int(number) - 1) :][:160, 44 : 44 + 256]
        assert np.array_equal(strip, shown[list(study.cases).index(case)][0])
