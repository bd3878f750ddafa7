"""Chinese verbs let an aspect particle between their two syllables: 回头, 回了头, 回过头.

A verb is said twice for a short or repeated deed: 看看, 拍了拍, 想一想, 转来转去, 摇摇摆摆.
"""

from collections.abc import Iterator

_INFIXES = ("了", "过", "着", "了一", "一", "起了", "完")
# 跳了起 of 跳了起来, but no 跑过开: 跑过开满花的草地 runs across it.
_DIRECTIONS = tuple("开出进上下起来去回过到入")
_INSIDE_DIRECTED = ("了",)
_TWICE = ("{0}{0}", "{0}了{0}", "{0}一{0}", "{0}啊{0}", "{0}着{0}着", "{0}来{0}去", "{0}了又{0}")


def verb_forms(word: str) -> Iterator[tuple[str, str]]:
    """Yield the word, and with two syllables the forms with an aspect inside, and those that say it twice."""
    yield word, "verb"
    if len(word) == 2 and word[0] != word[1]:
        for infix in _INSIDE_DIRECTED if word.endswith(_DIRECTIONS) else _INFIXES:
            yield word[0] + infix + word[1], "verb"
        yield word[0] * 2 + word[1] * 2, "verb"
    if len(word) == 1:
        for pattern in _TWICE:
            yield pattern.format(word), "verb"
