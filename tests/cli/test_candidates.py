"""``shoot --candidates`` and ``pick``: the best is delivered, the recipe tells why, ranking agrees."""

import json
from dataclasses import replace

import pytest
import torch

from rushes.core.vocabulary import SLOTS
from rushes.evaluation import picking
from rushes.models.judge import ReadOut, ReadOutConfig, save_judge

PROMPT = "a red fox leaps over snow"
FAST = ("--steps", "1", "--seconds", "0.4", "--size", "256x144", "--seed", "7")


@pytest.fixture(autouse=True)
def small_judge(monkeypatch, tmp_path):
    """A judge of one moment's making chooses."""
    torch.manual_seed(0)
    judge = ReadOut(ReadOutConfig(SLOTS, (72, 128), 4, widths=(16, 24, 32), hidden_size=32)).eval()
    folder = tmp_path / "judge"
    save_judge(judge, folder / "chooser.safetensors")
    monkeypatch.setattr(picking, "judge_file", lambda role: folder / f"{role}.safetensors")


def test_the_best_candidate_is_delivered_and_the_recipe_tells_why(rushes, tiny_model, tmp_path):
    order = ("shoot", PROMPT, "--model", tiny_model, *FAST, "--candidates", "2", "--json")
    code, out, err = rushes(*order, "--output", "a.mp4", "--variants", "2")
    assert (code, err.count("picked")) == (0, 2)
    recipes = [take["recipe"] for take in json.loads(out)["takes"]]
    seeds = [
        stage["settings"]["seed"] for r in recipes for stage in r["stages"] if stage["name"] == "denoise"
    ]
    assert seeds == [7, 9]  # the next take's candidates are other ones
    names = [stage["name"] for stage in recipes[0]["stages"]]
    assert names.index("encode_text") < names.index("pick") < names.index("denoise")
    told = recipes[0]["recorded"]["candidates"]
    assert list(told["scores"]) == ["7", "8"]
    assert told["scores"][str(told["chosen_seed"])] == max(told["scores"].values())
    first = (tmp_path / "a.mp4").read_bytes()
    assert rushes(*order, "--output", "b.mp4")[0] == 0
    assert (tmp_path / "b.mp4").read_bytes() == first


def test_pick_ranks_clips_and_the_same_clip_has_the_same_score(rushes, tiny_model):
    for seed in (1, 2):
        order = ("--steps", "1", "--seconds", "0.4", "--seed", seed, "--quiet", "--output", f"{seed}.mp4")
        assert rushes("shoot", PROMPT, "--model", tiny_model, *order)[0] == 0
    code, out, _ = rushes("pick", "1.mp4", "2.mp4", "1.mp4", "--prompt", PROMPT, "--json")
    document = json.loads(out)
    scores = [entry["score"] for entry in document["ranking"]]
    assert (code, scores) == (0, sorted(scores, reverse=True))
    by_clip = {entry["clip"]: entry["score"] for entry in document["ranking"]}
    assert len(by_clip) == 2
    assert scores.count(by_clip["1.mp4"]) == 2
    assert document["wanted"]["subject"] == "fox"
    assert rushes("pick", "1.mp4", "--prompt", PROMPT)[1].startswith("1  ")


MISTAKES = {
    "no clip": (("pick", "none.mp4", "--prompt", PROMPT), "'none.mp4' is no file"),
    "no film": (("pick", "judge/chooser.safetensors", "--prompt", PROMPT), "cannot be read as a film"),
    "devices": (("shoot", PROMPT, "--devices", "2", "--candidates", "2"), "leave out --candidates"),
    "too many": (("shoot", PROMPT, "--candidates", "40"), "candidates 40 is out of range"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence(rushes, tiny_model, case):
    arguments, sentence = MISTAKES[case]
    model = ("--model", tiny_model) if arguments[0] == "shoot" else ()
    code, _, err = rushes(*arguments, *model)
    assert (code, err.count("\n")) == (2, 1)
    assert sentence in err


def test_a_model_outside_minis_world_has_no_judge(rushes, tiny_model):
    from rushes.cli.choosing import candidates_of  # noqa: PLC0415
    from rushes.core.errors import UsageError  # noqa: PLC0415
    from rushes.engine.facts import read_facts  # noqa: PLC0415

    facts = read_facts(tiny_model)
    foreign = replace(facts, conventions=replace(facts.conventions, reads_captions=False))
    assert candidates_of(None, foreign, 1) == 1
    with pytest.raises(UsageError, match="the judge knows mini's world"):
        candidates_of(2, foreign, 1)
