from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.tiny_model import tiny_bundle
from torch import nn

from rushes.core.vocabulary import SLOTS
from rushes.evaluation.protocol import load_cases
from rushes.evaluation.readout import read
from rushes.evaluation.report import COLUMNS, Settings, Share, evaluate
from rushes.evaluation.sheet import evaluation_sheet


def test_wilson_interval_of_known_numbers():
    low, high = Share(8, 10).interval
    assert (low, high) == (pytest.approx(0.490, abs=2e-3), pytest.approx(0.943, abs=2e-3))
    assert Share(0, 5).interval[0] == 0
    assert Share(5, 5).interval[1] == 1


class Fingerprint(nn.Module):
    """Answers by the clip's exact brightness: different clips get different answers."""

    def forward(self, frames):
        digits = int(frames.double().mean().abs() * 1e9)
        return {
            slot: F.one_hot(torch.tensor([digits % len(values)]), len(values))
            for slot, values in SLOTS.items()
        }


@pytest.fixture(scope="module")
def report():
    lines = []
    settings = Settings(Fraction(1, 3), steps=1, random_clips=2)
    made = evaluate(
        tiny_bundle(), Fingerprint(), load_cases()[:3], settings, lambda *step: lines.append(step)
    )
    return made, lines


def test_every_column_judges_every_slot(report):
    made, progress = report
    assert set(made.shares) == set(COLUMNS)
    assert all(set(by_slot) == set(SLOTS) for by_slot in made.shares.values())
    assert made.shares["random weights"]["subject"].total == 2
    assert made.shares["generated"]["subject"].total == 3
    assert [clip.shape for clip in made.clips] == [(5, 160, 256, 3)] * 3
    assert progress[-1] == ("rendered", 3, 3)
    assert made.document()["shares"]["chance"]["style"]["total"] == 3
    assert len(made.table().splitlines()) == 1 + len(SLOTS)


def test_generated_and_shuffled_hold_the_same_readings_against_different_prompts(report):
    made, _ = report
    readings = read(Fingerprint(), list(made.clips))
    truths = [case.attributes for case in load_cases()[:3]]
    others = [*truths[1:], truths[0]]
    for slot in SLOTS:
        own = sum(reading[slot] == truth[slot] for reading, truth in zip(readings, truths, strict=True))
        other = sum(reading[slot] == truth[slot] for reading, truth in zip(readings, others, strict=True))
        assert made.shares["generated"][slot].right == own
        assert made.shares["shuffled prompts"][slot].right == other
    assert made.shares["generated"] != made.shares["shuffled prompts"]


def test_sheet_holds_a_cell_per_clip(report):
    made, _ = report
    sheet = evaluation_sheet(made.clips, load_cases()[:3])
    assert sheet.shape[1] == 6 * (256 + 4)
    assert np.array_equal(sheet[:160, :256], made.clips[0][2])
