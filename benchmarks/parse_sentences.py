"""Precision, recall and F1 of parsing on the labelled sentences, as markdown tables.

Example: python benchmarks/parse_sentences.py --part tuning --mistakes
Example: python benchmarks/parse_sentences.py --annotators
"""

import argparse
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rushes.language import agreement
from rushes.language.concepts import LANGUAGES
from rushes.language.parse import parse
from rushes.language.scoring import SCORED, SLOTS, Mistake, Score, Sentence, read_sentences, score

FOLDER = Path(__file__).parents[1] / "tests" / "language" / "data" / "sentences"
PARTS = ("tuning", "fresh_tuning", "frozen", "blind", "fresh")
# Parts whose sentences nobody looks at; several annotators labelled the first two.
UNSEEN = ("frozen", "blind", "fresh")
NAMES = {**SLOTS, "att": "colours, sizes, clothing, counts", "who": "who does what to whom", "order": "order"}

Scores = Mapping[str, Mapping[str, Score]]


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, nargs="+", default=["frozen"])
    parser.add_argument(
        "--origin",
        choices=("free", "parallel", "prompt", "blind", "fresh", "later"),
        help="only sentences of one origin",
    )
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--mistakes", action="store_true", help="list every mistake")
    parser.add_argument(
        "--annotators", action="store_true", help="what several annotators say, frozen and blind"
    )
    arguments = parser.parse_args()
    if arguments.annotators:
        print_annotators(arguments.languages)
        return
    scores: dict[str, dict[str, Score]] = {}
    newer = newer_than("first" if set(arguments.part) & {"frozen", "blind"} else "annotators")
    for language in arguments.languages:
        sentences = list(read_parts(arguments.part, language))
        if arguments.origin:
            sentences = [sentence for sentence in sentences if sentence.origin == arguments.origin]
        is_unseen = bool(set(arguments.part) & set(UNSEEN))
        scores[language], mistakes = score(sentences, parse, newer if is_unseen else frozenset())
        if arguments.mistakes:
            print_mistakes(mistakes)
        print_speed(language, sentences)
    print_table(scores)
    print_confusions(scores)


def read_parts(parts: Iterable[str], language: str) -> Iterable[Sentence]:
    """Yield the sentences of some parts of one language."""
    for part in parts:
        yield from read_sentences(FOLDER / f"{part}.{language}.tsv")


def newer_than(labels: str) -> frozenset[str]:
    """Concepts that came after the `first` labels, or after those of the other `annotators`."""
    lines = (FOLDER / "newer_concepts.tsv").read_text(encoding="utf-8").splitlines()
    rows = dict(line.split("\t") for line in lines)
    return frozenset(f"{rows['annotators']} {rows['first'] if labels == 'first' else ''}".split())


def print_annotators(languages: Iterable[str]) -> None:
    """What annotators reach among themselves, and the parser by the same rules, frozen and blind."""
    texts = {
        language: list(
            agreement.read_annotators(
                read_parts(("frozen", "blind"), language), FOLDER / "annotators", language
            )
        )
        for language in languages
    }
    first, annotators = newer_than("first"), newer_than("annotators")
    columns: dict[str, Scores] = {
        "annotators, one by one": {
            name: agreement.between_annotators(each, first) for name, each in texts.items()
        },
        "parser by one": {name: agreement.by_each(each, parse, annotators) for name, each in texts.items()},
        "annotators by two others": {
            name: agreement.one_by_others(each, first) for name, each in texts.items()
        },
        "parser by two": {name: agreement.by_pairs(each, parse, annotators) for name, each in texts.items()},
        "parser by all": {
            name: agreement.by_several(each, parse, annotators) for name, each in texts.items()
        },
    }
    print(f"{sum(map(len, texts.values()))} sentences\n\n| slot | {' | '.join(columns)} |")
    print(f"|{'---|' * (len(columns) + 1)}")
    for slot in SCORED:
        cells = " | ".join(
            f"{total(scores, slot).f1:.3f} ({spread(scores, slot):.3f})" for scores in columns.values()
        )
        print(f"| {NAMES[slot]} | {cells} |")
    print_table(columns["parser by all"])


def total(scores: Scores, slot: str) -> Score:
    """The counts of one slot over all languages."""
    whole = Score()
    for each in scores.values():
        whole.add(each[slot].right, each[slot].missed.elements(), each[slot].invented.elements())
    return whole


def spread(scores: Scores, slot: str) -> float:
    """How far the languages lie apart."""
    values = [each[slot].f1 for each in scores.values()]
    return max(values) - min(values)


def print_mistakes(mistakes: Iterable[Mistake]) -> None:
    """One line per sentence and slot: what was missed (-) and what was invented (+)."""
    for sentence, slot, missed, invented in mistakes:
        wrong = " ".join([*(f"-{name}" for name in missed), *(f"+{name}" for name in invented)])
        print(f"{slot:8} {wrong:50} {sentence.text}")


def print_speed(language: str, sentences: list[Sentence]) -> None:
    """Median time of one parse after the first."""
    times = []
    for sentence in sentences:
        started = time.perf_counter()
        parse(sentence.text)
        times.append(time.perf_counter() - started)
    print(f"{language}: {len(sentences)} sentences, median {sorted(times)[len(times) // 2] * 1e3:.2f} ms")


def print_table(scores: Scores) -> None:
    """F1 per slot and language with precision / recall, over all languages, and the spread."""
    print(f"\n| slot | {' | '.join(scores)} | all | P | R | spread | labels |\n|{'---|' * (len(scores) + 6)}")
    for slot in SCORED:
        whole = total(scores, slot)
        cells = " | ".join(f"{each[slot].f1:.3f}" for each in scores.values())
        print(
            f"| {NAMES[slot]} | {cells} | {whole.f1:.3f} | {whole.precision:.3f} "
            f"| {whole.recall:.3f} | {spread(scores, slot):.3f} | {whole.right + whole.missed.total()} |"
        )


def print_confusions(scores: Scores) -> None:
    """What was missed and invented most, per slot."""
    print("\n| slot | missed | invented |\n|---|---|---|")
    for slot in SCORED:
        whole = total(scores, slot)
        cells = [
            ", ".join(f"{name} {count}" for name, count in found.most_common(5))
            for found in (whole.missed, whole.invented)
        ]
        print(f"| {NAMES[slot]} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
