"""What one language knows, ready for matching: every form of every word, and the words of its grammar."""

import gc
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from rushes.language.concepts import LANGUAGES, Concept, Lexicon
from rushes.language.morphology.forms import Word, forms, read_marks
from rushes.language.tables import rows

# Korean particles and endings never begin a word; the others are read beside known words only.
_BOUND = ("particle", "ending", "change", "change_to", "very")


class Candidate(NamedTuple):
    """One concept a form may stand for, as what kind of word, under which conditions."""

    concept: Concept
    kind: str
    word: Word

    @property
    def is_deed(self) -> bool:
        """Whether it is a verb that says what somebody does."""
        return self.kind == "verb" and self.concept.slot == "action"


class Vocabulary(NamedTuple):
    """`concepts` and `roles`: normalised text -> what it may be and do; `lengths`: first character -> lengths
    of the texts that begin with it, longest first."""

    language: str
    concepts: Mapping[str, tuple[Candidate, ...]]
    roles: Mapping[str, frozenset[str]]
    lengths: Mapping[str, tuple[int, ...]]


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of zh, en, ja or ko."""
    assert language in LANGUAGES
    found = _candidates(language)
    roles = grammar(language)
    lengths: dict[str, set[int]] = {}
    for first, length in {(text[0], len(text)) for text in (*found, *roles)}:
        lengths.setdefault(first, set()).add(length)
    ordered = {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}
    return Vocabulary(language, found, roles, ordered)


def _candidates(language: str) -> dict[str, tuple[Candidate, ...]]:
    found: dict[str, tuple[Candidate, ...]] = {}
    # Many small values and no garbage among them: collecting in between costs a third of the time.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for concept in Lexicon.load().concepts.values():
            for written in concept.words[language]:
                word = read_marks(written)
                candidates: dict[str, Candidate] = {}
                for form, kind in forms(word, concept.slot, language):
                    # The lexicon is written composed, so that its forms need no normalising.
                    text = form.lower()
                    if "-" in text:
                        text = text.replace("-", " ")
                    known = found.get(text)
                    if known is None or all(other.concept is not concept for other in known):
                        candidate = candidates.get(kind) or candidates.setdefault(
                            kind, Candidate(concept, kind, word)
                        )
                        found[text] = (*known, candidate) if known else (candidate,)
    finally:
        if was_collecting:
            gc.enable()
    if language == "zh":
        return _preferring(found, _is_listed)
    if language == "ja":
        return _preferring(found, lambda text, item: f"{text}る" in found and _is_stem(text, item))
    return found


def _is_listed(text: str, item: Candidate) -> bool:
    """掸了掸 is no form of 掸 where the lexicon lists it as it stands."""
    return text == item.word.text or text in item.concept.words["zh"]


def _is_stem(text: str, item: Candidate) -> bool:
    """切れ is of 切れる, not what 切る can do; 群れ is the noun too."""
    return item.word.text in (text, f"{text}る")


def _preferring(
    found: dict[str, tuple[Candidate, ...]], is_better: Callable[[str, Candidate], bool]
) -> dict[str, tuple[Candidate, ...]]:
    """Keep of each form the better of what it may be, if there are any."""
    for text, known in found.items():
        if len(known) > 1:
            found[text] = tuple(item for item in known if is_better(text, item)) or known
    return found


def key(text: str) -> str:
    """Return the text as vocabularies are keyed: composed, lower case, hyphens as spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.lower().replace("-", " ")


def one_of(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, of which the longest is taken."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(re.escape, ordered))})"


@cache
def grammar(language: str) -> Mapping[str, frozenset[str]]:
    """Return the function words of a language: word -> roles, from `data/grammar/`; not the bound ones."""
    found: dict[str, frozenset[str]] = {}
    for role, word in _grammar_words(language):
        if role in _BOUND:
            continue
        found[word] = found.get(word, frozenset()) | {role}
    return found


@cache
def with_role(language: str, role: str) -> tuple[str, ...]:
    """Return the function words of one role, as written in the file."""
    return tuple(word for name, word in _grammar_words(language) if name == role)


def _grammar_words(language: str) -> Iterator[tuple[str, str]]:
    for role, words in rows(f"grammar/{language}"):
        for word in words.split("/"):
            yield role, key(word)
