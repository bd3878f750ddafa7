"""Things that people on set have to find: words of `data/props.json` and of the lexicon's props in actions.

English words after `~` are verbs as well, and count only right after a determiner: `the hammer`. Korean
words before `+` are short, and count only as a word with its particle: 책을, but not 정책. What stands
before `|` must stand there and is no part of the thing: 刀 in 一把刀, but not in 一刀.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.screenplay.names import stands_alone
from rushes.language.screenplay.shot import Span
from rushes.language.vocabulary import Vocabulary, vocabulary

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_SHORT = 5
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


_ARTICLES = frozenset(["a", "an", "the"])


@dataclass(frozen=True)
class PropMention:
    """A thing named in a text, by its id in `data/props.json`."""

    prop_id: str
    word: str
    span: Span


@dataclass(frozen=True)
class _PropWords:
    english: dict[str, tuple[str, bool]]  # word or words -> id, and whether it counts only after a determiner
    english_starts: frozenset[str]  # first words of what a text may say, plurals included
    asian: dict[str, tuple[tuple[str, str, str], ...]]  # first character -> (before, word, id), longest first
    short: frozenset[str]  # Korean words that count only with an edge on both sides
    first: re.Pattern[str]


def find_props(text: str, language: str) -> tuple[PropMention, ...]:
    """Things named in ``text`` in order, longest words first, none inside another; spans are of ``text``."""
    words = _prop_words(language)
    return tuple(_english(text, words) if language == "en" else _asian(text, words, language))


def _english(text: str, words: _PropWords) -> list[PropMention]:
    tokens = list(_WORD.finditer(text))
    lowered = [token.group().lower() for token in tokens]
    found: list[PropMention] = []
    for index, word in enumerate(lowered):
        start = tokens[index].start()
        if word not in words.english_starts or (found and start < found[-1].span.end):
            continue
        if index > 1 and lowered[index - 2] == "like" and lowered[index - 1] in _ARTICLES:
            # `Sun like a hammer`: nobody has to find one.
            continue
        before = lowered[index - 1] if index else ""
        for last in tokens[index + 1 : index + 2], tokens[index : index + 1]:
            end = last[0].end() if last else start
            prop_id = _english_id(text[start:end].lower(), before, words) if end - start < 40 else None
            if prop_id:
                found.append(PropMention(prop_id, text[start:end], Span(start, end)))
                break
    return found


def _english_id(phrase: str, before: str, words: _PropWords) -> str | None:
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("es")):
        prop_id, is_bound = words.english.get(form, ("", False))
        if prop_id and (not is_bound or before in _DETERMINERS):
            return prop_id
    return None


def _asian(text: str, words: _PropWords, language: str) -> list[PropMention]:
    found = []
    lexicon = vocabulary(language)
    position = 0
    while start := words.first.search(text, position):
        at = start.start()
        position = at + 1
        for before, word, prop_id in words.asian[start.group()]:
            begin = at + len(before)
            end = begin + len(word)
            if not text.startswith(before + word, at):
                continue
            if _is_longer_word(text, begin, len(word), lexicon):
                # 面包 of 面包车 is no bread.
                break
            if word not in words.short or stands_alone(text, begin, end):
                found.append(PropMention(prop_id, word, Span(begin, end)))
                position = end
                break
    return found


def _is_longer_word(text: str, at: int, length: int, lexicon: Vocabulary) -> bool:
    """Whether a word of the lexicon begins here that is longer."""
    longer = (each for each in lexicon.lengths.get(text[at], ()) if length < each <= len(text) - at)
    return any(text[at : at + each] in lexicon.concepts for each in longer)


@cache
def _prop_words(language: str) -> _PropWords:
    path = resources.files("rushes.language").joinpath("data/props.json")
    table: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    for prop_id, words in _lexicon_props(table):
        for name in words:
            table.setdefault(prop_id, {}).setdefault(name, []).extend(words[name])
    english: dict[str, tuple[str, bool]] = {}
    by_first: dict[str, list[tuple[str, str, str]]] = {}
    short: set[str] = set()
    for prop_id, languages in table.items():
        for word in languages["en"]:
            # What the hand-made list says of a word stands before what the lexicon says.
            english.setdefault(word.strip("~"), (prop_id, word[0] == "~"))
        for word in languages[language]:
            before, _, named = word.rstrip("+").rpartition("|")
            by_first.setdefault(word[0], []).append((before, named, prop_id))
            if word.endswith("+"):
                short.add(word.rstrip("+"))
    asian = {
        first: tuple(sorted(words, key=lambda each: -len(each[0] + each[1])))
        for first, words in by_first.items()
    }
    firsts = {_WORD.findall(word)[0] for word in english}
    starts = frozenset(first + ending for first in firsts for ending in ("", "s", "es"))
    return _PropWords(english, starts, asian, frozenset(short), re.compile(f"[{''.join(asian)}]"))


def _lexicon_props(table: dict[str, dict[str, list[str]]]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield the lexicon's kinds of `prop` with the words that are safe in prose, under the id of the list.

    A single character, or a Korean word that needs its particle, is too often part of something else; a
    word that the list has already stays with it.
    """
    known = {(name, word.strip("~")): key for key, row in table.items() for name in row for word in row[name]}
    lexicon = Lexicon.load()
    for concept in lexicon.concepts.values():
        if concept.id == "prop" or not lexicon.is_a(concept.id, "prop"):
            continue
        usual = (known.get((name, concept.words[name][0].strip("~"))) for name in LANGUAGES)
        same = concept.id if concept.id in table else next(filter(None, usual), concept.id)
        yield (
            same,
            {
                name: [
                    _in_prose(word, name)
                    for word in concept.words[name]
                    if (name, word.strip("~")) not in known and _is_safe(word, name)
                ]
                for name in LANGUAGES
            },
        )


def _is_safe(word: str, language: str) -> bool:
    if "+" in word or "@" in word or word.startswith("to ") or word.endswith(" of"):
        return False
    return language == "en" or len(word) > 1


def _in_prose(word: str, language: str) -> str:
    """A short English word is a verb as well more often than not: to drum, to fan, to map."""
    is_short = language == "en" and len(word.removesuffix("s")) <= _SHORT and not word.startswith("~")
    return "~" + word if is_short else word
