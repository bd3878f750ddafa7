"""Korean predicates as the stems that endings attach to: 달리다 gives 달리, 달려, 달렸, 달린, 달릴, 달립.

Syllables are taken apart and put together by the arithmetic of the Unicode standard, section 3.12. Stems in
ㄷ, ㅂ, ㅅ and ㅎ make their regular or their irregular forms: 놓다 is never 논 (rice field), 집다 never 지운.
"""

from collections.abc import Iterator
from functools import cache

_BASE = 0xAC00
_A, _AE, _EO, _E, _YEO, _O, _WA, _WAE, _OE, _U, _WO, _EU, _I = 0, 1, 4, 5, 6, 8, 9, 10, 11, 13, 14, 18, 20
_NONE, _N, _D, _L, _M, _B, _S, _SS, _H = 0, 4, 7, 8, 16, 17, 19, 20, 27
_BRIGHT = (_A, _O)
_SHORTEST_INFINITIVE = 2
# Behind these consonants the passive is 히: 잡히다, 접히다, 찍히다, 꽂히다.
_TAKING_HI = (1, _B, 22)
# The verbs whose ㄷ becomes ㄹ; the others in ㄷ are regular.
_SOFT_D = ("걷", "듣", "싣", "깨닫", "긷")


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
    before, space, last = stem.rpartition(" ")
    # 반짝거리다 is 반짝대다 too, 뛰어 내리다 is written 뛰어내리다.
    lasts = (last, last[:-2] + "대") if len(last) > 2 and last.endswith("거리") else (last,)
    befores = (before + space, before) if _ends_in_infinitive(before) else (before + space,)
    for form in (form for each in lasts for form in _stems_of(each)):
        for opening in befores:
            yield opening + form, "verb"
    if stem.endswith("하") and len(stem) > 2 and stem[-2] != " ":
        yield stem[:-1], "noun"


def _ends_in_infinitive(word: str) -> bool:
    """Whether a word may end as a verb does before another one, in 아 or 어: 뛰어, 잡아, 달려."""
    if len(word) < _SHORTEST_INFINITIVE or not "가" <= word[-1] <= "힣":
        return False
    _, vowel, final = split(word[-1])
    return final == _NONE and vowel in (_A, _AE, _EO, _YEO, _WA, _WO)


@cache
def _stems_of(stem: str) -> tuple[str, ...]:
    passive = _stems(stem + "히") if _takes_hi(stem) else ()
    return tuple(dict.fromkeys((*_stems(stem), *passive)))


def _takes_hi(stem: str) -> bool:
    final = split(stem[-1])[2]
    return final in _TAKING_HI and (final != _B or stem.endswith(_REGULAR_B))


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
        yield from (soft + ending for ending in ("어", "었", "아", "았"))
        if not stem.endswith("긷"):  # 길을 is the road.
            yield from (soft + ending for ending in ("으", "은", "을", "음"))
    elif final == _B and not stem.endswith(_REGULAR_B):
        round_ = before + open_last
        yield from (round_ + ending for ending in ("우", "운", "울", "움", "워", "웠", "와", "왔"))
    elif final == _S and stem.endswith(_SOFT_S):
        yield from (before + open_last + ending for ending in ("어", "었", "아", "았", "으", "은", "을"))
    elif final == _H and not stem.endswith(_REGULAR_H):
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


# Stems that are regular although their final consonant suggests otherwise, and the irregular ones in ㅅ.
_REGULAR_B = ("잡", "뽑", "입", "씹", "집", "업", "접", "꼽", "굽히", "붙잡", "휘어잡")
_SOFT_S = ("짓", "붓", "잇", "낫", "젓", "긋")
_REGULAR_REU = ("따르", "치르", "들르", "우러르")
# Stems in ㅎ that keep it; the others, all of colours and manners, lose it: 하얀, 빨간.
_REGULAR_H = tuple("좋놓넣쌓낳닿찧땋빻")
# 있다 and 없다 are no verbs when they say and verbs when they qualify: 있다, 있는.
_BEING = tuple("있없")
# Adjectives say without 는: 하늘이 맑다, not 맑는다.
_DESCRIPTIVE = ("맑", "흐리", "화창하", "쾌청하", "청명하", "춥", "덥", "어둡", "밝")
_AFTER_SOFT_VOWEL = ("며", "면", "려", "러", "니까", "십", "시")


def shape_of(verb: str, surface: str, after: str) -> str | None:
    """Return which shape of `verb` (in 다) stands as `surface` before the ending `after`, or None."""
    stem = verb[:-1]
    if surface == stem:
        says = after.startswith("는다") or (after.startswith("다") and stem.endswith(_DESCRIPTIVE))
        return "declarative" if says else "stem"
    for shape in ("past", "infinitive", "adnominal", "future", "formal"):
        if _shaped(stem, shape) == surface:
            return "declarative" if shape == "adnominal" and after.startswith("다") else shape
    return None


def conjugated(verb: str, shape: str, after: str) -> tuple[str, str]:
    """Return one shape of `verb` and the ending that follows it there: 달린+다 is 걷+는다 of 걷다."""
    stem = verb[:-1]
    is_open = split(stem[-1])[2] in (_NONE, _L)
    if shape == "declarative":
        after = after.removeprefix("는")
    if shape == "stem" and stem.endswith(_DESCRIPTIVE) and after[:1] == "는" and not after[1:2].strip():
        # 비가 내리는 거리, 맑은 거리: an adjective qualifies without 는.
        return _shaped(stem, "adnominal"), after[1:]
    if shape == "stem":
        return _before_ending(stem, after)
    if shape == "declarative" and stem.endswith((*_BEING, *_DESCRIPTIVE)):
        return stem, after
    if shape == "declarative":
        return (_shaped(stem, "adnominal"), after) if is_open else (stem, "는" + after)
    return _shaped(stem, shape), after


def _before_ending(stem: str, after: str) -> tuple[str, str]:
    """The plain stem and its ending: ㄹ falls before ㄴ and ㅅ, 으 comes between two consonants."""
    final = split(stem[-1])[2]
    if final == _L and after.startswith(("는", "니", "네", "시")):
        return stem[:-1] + join(*split(stem[-1])[:2]), after
    if final not in (_NONE, _L) and after.startswith(_AFTER_SOFT_VOWEL):
        return _soft(stem), "으" + after
    if final in (_NONE, _L) and after.startswith("으"):
        return stem, after[1:]
    return stem, after


def _shaped(stem: str, shape: str) -> str:
    final = split(stem[-1])[2]
    closed = {"adnominal": _N, "future": _L, "formal": _B}
    if shape == "adnominal" and stem.endswith(_BEING):
        return stem + "는"
    if shape in closed:
        if final == _H and shape != "formal" and not stem.endswith(_REGULAR_H):
            return stem[:-1] + join(*split(stem[-1])[:2], closed[shape])
        if shape != "formal" and final == _B and not stem.endswith(_REGULAR_B):
            return stem[:-1] + join(*split(stem[-1])[:2]) + {"adnominal": "운", "future": "울"}[shape]
        if final in (_NONE, _L):
            return stem[:-1] + join(*split(stem[-1])[:2], closed[shape]) + ("니" if shape == "formal" else "")
        return _soft(stem) + {"adnominal": "은", "future": "을", "formal": "습니"}[shape]
    infinitive = _infinitive(stem)
    return infinitive[:-1] + join(*split(infinitive[-1])[:2], _SS) if shape == "past" else infinitive


def _infinitive(stem: str) -> str:
    initial, vowel, final = split(stem[-1])
    if final == _NONE:
        if stem.endswith(_REGULAR_REU):
            return stem[:-1] + join(initial, _A if split(stem[-2])[1] in _BRIGHT else _EO)
        return next(_fused(stem[:-1], stem[-1], initial, vowel))
    if final == _B and not stem.endswith(_REGULAR_B):
        bright = stem.endswith(("돕", "곱"))
        return stem[:-1] + join(initial, vowel) + ("와" if bright else "워")
    return _soft(stem) + ("아" if vowel in _BRIGHT else "어")


def _soft(stem: str) -> str:
    """Return the stem as it stands before a vowel: 걷 is 걸, 짓 is 지."""
    initial, vowel, final = split(stem[-1])
    if final == _D and stem.endswith(_SOFT_D):
        return stem[:-1] + join(initial, vowel, _L)
    if final == _S and stem.endswith(_SOFT_S):
        return stem[:-1] + join(initial, vowel)
    return stem


def can_precede_eun(stem: str) -> bool:
    """Whether 은 and 을 may follow a stem as it stands: 잡은, not 물은 of 물다, nor 굽은 of 굽다 (grill)."""
    final = split(stem[-1])[2]
    return final not in (_NONE, _L) and (final != _B or stem.endswith(_REGULAR_B))
