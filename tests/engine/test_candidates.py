"""Several clips in one batch, one of them delivered: the highest score's, the first of equal ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, tiny_bundle

from rushes.core.errors import UsageError
from rushes.engine.events import CandidateScored, Finished, FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run

THREE = replace(SHORT_REQUEST, candidates=3, num_frames=5, seed=40)


@pytest.fixture(scope="module")
def bundle():
    return tiny_bundle()


def made(bundle, request, score=None):
    events = list(generate(bundle, request, Run(score=score)))
    frames = np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
    scores = {event.seed: event.score for event in events if isinstance(event, CandidateScored)}
    assert isinstance(events[-1], Finished)
    return frames, scores, events[-1].latents


@pytest.mark.parametrize("sign", [1, -1])
def test_the_best_is_the_clip_of_its_seed(bundle, sign):
    frames, scores, latents = made(bundle, THREE, lambda clip: sign * float(clip.mean()))
    assert list(scores) == [40, 41, 42]
    best = max(scores, key=scores.get)
    alone, _, own = made(bundle, replace(THREE, candidates=1, seed=best))
    assert latents.shape == own.shape
    assert torch.allclose(latents, own, atol=1e-4)
    assert np.abs(frames.astype(int) - alone).max() <= 1
    assert scores[best] == sign * float(frames.mean())
    others = [made(bundle, replace(THREE, candidates=1, seed=seed))[0] for seed in scores if seed != best]
    assert all(np.abs(frames.astype(int) - other).max() > 20 for other in others)


def test_of_equal_scores_the_first_counts(bundle):
    frames, _, _ = made(bundle, THREE, lambda _: 0.0)
    alone, _, _ = made(bundle, replace(THREE, candidates=1))
    assert np.abs(frames.astype(int) - alone).max() <= 1


def test_candidates_need_a_score_and_enter_the_recipe(bundle):
    with pytest.raises(ValueError, match="need a score"):
        next(generate(bundle, THREE))
    single = replace(THREE, candidates=1)
    assert engine_stages(bundle, THREE)[1].settings["candidates"] == 3
    assert "candidates" not in engine_stages(bundle, single)[1].settings


@pytest.mark.parametrize("candidates", [0, 17])
def test_out_of_range(candidates):
    with pytest.raises(UsageError, match=f"candidates {candidates} is out of range"):
        replace(SHORT_REQUEST, candidates=candidates)
