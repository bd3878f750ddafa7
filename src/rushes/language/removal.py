"""Take something out of a description, with the words that only go with it."""

import re

from rushes.language.spec import Found, ShotSpec
from rushes.language.vocabulary import with_role
from rushes.language.writing import behind_article

LAST_AND = re.compile(r"(?:\s{1,4}(?:and|then|but)|[和并又]|然后|接着){1,3}\s{0,4}$", re.IGNORECASE)
_PHRASE_END = re.compile(r"[,，、。.;；!！?？]\s*")
_PHRASE_MARKS = ",，、。.;；!！?？"
_BELONGING = re.compile("(?<=[\\u4e00-\\u9fff\\uac00-\\ud7a3])[的の의]$")
_JAPANESE_PARTICLE = re.compile("[がをにでのはもへと]")
_KOREAN_AND = re.compile("(?:와|과|하고|랑) $")
_PREPOSITION = re.compile(r"\b(?:in|under|at|on|with|by|through) (?:the )?$", re.IGNORECASE)
# Where a noun ends its phrase, any preposition and article before it have nothing left.
_BEFORE_LAST_NOUN = re.compile(
    r"\b(?:(?:in|under|at|on|with|by|through|to|into|from|towards?|during|of|for) (?:the |an? )?|the |an? )$",
    re.IGNORECASE,
)
_ENDS_PHRASE = re.compile(r"\s{0,4}(?:$|[,.;!?])")
# 走到月光下: without the place nothing is reached.
_CHINESE_TOWARDS = re.compile("[到在从向往]$")
# 햇빛 아래, 햇빛을: what goes with its noun.
_KOREAN_TAIL = re.compile(" ?([\uac00-\ud7a3]+)")


def without_phrase(spec: ShotSpec, found: Found) -> str | None:
    """The text without something and the words that go with it; None where a verb would lose its noun.

    A phrase between commas that says nothing else goes whole; an English preposition goes with the noun
    behind it, a Korean particle or 아래 with the one before it.
    """
    start, end = found.span
    phrase_start, phrase_end = phrase_around(spec.text, found.span)
    others = (each.span for each in spec.everything() if each.span[0] >= end or each.span[1] <= start)
    if not any(phrase_start < other[1] and other[0] < phrase_end for other in others):
        return without(spec.text, (phrase_start, phrase_end))
    if spec.language == "en":
        is_last = _ENDS_PHRASE.match(spec.text, end)
        before = (_BEFORE_LAST_NOUN if is_last else _PREPOSITION).search(spec.text[:start])
        start = before.start() if before else start
    if spec.language == "zh" and _CHINESE_TOWARDS.search(spec.text[:start]):
        return None
    if before := LAST_AND.search(spec.text[:start]):
        # At noon and in moonlight: without one of two, nothing is left to join.
        start = before.start()
    if spec.language == "ja" and _JAPANESE_PARTICLE.match(spec.text, end):
        return None
    if spec.language == "ko" and _KOREAN_AND.search(spec.text[:start]):
        return None
    if spec.language == "ko" and (behind := _KOREAN_TAIL.match(spec.text, end)):
        if behind.group() in (*with_role("ko", "subject"), *with_role("ko", "object")):
            return None
        end = behind.end() if behind.group(1) in with_role("ko", "particle") else end
    return without(spec.text, (start, end))


def without(text: str, span: tuple[int, int]) -> str:
    """Return the text without the words of a span and without the separator they leave behind."""
    start, end = span
    before, after = text[:start].rstrip(" "), text[end:].lstrip(" ")
    if not after or after[0] in _PHRASE_MARKS:
        # 正午的月光: noon belongs to nothing any more.
        before = _BELONGING.sub("", before)
    if not before or before[-1] in ",，、" or not after:
        # A tracking shot of a man: without the shot he stands alone.
        after = after.lstrip(",，、 ").removeprefix("of ")
    if not after:
        before = before.rstrip(",，、 ")
    was_apart = text[start - 1 : start].isspace() or text[end : end + 1].isspace()
    space = " " if before and after and was_apart and after[0] not in ",，、.。" else ""
    return behind_article(before + space, after)


def phrase_around(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Return the span between the marks around a span."""
    start, end = span
    phrase_start = max((mark.end() for mark in _PHRASE_END.finditer(text, 0, start)), default=0)
    following = _PHRASE_END.search(text, end)
    return phrase_start, following.start() if following else len(text)
