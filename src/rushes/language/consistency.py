"""What cannot be in one shot together: noon and moonlight, a locked-off camera that tracks."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from rushes.language.concepts import Lexicon
from rushes.language.spec import Found


def contradictions(found: Iterable[Found]) -> Iterator[tuple[Found, Found]]:
    """Yield the pairs among what is present (not negated) that exclude each other, in order of the text."""
    present = sorted((each for each in found if not each.negated), key=lambda each: each.span)
    for number, second in enumerate(present):
        for first in present[:number]:
            if excludes(first.concept, second.concept):
                yield first, second


def excludes(first: str, second: str) -> bool:
    """Whether two concepts, or a wider one of each, are listed as excluding each other."""
    lexicon = Lexicon.load()
    if lexicon.is_a(first, second) or lexicon.is_a(second, first):
        return False
    listed = _pairs()
    return any(
        (one, other) in listed
        for one in (first, *lexicon.ancestors(first))
        for other in (second, *lexicon.ancestors(second))
    )


@cache
def _pairs() -> frozenset[tuple[str, str]]:
    path = resources.files("rushes.language").joinpath("data/contradictions.tsv")
    lines = [tuple(line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()]
    return frozenset(pair for one, other in lines for pair in ((one, other), (other, one)))
