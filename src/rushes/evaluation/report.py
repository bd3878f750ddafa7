"""Does a clip show what its prompt says? Accuracy per slot, beside the controls that give it meaning."""

import copy
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from rushes.core.vocabulary import SLOTS
from rushes.engine.events import FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.plan import Order, plan
from rushes.evaluation.protocol import Case
from rushes.evaluation.readout import read, reconstruct
from rushes.language.mini_prompt import read_prompt
from rushes.models.bundle import Bundle, Expert
from rushes.models.judge import ReadOut
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene

Clip = NDArray[np.uint8]
Progress = Callable[[str, int, int], None]
COLUMNS = ("generated", "shuffled prompts", "random weights", "chance", "reconstructed", "rendered")


@dataclass(frozen=True)
class Share:
    """``right`` of ``total``, with the 95 % Wilson interval."""

    right: int
    total: int

    @property
    def value(self) -> float:
        """The share itself, 0..1."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound (Wilson, JASA 1927)."""
        z, n, p = 1.96, self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Settings:
    """How the clips are made: the context the model reads comes from the prompt as for any user."""

    seconds: Fraction
    steps: int
    random_clips: int


@dataclass(frozen=True)
class Report:
    """Column -> slot -> share; the clips are kept for the contact sheet."""

    settings: Settings
    shares: Mapping[str, Mapping[str, Share]]
    clips: tuple[Clip, ...]

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "settings": {**asdict(self.settings), "seconds": str(self.settings.seconds)},
            "shares": {
                column: {
                    slot: {**asdict(share), "share": round(share.value, 4), "interval_95": share.interval}
                    for slot, share in by_slot.items()
                }
                for column, by_slot in self.shares.items()
            },
        }

    def table(self) -> str:
        """For people: a row per slot, per cent."""
        lines = ["slot         " + "".join(f"{column:>18}" for column in COLUMNS)]
        for slot in SLOTS:
            cells = ""
            for column in COLUMNS:
                share = self.shares[column][slot]
                low, high = share.interval
                cells += f"{100 * share.value:6.0f} ({100 * low:3.0f} -{100 * high:3.0f})"
            lines.append(f"{slot:<13}{cells}")
        return "\n".join(lines)


def evaluate(
    bundle: Bundle, judge: ReadOut, cases: Sequence[Case], settings: Settings, progress: Progress
) -> Report:
    """Make a clip of every case and of every control, read them, count.

    ``progress`` is called with the column's name, the clips done and all of them.
    """
    truths = [case.attributes for case in cases]
    generated = _film(bundle, cases, settings, "generated", progress)
    read_generated = read(judge, generated)
    few = cases[: settings.random_clips]
    random_clips = _film(_with_random_weights(bundle), few, settings, "random weights", progress)
    rendered, reconstructed = [], []
    for number, case in enumerate(cases, 1):
        rendered.append(render_frames(sample_scene(case.scene_seed), len(generated[0])))
        reconstructed.append(reconstruct(bundle.codec, rendered[-1]))
        progress("rendered", number, len(cases))
    # Every reading is held against the next case's prompt: right only by chance, or by a common habit.
    shuffled = [*truths[1:], truths[0]]
    shares = {
        "generated": _count(read_generated, truths),
        "shuffled prompts": _count(read_generated, shuffled),
        "random weights": _count(read(judge, random_clips), truths[: len(few)]),
        "chance": {slot: _most_frequent(slot, truths) for slot in SLOTS},
        "reconstructed": _count(read(judge, reconstructed), truths),
        "rendered": _count(read(judge, rendered), truths),
    }
    return Report(settings, shares, tuple(generated))


def _film(
    bundle: Bundle, cases: Sequence[Case], settings: Settings, name: str, progress: Progress
) -> list[Clip]:
    clips = []
    for number, case in enumerate(cases, 1):
        order = Order(
            case.prompt, read_prompt(case.prompt).context_text, case.seed, settings.seconds, settings.steps
        )
        request, _ = plan(bundle.facts, order)
        events = generate(bundle, request)
        parts = [event.frames for event in events if isinstance(event, FramesDecoded)]
        clips.append(np.concatenate(parts))
        progress(name, number, len(cases))
    return clips


def _with_random_weights(bundle: Bundle) -> Bundle:
    torch.manual_seed(0)
    transformer = copy.deepcopy(bundle.experts[0].transformer)
    transformer.init_weights()
    torch.nn.init.normal_(transformer.head.head.weight, std=0.02)  # zero would give back the noise itself
    experts = tuple(Expert(transformer, expert.from_sigma) for expert in bundle.experts)
    return replace(bundle, experts=experts)


def _count(readings: Sequence[Mapping[str, str]], truths: Sequence[Mapping[str, str]]) -> dict[str, Share]:
    return {
        slot: Share(
            sum(reading[slot] == truth[slot] for reading, truth in zip(readings, truths, strict=True)),
            len(truths),
        )
        for slot in SLOTS
    }


def _most_frequent(slot: str, truths: Sequence[Mapping[str, str]]) -> Share:
    """What always answering the commonest value would score."""
    [(_, count)] = Counter(truth[slot] for truth in truths).most_common(1)
    return Share(count, len(truths))
