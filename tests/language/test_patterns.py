"""No regular expression of the package takes more than linear time, whatever it is fed.

The patterns are collected from the modules, so a new one is tested without being listed here. Each is fed
repeats of the characters it is made of: one, two in turn, and one after a run of another, since that is what
makes a matcher try again and again.
"""

import importlib
import itertools
import pkgutil
import re
import time
from collections.abc import Iterator
from re import _constants as codes
from re import _parser as parser
from types import ModuleType

import pytest

import rushes.language

SHARE = 8
LENGTH = 1600
FEW = (12, 18, 24, 30, 36)
# What no character class of a pattern may be without: a letter of each script, a digit, white space, marks.
ALWAYS = "aA1 \n一あア가.,:("


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(rushes.language.__path__, "rushes.language."):
        yield importlib.import_module(found.name)


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    """Patterns themselves, in tuples and mappings, and as fields of values."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(patterns_in, value.values()))
    elif isinstance(value, (tuple, list)):
        yield from itertools.chain.from_iterable(map(patterns_in, value))


def all_patterns() -> dict[str, re.Pattern[str]]:
    return {
        f"{module.__name__}.{name}" + (f"[{number}]" if number else ""): pattern
        for module in modules()
        for name, value in vars(module).items()
        for number, pattern in enumerate(patterns_in(value))
        if isinstance(pattern.pattern, str)
    }


def characters(tree: object) -> Iterator[str]:
    """Every literal of a parsed pattern, and the ends of its ranges."""
    if isinstance(tree, parser.SubPattern | list | tuple):
        items = list(tree)
        if len(items) == 2 and items[0] in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(items[1])
        elif len(items) == 2 and items[0] is codes.RANGE:
            yield chr(items[1][0])
        else:
            for item in items:
                yield from characters(item)


def hostile(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Texts of about ``length`` characters that end in something the pattern does not want."""
    own = list(dict.fromkeys(characters(parser.parse(pattern.pattern, pattern.flags))))[:8]
    signs = list(dict.fromkeys([*own, *ALWAYS]))
    for sign in signs:
        yield sign * length + "\0"
    for first, second in itertools.permutations(signs, 2):
        yield (first + second) * (length // 2) + "\0"
    for first in own[:6]:
        for second in (" ", "a", "A", "1", "-"):
            yield first + second * length + "\0"


def seconds(pattern: re.Pattern[str], text: str) -> float:
    started = time.process_time()
    pattern.search(text)
    pattern.match(text)
    pattern.fullmatch(text)
    return time.process_time() - started


def is_slow(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a short text takes far too long every time: a busy machine is slow only now and then."""
    return all(seconds(pattern, text) > 0.05 for _ in range(4))


def growth(pattern: re.Pattern[str]) -> tuple[float, str]:
    """How many times longer a text of ``LENGTH`` takes than an eighth of it, at worst, and the text."""
    worst, of = 0.0, ""
    for text in hostile(pattern, LENGTH):
        # A few characters first: exponential work would never come back from more.
        part = text[: LENGTH // SHARE] + "\0"
        if any(is_slow(pattern, each) for each in (*(text[:few] + "\0" for few in FEW), part)):
            return float("inf"), text[:12]
        # Linear search reads the whole in far less than a millisecond; only what is slow is worth measuring.
        if seconds(pattern, text) < 0.0015:
            continue
        whole = min(seconds(pattern, text) for _ in range(3))
        short = max(min(seconds(pattern, part) for _ in range(5)), 0.00002)
        if whole / short > worst:
            worst, of = whole / short, text[:12]
        if worst > 3 * SHARE:
            break
    return worst, of


PATTERNS = all_patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_backtracks_more_than_linearly(name):
    worst, text = growth(PATTERNS[name])
    assert worst < 3 * SHARE, f"{worst:.0f} times as long for {SHARE} times {text!r}..."


@pytest.mark.parametrize("hostile_pattern", [r"(?:a|aa)+\s*$", r"\s*$", r"(a+)+b", r"(?:[x ]+ ?){3,}y"])
def test_a_pattern_that_backtracks_is_caught(hostile_pattern):
    worst, _ = growth(re.compile(hostile_pattern))
    assert worst >= 3 * SHARE
