"""Several clips in one batch, one of them delivered: the highest score's, the first of equal ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_model import SHORT_REQUEST, tiny_bundle

from rushes.core.errors import UsageError
from rushes.engine.events import CandidateChosen, CandidateScored, Finished, FramesDecoded, StepDone
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


HALVED = replace(THREE, sampling=replace(THREE.sampling, halve_after=0.5))


@pytest.mark.parametrize("still_shift", [0.0, 1.5])
def test_the_better_half_goes_on_as_if_each_were_alone(bundle, still_shift):
    request = replace(HALVED, sampling=replace(HALVED.sampling, still_shift=still_shift))
    marks, seen = iter([0.0, 2.0, 1.0, 3.0, 4.0]), []

    def mark(clip):
        seen.append(clip)
        return next(marks)

    frames, scores, latents = made(bundle, request, mark)
    assert scores == {40: 0.0, 41: 3.0, 42: 4.0}  # the second score of those that were walked to the end
    alone, _, own = made(bundle, replace(request, candidates=1, seed=42))
    assert torch.allclose(latents, own, atol=1e-4)
    assert np.abs(frames.astype(int) - alone).max() <= 1
    assert np.array_equal(seen[-1], frames)
    assert np.abs(seen[2].astype(int) - frames).max() > 1  # foreseen: half done
    other, _, _ = made(bundle, replace(request, candidates=1, seed=41))
    assert np.abs(seen[-2].astype(int) - other).max() <= 1


def test_a_dropped_one_is_not_chosen_whatever_it_scored(bundle):
    marks = iter([9.0, 8.0, 7.0, 1.0, 2.0])
    events = list(generate(bundle, HALVED, Run(score=lambda _: next(marks))))
    [choice] = [event for event in events if isinstance(event, CandidateChosen)]
    assert choice == CandidateChosen(41, (40, 41))


def test_only_the_finalists_are_walked_to_the_end(bundle):
    sizes = [
        len(event.latents)
        for event in generate(bundle, HALVED, Run(score=lambda _: 0.0))
        if isinstance(event, StepDone)
    ]
    assert sizes == [3, 2, 2, 2]
    assert HALVED.clip_steps == 3 * 2 + 2 * 2


@pytest.mark.parametrize(
    ("candidates", "halve_after", "finalists"),
    [(1, 0.5, 1), (2, 0.5, 2), (4, 0.5, 2), (5, 0.5, 2), (8, 0.5, 4), (4, 1, 4)],
)
def test_how_many_are_walked_to_the_end(candidates, halve_after, finalists):
    sampling = replace(THREE.sampling, halve_after=halve_after)
    assert replace(THREE, candidates=candidates, sampling=sampling).finalists == finalists


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_run_goes_on_with_the_same_choice(bundle, tmp_path, stop):
    """Before the others were dropped and after; scores are told again, since the recipe keeps them."""
    marked = [0.0, 2.0, 1.0, 1.5, 2.5]
    marks = iter(marked)
    saved = SavedRun(tmp_path, engine_stages(bundle, HALVED), {}, every=1)
    whole = list(generate(bundle, HALVED, Run(score=lambda _: next(marks), saved=saved)))
    saved.remove()
    marks = iter(marked)
    run = Run(score=lambda _: next(marks), saved=saved)
    for event in generate(bundle, HALVED, run):
        if isinstance(event, StepDone) and event.step == stop:
            break
    again = list(generate(bundle, HALVED, run))
    assert torch.equal(again[-1].latents, whole[-1].latents)
    scores = [event.score for event in again if isinstance(event, CandidateScored)]
    assert scores == marked


def test_of_equal_scores_the_first_counts(bundle):
    frames, _, _ = made(bundle, THREE, lambda _: 0.0)
    alone, _, _ = made(bundle, replace(THREE, candidates=1))
    assert np.abs(frames.astype(int) - alone).max() <= 1


def test_candidates_need_a_score_and_enter_the_recipe(bundle):
    with pytest.raises(ValueError, match="need a score"):
        next(generate(bundle, THREE))
    single = replace(THREE, candidates=1)
    assert engine_stages(bundle, THREE)[1].settings["candidates"] == 3
    assert engine_stages(bundle, HALVED)[1].settings["halve_after"] == 0.5
    assert "candidates" not in engine_stages(bundle, single)[1].settings


@pytest.mark.parametrize("candidates", [0, 17])
def test_out_of_range(candidates):
    with pytest.raises(UsageError, match=f"candidates {candidates} is out of range"):
        replace(SHORT_REQUEST, candidates=candidates)
