"""Small grammar for writing words of the lexicon into a text of its language."""

import re
from functools import cache

from rushes.language.concepts import Concept, Lexicon, plain
from rushes.language.morphology.forms import read_marks
from rushes.language.morphology.korean import split

_COMMAS = {"zh": "，", "en": ", ", "ja": "、", "ko": ", "}
_STOPS = "。.!！?？…"
# After a vowel, after a final consonant.
_PARTICLES = {"가": "이", "를": "을", "는": "은", "와": "과", "로": "으로", "야": "아", "랑": "이랑"}
_AFTER_CONSONANT = {closed: open_ for open_, closed in _PARTICLES.items()}
_RIEUL = 8
_AGREEMENT = re.compile(r"(\S)(?:(이|을|은|과)\([가를는와]\)|\(으\)(로))")


def comma(language: str) -> str:
    """Return the comma between two phrases."""
    return _COMMAS[language]


def as_phrase(concept: Concept, language: str) -> str:
    """Return the usual word of a concept that can stand by itself: Korean 흐린 하늘, not 흐리다."""
    words = [plain(word) for word in concept.words[language]]
    if language == "ko":
        return next((word for word in words if not word.endswith(("다", "는", "의", "에서"))), words[0])
    return words[0]


def on_or_in(place: Concept, language: str) -> str:
    """Return what says that something is there: on a beach, in a castle; 沙滩上, 城堡里. For zh and en."""
    is_on = read_marks(place.words["en"][0]).is_stood_on
    return {"zh": "里上", "en": ("in", "on")}[language][is_on]


def joined(text: str, phrases: list[str], language: str) -> str:
    """Append phrases to a text; what was written stays as it is, its full stop included."""
    if not phrases:
        return text
    separator = comma(language)
    if text.rstrip()[-1:] in _STOPS:
        separator = "" if language in ("zh", "ja") else " "
    tail = comma(language).join(phrases)
    if separator == " " and language == "en":
        tail = tail[0].upper() + tail[1:]
    return text.rstrip() + separator + tail


def with_article(text: str) -> str:
    """Return English text with a or an as the next sound needs, by its letter."""
    text = re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)
    return re.sub(r"\b([Aa])n (?=[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z])", r"\1 ", text)


def behind_article(before: str, behind: str) -> str:
    """Return English text put together, where only the article between the two agrees anew: the rest of the
    text is its author's."""
    head, _, article = before.rstrip(" ").rpartition(" ")
    if article.lower() not in ("a", "an") or not before.endswith(" "):
        return before + behind
    word, space, rest = behind.partition(" ")
    return (f"{head} " if head else "") + with_article(f"{article} {word}") + space + rest


def with_names(text: str) -> str:
    """Return English text without an article before the name of a place: the Shanghai is Shanghai."""
    return _before_names().sub("", text)


def is_name(word: str) -> bool:
    """Whether an English word of the lexicon is the name of a place, as Tokyo is."""
    return word in _names()


@cache
def _names() -> frozenset[str]:
    places = [each for each in Lexicon.load().concepts.values() if each.slot == "place"]
    words = [plain(word) for place in places for word in place.words["en"]]
    return frozenset(word for word in words if not word.islower())


@cache
def _before_names() -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_names())))
    return re.compile(rf"\b(?:[Aa]n?|[Tt]he) (?=(?:{names})\b)")


def with_particle(noun: str, tail: str) -> str:
    """Return a Korean noun with the particle that fits its last sound: 여우 + 을 gives 여우를."""
    if not noun or not "가" <= noun[-1] <= "힣":
        return noun + tail
    final = split(noun[-1])[2]
    for length in (2, 1):
        particle = tail[:length]
        if particle in _PARTICLES and final and not (particle == "로" and final == _RIEUL):
            return noun + _PARTICLES[particle] + tail[length:]
        if particle in _AFTER_CONSONANT and (not final or (particle == "으로" and final == _RIEUL)):
            return noun + _AFTER_CONSONANT[particle] + tail[length:]
    return noun + tail


def agreeing(text: str) -> str:
    """Return Korean text with 이(가), 을(를), 은(는), 과(와) and (으)로 as the sound before needs."""
    return _AGREEMENT.sub(lambda found: with_particle(found[1], found[2] or found[3]), text)
