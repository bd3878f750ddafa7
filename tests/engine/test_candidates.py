"""Several clips in one batch, one of them delivered: the highest score's, the first of equal ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, tiny_bundle

from rushes.core.errors import UsageError
from rushes.engine.events import CandidateScored, Finished, FramesDecoded, StepDone
from rushes.engine.generate import generate
from rushes.engine.provenance import engine_stages
from rushes.engine.run import Run
from rushes.engine.saved_run import SavedRun

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


EARLY = replace(THREE, sampling=replace(THREE.sampling, choose_after=0.5))


@pytest.mark.parametrize("still_shift", [0.0, 1.5])
def test_one_that_is_chosen_early_goes_on_as_if_it_were_alone(bundle, still_shift):
    request = replace(EARLY, sampling=replace(EARLY.sampling, still_shift=still_shift))
    foreseen = []

    def last(clip):
        foreseen.append(clip)
        return float(len(foreseen))

    frames, scores, latents = made(bundle, request, last)
    assert scores == {40: 1.0, 41: 2.0, 42: 3.0}
    alone, _, own = made(bundle, replace(request, candidates=1, seed=42))
    assert torch.allclose(latents, own, atol=1e-4)
    assert np.abs(frames.astype(int) - alone).max() <= 1
    assert len(foreseen[-1]) == len(frames)
    assert np.abs(foreseen[-1].astype(int) - frames).max() > 1  # half done


def test_only_the_chosen_one_is_walked_to_the_end(bundle):
    sizes = [
        len(event.latents)
        for event in generate(bundle, EARLY, Run(score=lambda _: 0.0))
        if isinstance(event, StepDone)
    ]
    assert sizes == [3, 1, 1, 1]
    assert EARLY.clip_steps == 3 * 2 + 2


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_run_goes_on_with_the_same_choice(bundle, tmp_path, stop):
    """Before it was made and after; scores are told again, since the recipe keeps them."""
    marks = iter([0.0, 2.0, 1.0] * 2)
    saved = SavedRun(tmp_path, engine_stages(bundle, EARLY), {}, every=1)
    whole = list(generate(bundle, EARLY, Run(score=lambda _: next(marks), saved=saved)))
    saved.remove()
    marks = iter([0.0, 2.0, 1.0])
    run = Run(score=lambda _: next(marks), saved=saved)
    for event in generate(bundle, EARLY, run):
        if isinstance(event, StepDone) and event.step == stop:
            break
    again = list(generate(bundle, EARLY, run))
    assert torch.equal(again[-1].latents, whole[-1].latents)
    scores = [event.score for event in again if isinstance(event, CandidateScored)]
    assert scores == [0.0, 2.0, 1.0]


def test_of_equal_scores_the_first_counts(bundle):
    frames, _, _ = made(bundle, THREE, lambda _: 0.0)
    alone, _, _ = made(bundle, replace(THREE, candidates=1))
    assert np.abs(frames.astype(int) - alone).max() <= 1


def test_candidates_need_a_score_and_enter_the_recipe(bundle):
    with pytest.raises(ValueError, match="need a score"):
        next(generate(bundle, THREE))
    single = replace(THREE, candidates=1)
    assert engine_stages(bundle, THREE)[1].settings["candidates"] == 3
    assert engine_stages(bundle, EARLY)[1].settings["choose_after"] == 0.5
    assert "candidates" not in engine_stages(bundle, single)[1].settings


@pytest.mark.parametrize("candidates", [0, 17])
def test_out_of_range(candidates):
    with pytest.raises(UsageError, match=f"candidates {candidates} is out of range"):
        replace(SHORT_REQUEST, candidates=candidates)
