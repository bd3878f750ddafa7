"""Numbers and counters of Chinese, Japanese and Korean: 三只狗, 三匹の犬, 개 세 마리.

A counter goes with what is counted (`data/counters.tsv`: language, kind, counters, the usual one first; the
nearer kind stands first): a dog that becomes a car is 一辆 instead of 一只.
"""

import re
from functools import cache

from rushes.core.errors import UsageError
from rushes.language.concepts import Concept, Lexicon
from rushes.language.spec import Found, ShotSpec
from rushes.language.tables import rows
from rushes.language.writing import with_particle

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMERALS = {
    "zh": ["一", "两", "三", "四", "五", "六", "七", "八", "九", "十"],
    "ja": ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"],
    "ko": ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"],
}
_OTHER_NUMERALS = {"zh": "二|几|数|这|那|每|\\d{1,4}", "ja": "数|\\d{1,4}", "ko": "몇|\\d{1,4}"}
# Between a counter and its noun stand a few words at most: 一匹白马, 三匹の黒い猫.
_REACH = 6


def with_counter(text: str, span: tuple[int, int], new: Concept, language: str) -> str:
    """``text`` with the counter beside the noun at ``span`` as ``new``, which the noun names, takes it."""
    counters = _counters_of(new, language)
    if not counters:
        return text
    start, end = span
    near = max(0, start - 2 * _REACH)
    before = list(_before(language).finditer(text, near, start))
    found = before[-1] if before else _after(language).match(text, end) if language != "zh" else None
    if found is None or found["counter"] in counters:
        return text
    behind = text[found.end("counter") :]
    counter = counters[0]
    if language == "ko":
        particle = (re.match(r"[가-힣]*", behind) or [""])[0]
        counter, behind = with_particle(counter, particle), behind[len(particle) :]
    return text[: found.start("counter")] + counter + behind


def recounted(spec: ShotSpec, found: Found, count: Concept) -> str:
    """The text of ``spec`` with another number in the place of ``found``; its counter stays.

    Raises UsageError for what is no number up to ten with its counter, and in English where one thing becomes
    several or several one: noun and verb would have to change as well.
    """
    start, end = found.span
    said = spec.text[start:end]
    if spec.language == "en":
        if "one" in (found.concept, count.id):
            raise UsageError(f"{said!r} cannot become {count.id}: noun and verb change with it; say it anew.")
        number = count.word("en")
        return spec.text[:start] + (number.capitalize() if said[0].isupper() else number) + spec.text[end:]
    counted = _counted(spec.language).fullmatch(said)
    if counted is None or count.id not in NUMBERS:
        raise UsageError(f"{said!r} cannot become {count.id}: give a number from one to ten for a number.")
    number = _NUMERALS[spec.language][NUMBERS.index(count.id)]
    return f"{spec.text[:start]}{number}{counted['rest']}{spec.text[end:]}"


@cache
def _table() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return tuple((language, kind, tuple(words.split("/"))) for language, kind, words in rows("counters"))


def _counters_of(concept: Concept, language: str) -> tuple[str, ...]:
    """Those of the nearest kind the concept is."""
    lexicon = Lexicon.load()
    for spoken, kind, counters in _table():
        if spoken == language and (kind == concept.slot or lexicon.is_a(concept.id, kind)):
            return counters
    return ()


def _numeral(language: str) -> str:
    return f"(?:{'|'.join(_NUMERALS[language])}|{_OTHER_NUMERALS[language]})"


def _counter(language: str) -> str:
    known = {word for spoken, _, words in _table() if spoken == language for word in words}
    return f"(?P<counter>{'|'.join(sorted(known))})"


@cache
def _before(language: str) -> re.Pattern[str]:
    """A number and its counter close before a noun."""
    link = {"zh": "", "ja": "の", "ko": "(?:의)? "}[language]
    space = " ?" if language == "ko" else ""
    return re.compile(
        rf"{_numeral(language)}{space}{_counter(language)}{link}(?=[^，。、,.]{{0,{_REACH}}}$)", re.MULTILINE
    )


@cache
def _after(language: str) -> re.Pattern[str]:
    """A number and its counter right behind a noun: 子供が二人, 남자 세 명."""
    space = " ?" if language == "ko" else ""
    return re.compile(rf"[がをはも가-힣]? ?{_numeral(language)}{space}{_counter(language)}")


@cache
def _counted(language: str) -> re.Pattern[str]:
    """A number and what stands behind it, which is the counter."""
    return re.compile(rf"{_numeral(language)}(?P<rest> ?\w?)")
