"""What cannot be in one shot together: noon and moonlight, a locked-off camera that tracks.

`contradictions.tsv` lists what excludes each other whoever says it; `unfit.tsv` what a director may well ask
for, but nobody else adds: moonlight in the rain. `implied.tsv` says what comes with something.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from rushes.language.concepts import Lexicon
from rushes.language.spec import Found
from rushes.language.tables import rows


def contradictions(found: Iterable[Found]) -> Iterator[tuple[Found, Found]]:
    """Yield the pairs among what is present (not negated) that exclude each other, in order of the text."""
    present = sorted((each for each in found if not each.negated), key=lambda each: each.span)
    for number, second in enumerate(present):
        for first in present[:number]:
            if excludes(first.concept, second.concept):
                yield first, second


def excludes(first: str, second: str) -> bool:
    """Whether two concepts, or a wider one of each, are listed as excluding each other."""
    return _is_listed(first, second, _pairs("contradictions"))


def is_unfit(addition: str, said: str) -> bool:
    """Whether nobody should add one concept to a text that says the other."""
    return excludes(addition, said) or _is_listed(addition, said, _pairs("unfit"))


def brings(concept: str, ruled_out: str) -> bool:
    """Whether a concept shows something that is ruled out: a kind of it, a wider one, what comes with it."""
    lexicon = Lexicon.load()
    return lexicon.is_a(ruled_out, concept) or any(
        lexicon.is_a(each, ruled_out) for each in (concept, *_implied().get(concept, ()))
    )


def goes_with(addition: str, said: Iterable[str], ruled_out: Iterable[str]) -> bool:
    """Whether a concept can be added to what is said, and brings back nothing that is ruled out."""
    return not any(brings(addition, each) for each in ruled_out) and not any(
        is_unfit(addition, each) for each in said
    )


def _is_listed(first: str, second: str, listed: frozenset[tuple[str, str]]) -> bool:
    lexicon = Lexicon.load()
    if lexicon.is_a(first, second) or lexicon.is_a(second, first):
        return False
    return any(
        (one, other) in listed
        for one in (first, *lexicon.ancestors(first))
        for other in (second, *lexicon.ancestors(second))
    )


@cache
def _pairs(name: str) -> frozenset[tuple[str, str]]:
    return frozenset(
        pair
        for ones, others in rows(name)
        for one in ones.split(",")
        for other in others.split(",")
        for pair in ((one, other), (other, one))
    )


@cache
def _implied() -> dict[str, tuple[str, ...]]:
    return {concept: tuple(others.split(",")) for concept, others in rows("implied")}
