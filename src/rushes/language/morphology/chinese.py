"""Chinese verbs let an aspect particle between their two syllables: 回头, 回了头, 回过头."""

from collections.abc import Iterator

_INFIXES = ("了", "过", "着", "了一", "一", "起了", "完")


def verb_forms(word: str) -> Iterator[tuple[str, str]]:
    """Yield the word and, for two syllables, the word with an aspect particle inside."""
    yield word, "verb"
    if len(word) == 2 and word[0] != word[1]:
        for infix in _INFIXES:
            yield word[0] + infix + word[1], "verb"
