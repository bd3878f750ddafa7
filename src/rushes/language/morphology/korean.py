"""Korean predicates as the stems that endings attach to: 달리다 gives 달리, 달려, 달렸, 달린, 달릴, 달립.

Syllables are taken apart and put together by the arithmetic of the Unicode standard, section 3.12. For stems
in ㄷ, ㅂ, ㅅ and ㅎ the regular and the irregular forms are both made; a wrong one never occurs in a text.
"""

from collections.abc import Iterator

_BASE = 0xAC00
_A, _AE, _EO, _E, _YEO, _O, _WA, _WAE, _OE, _U, _WO, _EU, _I = 0, 1, 4, 5, 6, 8, 9, 10, 11, 13, 14, 18, 20
_NONE, _N, _D, _L, _M, _B, _S, _SS, _H = 0, 4, 7, 8, 16, 17, 19, 20, 27
_BRIGHT = (_A, _O)
# The verbs whose ㄷ becomes ㄹ; the others in ㄷ are regular.
_SOFT_D = ("걷", "듣", "싣", "깨닫", "긷", "묻")


def split(syllable: str) -> tuple[int, int, int]:
    """Return the indices of initial, vowel and final consonant (0: none) of one Hangul syllable."""
    code = ord(syllable) - _BASE
    return code // 588, code % 588 // 28, code % 28


def join(initial: int, vowel: int, final: int = _NONE) -> str:
    """Return the syllable of the given indices."""
    return chr(_BASE + initial * 588 + vowel * 28 + final)


def predicate_forms(word: str) -> Iterator[tuple[str, str]]:
    """Yield the stems of a verb or adjective in dictionary form (...다), of several words too."""
    stem = word[:-1]
    if not stem or not "가" <= stem[-1] <= "힣":
        yield word, "noun"
        return
    for form in dict.fromkeys(_stems(stem)):
        yield form, "verb"
    if stem.endswith("하") and len(stem) > 2 and stem[-2] != " ":
        yield stem[:-1], "noun"


def _stems(stem: str) -> Iterator[str]:
    before, last = stem[:-1], stem[-1]
    initial, vowel, final = split(last)
    yield stem
    if final == _NONE:
        yield from (before + join(initial, vowel, closing) for closing in (_N, _L))
        yield before + join(initial, vowel, _B) + "니"
        if before:
            yield before + join(initial, vowel, _M)
        for fused in _fused(before, last, initial, vowel):
            yield fused
            yield fused[:-1] + join(*split(fused[-1])[:2], _SS)
        return
    bright = vowel in _BRIGHT
    open_last = join(initial, vowel)
    if final == _L:
        yield from (before + open_last + ending for ending in ("는", "니", "네", "시"))
        yield before + join(initial, vowel, _N)
        yield before + join(initial, vowel, _B) + "니"
    elif final == _D and stem.endswith(_SOFT_D):
        soft = before + join(initial, vowel, _L)
        yield from (soft + ending for ending in ("어", "었", "아", "았", "으", "은", "을", "음"))
    elif final == _B:
        round_ = before + open_last
        yield from (round_ + ending for ending in ("우", "운", "울", "움", "워", "웠", "와", "왔"))
    elif final == _S:
        yield from (before + open_last + ending for ending in ("어", "었", "아", "았", "으", "은", "을"))
    elif final == _H:
        yield from (before + join(initial, vowel, closing) for closing in (_N, _L, _M))
        yield before + join(initial, _AE)
        yield before + join(initial, _AE, _SS)
    yield stem + ("았" if bright else "었")


def _fused(before: str, last: str, initial: int, vowel: int) -> Iterator[str]:
    """Yield the stem melted with the infinitive ending 아 or 어."""
    if last == "하":
        yield from (before + "해", before + "하여")
    elif last == "르" and before and "가" <= before[-1] <= "힣":
        first, middle, _ = split(before[-1])
        yield before[:-1] + join(first, middle, _L) + ("라" if middle in _BRIGHT else "러")
        yield before + "르러"
    elif vowel == _EU:
        previous = split(before[-1])[1] if before and "가" <= before[-1] <= "힣" else _EO
        yield before + join(initial, _A if previous in _BRIGHT else _EO)
    elif vowel == _I:
        yield before + join(initial, _YEO)
        yield before + last + "어"
    elif vowel == _O:
        yield from (before + join(initial, _WA), before + last + "아")
    elif vowel == _U:
        yield from (before + join(initial, _WO), before + last + "어")
    elif vowel == _OE:
        yield from (before + join(initial, _WAE), before + last + "어")
    elif vowel in (_A, _AE, _EO, _E, _YEO):
        yield before + last
    else:
        yield before + last + "어"
