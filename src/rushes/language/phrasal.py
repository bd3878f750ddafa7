"""English phrasal verbs with their particle behind the object: takes her hat off, slams the door shut."""

from collections.abc import Iterator, Sequence

from rushes.language.matching import Token
from rushes.language.script import Script
from rushes.language.vocabulary import Candidate, vocabulary

# fmt: off
_PARTICLES = frozenset((
    "off", "on", "up", "down", "out", "over", "away", "back", "shut", "open", "apart", "aside", "around",
    "in",
))
# fmt: on
_OPENS_OBJECT = frozenset(("determiner", "they", "he", "she"))
_STOPS = frozenset(("clause", "and", "mark", "to", "auxiliary"))
_LONGEST_OBJECT = 5


def apart(tokens: Sequence[Token]) -> Iterator[tuple[int, int, Candidate]]:
    """Yield the token numbers of verb and particle, and what both mean together."""
    concepts = vocabulary("en").concepts
    for index, token in enumerate(tokens):
        particle = _particle_after(tokens, index) if token.script is Script.LATIN else None
        if particle is None:
            continue
        for candidate in concepts.get(f"{token.text} {tokens[particle].text}", ()):
            if candidate.concept.slot == "action":
                yield index, particle, candidate
                break


def _particle_after(tokens: Sequence[Token], verb: int) -> int | None:
    """Return the particle that ends the phrase behind the object of a verb."""
    if verb + 1 >= len(tokens) or not tokens[verb + 1].roles & _OPENS_OBJECT:
        return None
    for index in range(verb + 2, min(verb + 2 + _LONGEST_OBJECT, len(tokens))):
        if tokens[index].text in _PARTICLES:
            return index if _ends_phrase(tokens, index + 1) else None
        if tokens[index].roles & _STOPS or ("preposition" in tokens[index].roles):
            return None
    return None


def _ends_phrase(tokens: Sequence[Token], index: int) -> bool:
    """Whether no noun follows, to which the particle would be a preposition: over the fence."""
    if index >= len(tokens):
        return True
    roles = tokens[index].roles
    return bool(roles & {"mark", "and", "clause", "preposition", "to"}) and "determiner" not in roles
