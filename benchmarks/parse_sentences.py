"""Precision, recall and F1 of parsing on the labelled sentences, as markdown tables.

Example: python benchmarks/parse_sentences.py --part tuning --mistakes
"""

import argparse
import time
from collections import Counter
from pathlib import Path

from rushes.language.concepts import LANGUAGES
from rushes.language.parse import parse
from rushes.language.scoring import SLOTS, Score, Sentence, read_sentences, score

FOLDER = Path(__file__).parents[1] / "tests" / "language" / "data" / "sentences"


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("tuning", "frozen", "blind"), default="frozen")
    parser.add_argument(
        "--origin", choices=("free", "parallel", "prompt", "blind"), help="only sentences of one origin"
    )
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--mistakes", action="store_true", help="list every mistake")
    arguments = parser.parse_args()
    scores: dict[str, dict[str, Score]] = {}
    for language in arguments.languages:
        sentences = list(read_sentences(FOLDER / f"{arguments.part}.{language}.tsv"))
        if arguments.origin:
            sentences = [sentence for sentence in sentences if sentence.origin == arguments.origin]
        scores[language], mistakes = score(sentences, parse, newer_than(arguments.part))
        if arguments.mistakes:
            print_mistakes(mistakes)
        print_speed(language, sentences)
    print_table(scores)
    print_confusions(scores)


def newer_than(part: str) -> frozenset[str]:
    """Concepts that came after the labels of the parts that nobody looks into."""
    path = FOLDER / "newer_concepts.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if part != "tuning" else frozenset()


def print_mistakes(mistakes: list[tuple[Sentence, str, Counter[str], Counter[str]]]) -> None:
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


def print_table(scores: dict[str, dict[str, Score]]) -> None:
    """F1 per slot and language with precision / recall, over all languages, and the spread."""
    print(f"\n| slot | {' | '.join(scores)} | all | P | R | spread | labels |\n|{'---|' * (len(scores) + 6)}")
    for slot in (*SLOTS, "att", "who", "order"):
        total = Score()
        for language in scores:
            total.right += scores[language][slot].right
            total.missed += scores[language][slot].missed
            total.invented += scores[language][slot].invented
        values = [scores[language][slot].f1 for language in scores]
        cells = " | ".join(f"{value:.3f}" for value in values)
        spread = max(values) - min(values)
        print(
            f"| {SLOTS.get(slot, slot)} | {cells} | {total.f1:.3f} | {total.precision:.3f} "
            f"| {total.recall:.3f} | {spread:.3f} | {total.right + total.missed.total()} |"
        )


def print_confusions(scores: dict[str, dict[str, Score]]) -> None:
    """What was missed and invented most, per slot."""
    print("\n| slot | missed | invented |\n|---|---|---|")
    for slot in (*SLOTS, "att", "who", "order"):
        missed: Counter[str] = sum((scores[language][slot].missed for language in scores), Counter())
        invented: Counter[str] = sum((scores[language][slot].invented for language in scores), Counter())
        cells = [
            ", ".join(f"{name} {count}" for name, count in found.most_common(5))
            for found in (missed, invented)
        ]
        print(f"| {SLOTS.get(slot, slot)} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
