"""Seconds to break down scripts of 120 pages in four languages, as a markdown table of medians.

The pages are those of the annotated scripts of the tests, with other words on each copy, so that what is
remembered of one copy helps little with the next. Process time, after one run to load what is read once.

Example: python benchmarks/break_script.py --pages 120 --runs 5
         python benchmarks/break_script.py --megabytes 10 --runs 1
"""

import argparse
import os
import re
import time
from functools import partial
from pathlib import Path
from statistics import median

from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.text_script import parse_text

FOLDER = Path(__file__).parents[1] / "tests" / "language" / "screenplay" / "scripts"
SCRIPTS = ("en_harbour.fountain", "en_typed", "zh_rainnight", "ja_station", "ko_market")
# A page is a minute on screen: as many letters in English, as many characters elsewhere.
LETTERS_A_PAGE, CHARACTERS_A_PAGE = 1700, 600
# The kind that every line of an annotated script is marked with.
_MARK = re.compile(r"^.\|", re.MULTILINE)
_LONG_WORD = re.compile(r"[a-z]{5,12}|[\u4e00-\u9fff]{3,6}|[\uac00-\ud7a3]{3,6}")


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=120, help="pages of a minute each")
    parser.add_argument("--megabytes", type=float, help="size of each script as UTF-8, in place of --pages")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print("| script | characters | scenes | shots | parse s | break down s | both s |\n|" + "---|" * 7)
    for name in SCRIPTS:
        is_latin = name.startswith("en")
        size = arguments.pages * (LETTERS_A_PAGE if is_latin else CHARACTERS_A_PAGE)
        if arguments.megabytes is not None:
            size = int(arguments.megabytes * 2**20) // (1 if is_latin else 3)
        source = long_script((FOLDER / f"{name}.txt").read_text(encoding="utf-8"), size)
        print_row(name, source, arguments.runs)


def long_script(annotated: str, size: int) -> str:
    """Return copies of a script in which other words are misspelt in every copy; the marks are left out."""
    page = _MARK.sub("", annotated)
    copies: list[str] = []
    while sum(map(len, copies)) < size:
        copies.append(_LONG_WORD.sub(partial(_other, len(copies)), page))
    return "\n\n".join(copies)


def _other(number: int, found: re.Match[str]) -> str:
    """Another letter or character at the end of about every seventh word, the same in one copy."""
    word = found.group()
    is_changed = sum(map(ord, word)) % 7 == number % 7
    return word[:-1] + chr(ord(word[-1]) ^ (1 + number % 2)) if is_changed else word


def print_row(name: str, source: str, runs: int) -> None:
    """One line of the table."""
    is_fountain = name.endswith(".fountain")
    breakdown = break_down(parse_text(source, is_fountain=is_fountain))
    parsed, broken = [], []
    for _ in range(runs):
        started = time.process_time()
        play = parse_text(source, is_fountain=is_fountain)
        middle = time.process_time()
        break_down(play)
        parsed.append(middle - started)
        broken.append(time.process_time() - middle)
    both = median(first + second for first, second in zip(parsed, broken, strict=True))
    print(
        f"| {name} | {len(source)} | {len(breakdown.scenes)} | {len(breakdown.shots)} "
        f"| {median(parsed):.2f} | {median(broken):.2f} | {both:.2f} |"
    )


if __name__ == "__main__":
    main()
