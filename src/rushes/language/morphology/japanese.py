"""Japanese predicates as the stems that endings attach to: 走る gives 走ら, 走り, 走っ, 走れ, 走ろ.

Which of the two classes a verb in る belongs to cannot be told from a kanji stem (見る, 走る), so the forms
of both are made; what does not exist never occurs in a text.
"""

from collections.abc import Iterator

_GODAN = {
    "う": "わいっえお",
    "く": "かきいけこ",
    "ぐ": "がぎいげご",
    "す": "さしせそ",
    "つ": "たちってと",
    "ぬ": "なにんねの",
    "ぶ": "ばびんべぼ",
    "む": "まみんめも",
    "る": "らりっれろ",
}
_I_OR_E_ROW = frozenset("いきしちにひみりぎじびぴえけせてねへめれげぜでべぺ")
_AFTER_ICHIDAN = "るてたなまよれらずつそき"


def predicate_forms(word: str) -> Iterator[tuple[str, str]]:
    """Yield the stems of a verb or adjective in dictionary form; any other word only itself."""
    last = word[-1]
    if word.endswith("する") and len(word) > 2:
        yield from _suru(word[:-2])
    elif word.endswith("来る"):
        yield from ((word[:-1] + ending, "verb") for ending in _AFTER_ICHIDAN)
    elif last == "る" and len(word) > 1:
        yield from _ru(word[:-1])
    elif last in _GODAN and len(word) > 1:
        stem = word[:-1]
        yield word, "verb"
        yield from ((stem + ending, "verb") for ending in _GODAN[last])
        if word.endswith(("行く", "いく")):
            yield stem + "っ", "verb"
    elif last == "い" and len(word) > 1:
        yield from (
            (word[:-1] + ending, "other") for ending in ("い", "く", "かった", "かっ", "さ", "げ", "そう")
        )
    else:
        yield word, "other"


def _suru(stem: str) -> Iterator[tuple[str, str]]:
    yield from ((stem + ending, "verb") for ending in ("する", "し", "さ", "せ", "すれ"))
    # 爆発 and スピン stand alone as well; a native noun such as 噂 would be listed as one.
    if len(stem) > 1 and not "ぁ" <= stem[-1] <= "ん":
        yield stem, "verb"


def _ru(stem: str) -> Iterator[tuple[str, str]]:
    yield stem + "る", "verb"
    yield from ((stem + ending, "verb") for ending in _GODAN["る"])
    if "ぁ" <= stem[-1] <= "ん":
        if stem[-1] not in _I_OR_E_ROW:
            return
        if len(stem) > 1:
            yield stem, "verb"
    yield from ((stem + ending, "verb") for ending in _AFTER_ICHIDAN)
