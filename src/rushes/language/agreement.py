"""How well several annotators agree on what sentences say, and how well a parser agrees with them.

The same rules hold for annotators and parser, so that what annotators reach among themselves is what a parser
can reach. `Panel` says what counts.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rushes.language.panel import Label, Labels, Panel
from rushes.language.scoring import SCORED, Score, Sentence, found_in, read_labels, said_by
from rushes.language.spec import ShotSpec

# What two of three annotators say is wanted; of two annotators, what both say.
ENOUGH = 2
FIRST = "first"
_NAMES = re.compile(r"[.>]")

Parse = Callable[[str], ShotSpec]
Scores = Mapping[str, Score]


@dataclass(frozen=True)
class Text:
    """A sentence with the labels of each annotator, by name; `first` are those of its file."""

    text: str
    annotators: Mapping[str, Labels]


def read_annotators(sentences: Iterable[Sentence], folder: Path, language: str) -> Iterator[Text]:
    """Yield the sentences that others labelled too: `folder` holds NAME.LANGUAGE.tsv, text and labels."""
    others: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob(f"*.{language}.tsv")):
        lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        others[path.name.split(".")[0]] = dict(lines)
    for sentence in sentences:
        found = {
            name: said_by(read_labels(labels[sentence.text]), labels_who=True)
            for name, labels in others.items()
            if sentence.text in labels
        }
        if found:
            yield Text(sentence.text, {FIRST: said_by(sentence.labels), **found})


def by_several(texts: Iterable[Text], parse: Parse, newer: frozenset[str]) -> Scores:
    """Score a parser by what at least two annotators say; what one alone says counts neither way."""
    scores = _empty()
    for each in texts:
        _count(scores, tuple(each.annotators.values()), found_in(parse(each.text), newer), ENOUGH)
    return scores


def by_pairs(texts: Iterable[Text], parse: Parse, newer: frozenset[str]) -> Scores:
    """Score a parser as `one_by_others` scores annotators: by every two of them, by what both say."""
    scores = _empty()
    for each in texts:
        found = found_in(parse(each.text), newer)
        for pair in itertools.combinations(each.annotators.values(), 2):
            _count(scores, pair, found, ENOUGH)
    return scores


def one_by_others(texts: Iterable[Text], newer: frozenset[str]) -> Scores:
    """Score each annotator by what the two others both say. newer: ids that the first could not name."""
    scores = _empty()
    for each in texts:
        for name, labels in each.annotators.items():
            others = [other for annotator, other in each.annotators.items() if annotator != name]
            _count(scores, others, labels, ENOUGH, newer if name == FIRST else frozenset())
    return scores


def between_annotators(texts: Iterable[Text], newer: frozenset[str]) -> Scores:
    """Score every annotator by every other alone. newer: as for `one_by_others`."""
    scores = _empty()
    for each in texts:
        for one, other in itertools.permutations(each.annotators, 2):
            unknown = newer if FIRST in (one, other) else frozenset()
            _count(
                scores, (_known(each.annotators[one], unknown),), _known(each.annotators[other], unknown), 1
            )
    return scores


def by_each(texts: Iterable[Text], parse: Parse, newer: frozenset[str]) -> Scores:
    """Score a parser by every annotator alone."""
    scores = _empty()
    for each in texts:
        found = found_in(parse(each.text), newer)
        for labels in each.annotators.values():
            _count(scores, (labels,), found, 1)
    return scores


def _empty() -> dict[str, Score]:
    return {slot: Score() for slot in SCORED}


def _count(
    scores: Scores,
    annotators: Sequence[Labels],
    found: Labels,
    need: int,
    unknown: frozenset[str] = frozenset(),
) -> None:
    panel = Panel(annotators)
    for slot, verdict in panel.judge(found, need).items():
        missed = (name for name in verdict.missed if not _names(name) & unknown)
        scores[slot].add(verdict.right, missed, verdict.invented)
    beats = found.get("beat", ())
    for one, two in panel.order(need):
        first, second = _place(beats, one), _place(beats, two)
        if first is not None and second is not None:
            wrong = () if first < second else (f"{one.names[0]}<{two.names[0]}",)
            scores["order"].add(int(not wrong), wrong, ())


def _place(beats: Sequence[Label], wanted: Label) -> int | None:
    return next((index for index, label in enumerate(beats) if label.means(wanted, {})), None)


def _known(labels: Labels, unknown: frozenset[str]) -> Labels:
    return {
        slot: tuple(label for label in each if not _names(label.names[0]) & unknown)
        for slot, each in labels.items()
    }


def _names(label: str) -> set[str]:
    return set(_NAMES.split(label.lstrip("!")))
