"""How well parsing does on labelled sentences: precision, recall and F1 for each part and language.

A line of a sentence file is origin, text and labels, parted by tabs. Labels are `slot=concept,!concept`:
the concepts that the text names, with `!` where it rules them out. The slot `att` holds colours, sizes,
garments and counts as `owner.concept`, `who` holds `agent>action>patient`; only sentences with a `who` are
scored on it.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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

    def add(self, wanted: Counter[str], found: Counter[str]) -> None:
        """Count one sentence."""
        self.right += (wanted & found).total()
        self.missed.update(wanted - found)
        self.invented.update(found - wanted)


def read_sentences(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of one file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        origin, text, labels = line.split("\t")
        pairs = (label.split("=") for label in labels.split())
        yield Sentence(origin, text, {slot: tuple(names.split(",")) for slot, names in pairs})


def score(
    sentences: Iterable[Sentence], parse: Callable[[str], ShotSpec], newer: frozenset[str] = frozenset()
) -> tuple[dict[str, Score], list[tuple[Sentence, str, Counter[str], Counter[str]]]]:
    """Return the score of each slot and the mistakes: sentence, slot, what was missed, what was invented.

    newer: concepts that the lexicon did not have when the sentences were labelled; no label can name them, so
    they are neither right nor invented.
    """
    scores = {slot: Score() for slot in (*SLOTS, "att", "who", "order")}
    mistakes = []
    for sentence in sentences:
        spec = parse(sentence.text)
        for slot, labels in labels_of(spec).items():
            found = _without(labels, newer)
            if slot in ("who", "order") and slot not in sentence.labels:
                continue
            wanted = Counter(sentence.labels.get(slot, ()))
            scores[slot].add(wanted, found)
            if wanted != found:
                mistakes.append((sentence, slot, wanted - found, found - wanted))
        _score_order(scores["order"], sentence, spec)
    return scores, mistakes


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
    wanted = sentence.labels.get("beat", ())
    found = [_label(beat.action) for beat in spec.beats]
    for first, second in itertools.pairwise(wanted):
        if first in found and second in found:
            later = len(found) - 1 - found[::-1].index(second)
            pair = Counter({f"{first}<{second}": 1})
            order.add(pair, pair if found.index(first) < later or first == second else Counter())


def _label(found: Found) -> str:
    return ("!" if found.negated else "") + found.concept


def _attributes(spec: ShotSpec) -> Iterator[str]:
    for owner in spec.everything():
        for attribute in owner.attributes:
            if attribute.kind in _SCORED_ATTRIBUTES and not owner.negated:
                yield f"{owner.concept}.{attribute.concept}"
