"""Korean nouns and verbs that mean one thing together, with other words or another particle between them:
손을 힘차게 흔들다, 고개도 숙이다, 눈 감다."""

from collections.abc import Iterator, Sequence
from functools import cache

from rushes.language.matching import Token
from rushes.language.script import Script
from rushes.language.vocabulary import Candidate, vocabulary, with_role

_PARTICLES = ("을", "를", "이", "가")
_TAILS = frozenset((*_PARTICLES, "", "은", "는", "도", "만"))
_OF_OTHER_NOUNS = (*_PARTICLES, "은", "는", "도", "의", "와", "과", "께서", "에게", "한테")
_ADVERBIAL = ("게", "듯", "듯이", "도록")
_LONGEST_BETWEEN = 3


def apart(tokens: Sequence[Token]) -> Iterator[tuple[int, int, Candidate]]:
    """Yield the token numbers of noun and verb, and what both mean together."""
    for verb, token in enumerate(tokens):
        stems = _stems(token)
        for noun in range(verb - 1, max(-1, verb - 2 - _LONGEST_BETWEEN) if stems else verb - 1, -1):
            candidate = _together(tokens[noun], stems)
            if candidate is not None:
                yield noun, verb, candidate
                break
            if not _tells_how(tokens[noun]):
                break


def _stems(verb: Token) -> list[str]:
    """Return what may stand before the endings of a verb; the lexicon need not know it alone: 숙인다."""
    if any(item.kind == "verb" for item in verb.candidates):
        return [verb.text]
    if verb.is_known or verb.script is not Script.HANGUL:
        return []
    places = range(len(verb.text), 0, -1)
    return [verb.text[:place] for place in places if _closes(verb.text[place:])]


def _closes(rest: str) -> bool:
    """Whether the end of a word is endings of a verb and nothing else."""
    return not rest or any(
        _closes(rest[size:]) for size in range(len(rest), 0, -1) if rest[:size] in _endings()
    )


@cache
def _endings() -> frozenset[str]:
    return frozenset(with_role("ko", "ending"))


def _together(noun: Token, stems: Sequence[str]) -> Candidate | None:
    if noun.tail not in _TAILS or "mark" in noun.roles:
        return None
    # An unknown word is one token with its particle.
    bare = noun.text[:-1] if not noun.is_known and noun.text.endswith(_PARTICLES) else noun.text
    named = noun.tail or noun.text[len(bare) :]
    concepts = vocabulary("ko").concepts
    for stem in stems:
        for particle in (named,) if named in _PARTICLES else _PARTICLES:
            for candidate in concepts.get(f"{bare}{particle} {stem}", ()):
                if candidate.concept.slot == "action":
                    return candidate
    return None


def _tells_how(token: Token) -> bool:
    """Whether a word may stand between a noun and its verb: an adverb, or how often, or where."""
    if "mark" in token.roles or token.tail in _OF_OTHER_NOUNS:
        return False
    return not token.may_be_deed or token.tail.endswith(_ADVERBIAL)
