"""English verbs that mean something else with their object, or with a particle behind it.

Slams the door shut: the particle stands behind the object. Swings two swords: the lexicon writes the verb
with an article, `to swing a`, for what it means with any object.
"""

from collections.abc import Iterator, Sequence

from rushes.language.matching import Token
from rushes.language.passage import ATTRIBUTE_SLOTS, THING_SLOTS
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
# The article with which the lexicon may write a verb that has an object.
_ARTICLES = ("a", "an", "his", "the")
_OBJECT_PRONOUNS = frozenset(("it", "them"))


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


def with_objects(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens; a verb without a meaning of its own has the one that it has with an object."""
    return [
        token._replace(candidates=(*token.candidates, *_with_object(token)))
        if _lacks_meaning(token) and _has_object(tokens, index)
        else token
        for index, token in enumerate(tokens)
    ]


def _lacks_meaning(token: Token) -> bool:
    is_word = token.script is Script.LATIN and " " not in token.text and "auxiliary" not in token.roles
    return is_word and all(item.concept.slot != "action" for item in token.candidates)


def _with_object(token: Token) -> tuple[Candidate, ...]:
    """Return what a verb means with an object; a well-dressed man: not its participle."""
    concepts = vocabulary("en").concepts
    kinds = ("verb", "participle") if token.text.endswith("ing") else ("verb",)
    for article in _ARTICLES:
        found = concepts.get(f"{token.text} {article}", ())
        if deeds := tuple(item for item in found if item.concept.slot == "action" and item.kind in kinds):
            return deeds
    return ()


def _has_object(tokens: Sequence[Token], index: int) -> bool:
    """Whether an object follows: it, two cups; bare (wet clay) only behind an ending, for a pocket knife."""
    if index + 1 >= len(tokens):
        return False
    after = tokens[index + 1]
    has_ending = tokens[index].text.endswith(("s", "ing"))
    return (
        "determiner" in after.roles
        or after.text in _OBJECT_PRONOUNS
        or (has_ending and _begins_noun(tokens, index + 1))
    )


def _begins_noun(tokens: Sequence[Token], index: int) -> bool:
    """Whether a thing stands at a token, behind words that say what it is like."""
    for token in tokens[index : index + _LONGEST_OBJECT]:
        slots = {item.concept.slot for item in token.candidates}
        if slots & THING_SLOTS:
            return "action" not in slots
        if not slots & ATTRIBUTE_SLOTS:
            return False
    return False


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
