"""What a part of the recipe is worth: two short runs from the same start, at equal steps.

Reports the squared error of the velocity on held-out clips (pictures only, so that runs with more channels
compare) and what the reporting judge reads in clips made by the averaged weights.

Example: python benchmarks/ablations.py kinematics --folder /tmp/ablations --steps 600 --clips 24 --threads 2
Rehearsal: python benchmarks/ablations.py kinematics --folder /tmp/rehearsal --steps 2 --scenes 1 --clips 0
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from rushes.engine.events import FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.plan import Order, plan
from rushes.evaluation.protocol import load_cases
from rushes.evaluation.reading import Role, judge_file, read, visible
from rushes.language.mini_prompt import read_prompt
from rushes.models.bundle import Bundle, Expert
from rushes.models.judge import load_judge
from rushes.models.transformer import WanTransformer
from rushes.training.footage import SkiaFilming
from rushes.training.loop import StopSignal, run_stage
from rushes.training.mini import SEED, MiniTraining
from rushes.training.recipe import DataRun, TrainingRecipe
from rushes.training.recipes import mini_continued, with_kinematics, with_motion, with_token_experts
from rushes.training.ship import packaged_mini
from rushes.training.transformer import TransformerStage


def without_known_tokens(recipe: TrainingRecipe) -> TrainingRecipe:
    """``recipe`` whose clips give no tokens away."""
    return replace(recipe, transformer_run=replace(recipe.transformer_run, gives_known=False))


CHANGES: Mapping[str, Callable[[TrainingRecipe], TrainingRecipe]] = {
    "kinematics": with_kinematics,
    "motion": with_motion,
    "token_experts": with_token_experts,
    "without_known_tokens": without_known_tokens,
}


def base_recipe(steps: int, scenes: int) -> TrainingRecipe:
    """Mini's own, shorter, on ``scenes`` clips of each length (ten times as many stills)."""
    recipe = mini_continued()
    run = replace(recipe.transformer_run, steps=steps, validate_every=max(1, steps // 4))
    lengths = ((1, 10 * scenes), (17, scenes), (61, scenes))
    held_out = tuple((frames, min(count, scenes)) for frames, count in recipe.data_run.held_out)
    return replace(recipe, transformer_run=run, data_run=DataRun(lengths, held_out, shard=scenes))


def trained(name: str, recipe: TrainingRecipe, folder: Path, shipped: Bundle) -> TransformerStage:
    """A finished run; data lies in ``folder``, the state in a folder of its own, so that it can go on."""
    stop = StopSignal(folder)
    training = MiniTraining(recipe, folder, stop, shipped, SkiaFilming())
    own = folder / f"{name}_{recipe.transformer_run.steps}"
    own.mkdir(exist_ok=True)
    if not training.run(("latents",)):
        raise SystemExit("stopped; the same command goes on from here")
    stage = TransformerStage(
        "transformer", training.trunk(), recipe.transformer_run, training.material(), SEED
    )
    with stop.listening():
        if not run_stage(stage, own, stop):
            raise SystemExit("stopped; the same command goes on from here")
    return stage


def bundle_of(stage: TransformerStage, recipe: TrainingRecipe, shipped: Bundle) -> Bundle:
    """The shipped model with the averaged weights of a run."""
    transformer = WanTransformer(recipe.transformer)
    transformer.load_state_dict(stage.ema.weights)
    expert = Expert(transformer.eval().requires_grad_(False), 0.0)
    extra = recipe.transformer.out_channels - recipe.codec.latent_channels
    conventions = replace(shipped.conventions, motion_channels=extra, sliders=())
    return replace(shipped, experts=(expert,), conventions=conventions, sha256={})


def judged(bundle: Bundle, count: int) -> dict[str, float]:
    """Slot -> share of ``count`` clips of the protocol that show what was asked."""
    judge, right = load_judge(judge_file(Role.REPORTER)), {}
    vocabulary = bundle.conventions.vocabulary
    for case in load_cases()[:count]:
        words = read_prompt(case.prompts["en"], vocabulary).context_text
        request, _ = plan(bundle.facts, Order(case.prompts["en"], words, case.seed, num_frames=61))
        events = generate(bundle, replace(request, candidates=1))
        clip = np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
        [reading] = read(judge, [clip], vocabulary)
        shown = reading.shown()
        for slot, value in visible(case.attributes).items():
            if slot in shown:
                right.setdefault(slot, []).append(shown[slot] == value)
    return {slot: float(np.mean(values)) for slot, values in right.items()}


def print_table(rows: list[tuple[str, dict[str, float]]]) -> None:
    """Columns both runs have."""
    columns = [column for column in rows[0][1] if all(column in figures for _, figures in rows)]
    print("| run | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for name, figures in rows:
        print(f"| {name} | " + " | ".join(f"{figures[column]:.4f}" for column in columns) + " |")


def main() -> None:
    """Train both sides, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("change", choices=CHANGES)
    parser.add_argument("--folder", type=Path, required=True, help="data and states; runs go on from it")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--scenes", type=int, default=200, help="clips of each length, ten times the stills")
    parser.add_argument("--clips", type=int, default=24, help="clips the judge reads; 0 for none")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    shipped = packaged_mini()
    if shipped is None:
        raise SystemExit("there are no shipped weights to start from")
    asked.folder.mkdir(parents=True, exist_ok=True)
    base = base_recipe(asked.steps, asked.scenes)
    print(f"{asked.steps} steps each, from the shipped weights, {asked.scenes} clips of each length\n")
    rows = []
    for name, recipe in {"base": base, asked.change: CHANGES[asked.change](base)}.items():
        stage = trained(name, recipe, asked.folder, shipped)
        figures = dict(stage.validate())
        if asked.clips:
            figures |= judged(bundle_of(stage, recipe, shipped), asked.clips)
        rows.append((name, figures))
    print_table(rows)


if __name__ == "__main__":
    main()
