"""Things that people on set have to find: words of `data/props.json` in action lines.

English words after `~` are verbs as well, and count only right after a determiner: `the hammer`.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rushes.language.screenplay.shot import Span

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_DETERMINERS = frozenset(
    [
        "a",
        "an",
        "the",
        "his",
        "her",
        "their",
        "its",
        "my",
        "your",
        "our",
        "this",
        "that",
        "one",
        "two",
        "every",
    ]
)


@dataclass(frozen=True)
class PropMention:
    """A thing named in a text, by its id in `data/props.json`."""

    prop_id: str
    word: str
    span: Span


@dataclass(frozen=True)
class _PropWords:
    english: dict[str, str]  # word or words -> id
    english_nouns: frozenset[str]  # those that count only after a determiner
    asian: dict[str, tuple[tuple[str, str], ...]]  # first character -> (word, id), longest first
    first: re.Pattern[str]


def find_props(text: str, language: str) -> tuple[PropMention, ...]:
    """Things named in ``text`` in order, longest words first, none inside another; spans are of ``text``."""
    words = _prop_words(language)
    return tuple(_english(text, words) if language == "en" else _asian(text, words))


def _english(text: str, words: _PropWords) -> list[PropMention]:
    tokens = list(_WORD.finditer(text))
    found = []
    index = 0
    while index < len(tokens):
        for count in (2, 1):
            last = tokens[min(index + count, len(tokens)) - 1]
            phrase = text[tokens[index].start() : last.end()]
            before = tokens[index - 1].group().lower() if index else ""
            prop_id = _english_id(phrase.lower(), before, words) if len(phrase) < 40 else None
            if prop_id:
                found.append(PropMention(prop_id, phrase, Span(tokens[index].start(), last.end())))
                index += count - 1
                break
        index += 1
    return found


def _english_id(phrase: str, before: str, words: _PropWords) -> str | None:
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("es")):
        if form in words.english and (form not in words.english_nouns or before in _DETERMINERS):
            return words.english[form]
    return None


def _asian(text: str, words: _PropWords) -> list[PropMention]:
    found = []
    position = 0
    while start := words.first.search(text, position):
        at = start.start()
        position = at + 1
        for word, prop_id in words.asian[start.group()]:
            if text.startswith(word, at):
                found.append(PropMention(prop_id, word, Span(at, at + len(word))))
                position = at + len(word)
                break
    return found


@cache
def _prop_words(language: str) -> _PropWords:
    path = resources.files("rushes.language").joinpath("data/props.json")
    table: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    english = {word.strip("~"): prop_id for prop_id, words in table.items() for word in words["en"]}
    nouns = frozenset(word[1:] for words in table.values() for word in words["en"] if word[0] == "~")
    by_first: dict[str, list[tuple[str, str]]] = {}
    for prop_id, languages in table.items():
        for word in languages[language]:
            by_first.setdefault(word[0], []).append((word, prop_id))
    asian = {first: tuple(sorted(words, key=lambda pair: -len(pair[0]))) for first, words in by_first.items()}
    return _PropWords(english, nouns, asian, re.compile(f"[{''.join(asian)}]"))
