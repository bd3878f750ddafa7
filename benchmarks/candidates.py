"""How many candidates, in how many steps: what each plan costs, and how much of the prompt its clips show.

Plans take turns on every case, so that a slow spell of the machine falls on all of them. The chooser picks,
the reporter reads what was picked. Needs trained judges (rushes eval --train-judge).
"""

import argparse
import os
import statistics
from fractions import Fraction
from time import perf_counter

import numpy as np
import torch

from rushes.engine.catalogue import model_folder
from rushes.engine.events import FramesDecoded, StageDone
from rushes.engine.generate import generate
from rushes.engine.placement import compute_dtype
from rushes.engine.plan import Order, plan
from rushes.engine.run import Run
from rushes.evaluation.figures import GATED, TOGETHER, answers
from rushes.evaluation.picking import picker
from rushes.evaluation.protocol import Case, load_cases
from rushes.evaluation.reading import Role, judge_file, read, shared
from rushes.language.mini_prompt import read_prompt
from rushes.models.bundle import Bundle, load_bundle
from rushes.models.judge import ReadOut, load_judge

PLANS = ((1, 24), (1, 16), (4, 24), (4, 16), (4, 12), (4, 8), (8, 8))


def made(bundle: Bundle, reporter: ReadOut, case: Case, how: tuple[int, int], seconds: Fraction) -> dict:
    """Seconds of denoising and of decoding with choosing; what is right in the clip that is delivered."""
    candidates, steps = how
    prompt, known = case.prompts["en"], bundle.conventions.vocabulary
    chooser = picker(prompt, known)
    context = read_prompt(prompt, known).context_text
    order = Order(prompt, context, case.seed, seconds, steps, candidates=candidates)
    request, _ = plan(bundle.facts, order)
    started = perf_counter()
    events = list(generate(bundle, request, Run(score=chooser)))
    wall = perf_counter() - started
    clip = np.concatenate([event.frames for event in events if isinstance(event, FramesDecoded)])
    both = shared(known or reporter.config.slots, reporter.config)
    [reading] = read(reporter, [clip], both)
    right = answers(reading.shown(), case.attributes, both)
    stages = {event.stage: event.seconds for event in events if isinstance(event, StageDone)}
    told = [right[slot] for slot in GATED if slot in right]
    return {"wall": wall, **stages, "slots": statistics.mean(told), "together": right.get(TOGETHER)}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: OMP_NUM_THREADS=2 python benchmarks/candidates.py --cases 24"
    )
    parser.add_argument("--cases", type=int, default=24, help="scenes of the protocol")
    parser.add_argument("--seconds", type=Fraction, default=Fraction(5), help="length of the clips")
    asked = parser.parse_args()
    bundle = load_bundle(model_folder("mini"), compute_dtype(), "cpu")
    reporter = load_judge(judge_file(Role.REPORTER))
    cases = [case for case in load_cases() if not case.held_out][: asked.cases]
    found: dict[tuple[int, int], list[dict]] = {how: [] for how in PLANS}
    for case in cases:
        for how in PLANS:
            found[how].append(made(bundle, reporter, case, how, asked.seconds))
    load = os.getloadavg()[0]
    print(
        f"{asked.seconds} s clips, {len(cases)} scenes, {torch.get_num_threads()} threads, load {load:.1f}\n"
    )
    print("| candidates | steps | s in all | denoise s | decode and choose s | slots right | together |")
    print("|---|---|---|---|---|---|---|")
    for (candidates, steps), rows in found.items():
        wall, denoise, decode = (
            statistics.median(row[name] for row in rows) for name in ("wall", "denoise", "decode")
        )
        slots = statistics.mean(row["slots"] for row in rows)
        whole = [row["together"] for row in rows if row["together"] is not None]
        together = f"{100 * statistics.mean(whole):.0f} %" if whole else "-"
        print(
            f"| {candidates} | {steps} | {wall:.1f} | {denoise:.1f} | {decode:.1f} "
            f"| {100 * slots:.0f} % | {together} |"
        )


if __name__ == "__main__":
    main()
