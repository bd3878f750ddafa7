"""How well parsing does on labelled sentences: precision, recall and F1 for each part and language.

A line of a sentence file is origin, text and labels, parted by tabs. Labels are `slot=concept,!concept`:
the concepts that the text names, with `!` where it rules them out, and `a|b` where two are equally fair. The
slot `att` holds colours, sizes, garments and counts as `owner.concept`, `who` holds `agent>action>patient`;
only sentences with a `who` are scored on it. What several annotators say of one text is a `Panel`.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rushes.language.panel import Label, Labels, Panel, label_of
from rushes.language.spec import Found, ShotSpec

SLOTS = {
    "sub": "subjects",
    "beat": "beats",
    "env": "environment",
    "weather": "weather",
    "time": "time",
    "light": "light",
    "tone": "tone",
    "comp": "composition",
    "style": "style",
    "mood": "mood",
    "cam": "camera",
}
SCORED = (*SLOTS, "att", "who", "order")
_IDS = re.compile(r"[a-z0-9_]+")
_SCORED_ATTRIBUTES = frozenset(("colour", "size", "clothing", "count"))


@dataclass(frozen=True)
class Sentence:
    """A text with its labels, slot -> labels in order; `free` sentences were written without the lexicon."""

    origin: str
    text: str
    labels: Mapping[str, tuple[str, ...]]


@dataclass
class Score:
    """Counts of one slot; `missed` and `invented` count labels, for the table of confusions."""

    right: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        found = self.right + self.invented.total()
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        wanted = self.right + self.missed.total()
        return self.right / wanted if wanted else 1.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.missed.total() + self.invented.total()
        return 2 * self.right / total if total else 1.0

    def add(self, right: int, missed: Iterable[str], invented: Iterable[str]) -> None:
        """Count one sentence."""
        self.right += right
        self.missed.update(missed)
        self.invented.update(invented)


Mistake = tuple[Sentence, str, tuple[str, ...], tuple[str, ...]]


def read_sentences(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of one file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        origin, text, labels = line.split("\t")
        yield Sentence(origin, text, read_labels(labels))


def read_labels(written: str) -> dict[str, tuple[str, ...]]:
    """Return slot -> labels of one line."""
    pairs = (label.split("=") for label in written.split())
    return {slot: tuple(names.split(",")) for slot, names in pairs}


def score(
    sentences: Iterable[Sentence], parse: Callable[[str], ShotSpec], newer: frozenset[str] = frozenset()
) -> tuple[dict[str, Score], list[Mistake]]:
    """Return the score of each slot and the mistakes: sentence, slot, what was missed, what was invented.

    newer: concepts that the lexicon did not have when the sentences were labelled; no label can name them, so
    they are neither right nor invented. `gym=stadium` was a part of the other one then, and counts as that.
    """
    scores = {slot: Score() for slot in SCORED}
    mistakes: list[Mistake] = []
    for sentence in sentences:
        spec = parse(sentence.text)
        panel = Panel((said_by(sentence.labels),))
        for slot, verdict in panel.judge(found_in(spec, newer), 1).items():
            scores[slot].add(verdict.right, verdict.missed, verdict.invented)
            if verdict.missed or verdict.invented:
                mistakes.append((sentence, slot, verdict.missed, verdict.invented))
        _score_order(scores["order"], sentence, spec)
    return scores, mistakes


def said_by(labels: Mapping[str, tuple[str, ...]], labels_who: bool = False) -> Labels:
    """Return the labels of one annotator; without a `who` it was not labelled, unless `labels_who`."""
    told = {slot: tuple(map(label_of, labels.get(slot, ()))) for slot in (*SLOTS, "att")}
    if labels_who or "who" in labels:
        told["who"] = tuple(map(label_of, labels.get("who", ())))
    return told


def found_in(spec: ShotSpec, newer: frozenset[str] = frozenset()) -> Labels:
    """Return a spec as labels, without what no label could name. newer: as for `score`."""
    split = dict(each.split("=") for each in newer if "=" in each)
    return {
        slot: tuple(label_of(name) for name in _without(_before(labels, split), newer).elements())
        for slot, labels in labels_of(spec).items()
    }


def _before(labels: Counter[str], split: Mapping[str, str]) -> Counter[str]:
    """Labels with the concepts that others were split from; one that was named twice then is named once."""
    if not split:
        return labels
    told: Counter[str] = Counter()
    for label, count in labels.items():
        older = _IDS.sub(lambda each: split.get(each.group(), each.group()), label)
        told[older] = max(told[older], count)
    return told


def _without(labels: Counter[str], newer: frozenset[str]) -> Counter[str]:
    """Leave concepts out: of who does what to whom the one who is new, of the rest the whole label."""
    left: Counter[str] = Counter()
    for label, count in labels.items():
        kept = [each for each in label.split(">") if each not in newer]
        if kept and newer.isdisjoint(label.lstrip("!").split(".")):
            left[">".join(kept)] += count
    return left


def labels_of(spec: ShotSpec) -> dict[str, Counter[str]]:
    """Return a spec as labels of each slot."""
    labels = {slot: Counter(map(_label, spec.found(part))) for slot, part in SLOTS.items()}
    labels["att"] = Counter(_attributes(spec))
    labels["who"] = Counter(
        ">".join((*beat.who, beat.action.concept, *beat.whom))
        for beat in spec.beats
        if not beat.action.negated
    )
    return labels


def _score_order(order: Score, sentence: Sentence, spec: ShotSpec) -> None:
    """Every pair of neighbouring beats that is labelled must be found in that order."""
    wanted = [_best(label_of(name)) for name in sentence.labels.get("beat", ())]
    found = [_label(beat.action) for beat in spec.beats]
    for first, second in itertools.pairwise(wanted):
        if first in found and second in found:
            later = len(found) - 1 - found[::-1].index(second)
            is_right = found.index(first) < later or first == second
            order.add(int(is_right), () if is_right else (f"{first}<{second}",), ())


def _best(label: Label) -> str:
    return label.names[0]


def _label(found: Found) -> str:
    return ("!" if found.negated else "") + found.concept


def _attributes(spec: ShotSpec) -> Iterator[str]:
    for owner in spec.everything():
        for attribute in owner.attributes:
            if attribute.kind in _SCORED_ATTRIBUTES and not owner.negated:
                yield f"{owner.concept}.{attribute.concept}"
