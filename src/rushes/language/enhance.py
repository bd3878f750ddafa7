"""Make a description fuller without changing what it says: by rule and seed, as a diff that can be undone.

Only parts the text leaves open are filled, from `data/additions.tsv`, by appending; every character of the
original stays where it was. An addition that does not go with the text, or that brings back what it rules
out, is not made. `verify` holds for any enhancement, an LLM's too.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.consistency import brings, goes_with, is_unfit
from rushes.language.parse import parse
from rushes.language.spec import PARTS, ShotSpec
from rushes.language.tables import rows
from rushes.language.writing import joined

# Part of every recipe: raised when the same text, seed and revision would give another result.
REVISION = 5
_ORDER = (
    "environment",
    "time",
    "light",
    "tone",
    "composition",
    "camera.size",
    "camera.move",
    "style",
)
# A distance no ancestor has.
_NEVER = 1_000
_INDOORS = (
    "room",
    "building",
    "cabin",
    "space",
    "underwater",
    "cave",
    "dungeon",
    "tunnel",
    "stage",
    "abyss",
    "tomb",
)
# Where an unknown word would be a place, and what says that one is of a style.
_BEFORE_A_PLACE = re.compile(
    r"\b(?:in|at|on|near|through|across|under|inside|over|into|around|along|by)\s(?:the\s|an?\s)?(?:\w+\s){0,2}$"
    r"|在[^，。,.]{0,6}$",
    re.IGNORECASE,
)
_BEHIND_A_PLACE = re.compile("[里上中内旁]|で|に|の(?:中|上|下)")
_KOREAN_PLACE = ("에서", "에")
_STYLE = re.compile(r"\bstyle\b|风格|风$|風|スタイル|스타일|풍(?![가-힣])", re.IGNORECASE)
# The move that needs somebody to go with.
_FOLLOWING = "track"


@dataclass(frozen=True)
class Addition:
    """One part filled: the concept, and the words for it in the language of the text."""

    part: str
    concept: str
    words: str


@dataclass(frozen=True)
class Enhancement:
    """A text before and after, with what was added to each part; `method` is `rules` or `llm`."""

    before: str
    after: str
    added: tuple[Addition, ...]
    method: str
    seed: int
    revision: int = REVISION

    def as_json(self) -> dict[str, Any]:
        """Return the stage of a recipe: everything that decides the result, and the result."""
        return asdict(self)


@dataclass(frozen=True)
class _Rule:
    part: str
    concept: str
    when: tuple[str, ...]
    words: dict[str, str]


def enhance(text: str, seed: int = 0) -> Enhancement:
    """Return `text` with its open parts filled; the same for the same text, seed and revision.

    Raises UsageError as `parse` does, and for a text that names nothing at all.
    """
    spec = parse(text)
    if not any(spec.found(part) for part in PARTS):
        raise UsageError(f"Nothing in {text[:60]!r} is known; name a subject, an action or a place first.")
    draws = random.Random(f"enhance:{seed}:{text}")
    added: list[Addition] = []
    for part in _ORDER:
        if _is_open(spec, part, added):
            choices = _choices(part, spec, added)
            if choices:
                # random() is the one draw whose sequence Python guarantees to keep.
                rule = choices[int(draws.random() * len(choices))]
                added.append(Addition(part, rule.concept, rule.words[spec.language]))
    after = joined(text, [each.words for each in added], spec.language)
    made = Enhancement(text, after, tuple(added), "rules", seed)
    problems = list(verify(text, after))
    # An addition can change how the words before it are read; then the text stays as it is.
    return made if not problems else Enhancement(text, text, (), "rules", seed)


def verify(before: str, after: str) -> Iterator[str]:
    """Yield what an enhancement broke, in words: meaning lost or changed, or a contradiction brought in."""
    old, new = parse(before), parse(after, parse(before).language)
    position = 0
    for found in sorted(old.everything(), key=lambda each: each.span):
        words = before[slice(*found.span)]
        position = after.find(words, position)
        if position < 0:
            yield f"{words!r} is gone"
            return
    for part in PARTS:
        kept = {(found.concept, found.negated) for found in new.found(part)}
        for found in old.found(part):
            if (found.concept, found.negated) not in kept:
                yield f"{found.concept} is no longer {'ruled out' if found.negated else 'there'}"
            if found.negated and (found.concept, False) in kept:
                yield f"{found.concept} was ruled out and is back"
    yield from _unwanted(old, new)


def _unwanted(old: ShotSpec, new: ShotSpec) -> Iterator[str]:
    said = {found.concept for part in PARTS for found in old.present(part)}
    new_ones = {found.concept for part in PARTS for found in new.present(part)} - said
    ruled_out = _ruled_out(old)
    for concept in sorted(new_ones):
        for other in sorted(ruled_out):
            if brings(concept, other):
                yield f"{concept} brings back {other}, which was ruled out"
        for other in sorted(said | new_ones):
            if is_unfit(concept, other):
                yield f"{concept} contradicts {other}"


def _is_open(spec: ShotSpec, part: str, added: Sequence[Addition]) -> bool:
    name, _, kind = part.partition(".")
    found = spec.found(name)
    if kind:
        # A move decides what the angle does; a described camera is left alone.
        kinds = {each.kind for each in found if not each.negated}
        return kind not in kinds and not (kind == "move" and "support" in kinds)
    if name == "time":
        return not found and not any(_is_indoors(each) for each in _present(spec, added))
    if name == "environment" and any(_is_at_a_place(spec.text, span) for span in spec.unknown):
        return False
    if name == "style" and spec.unknown and _STYLE.search(spec.text):
        return False
    return not [each for each in found if not each.negated]


def _is_at_a_place(text: str, unknown: tuple[int, int]) -> bool:
    start, end = unknown
    return bool(
        _BEFORE_A_PLACE.search(text, 0, start)
        or _BEHIND_A_PLACE.match(text, end)
        or text[start:end].endswith(_KOREAN_PLACE)
    )


def _is_indoors(concept: str) -> bool:
    return any(Lexicon.load().is_a(concept, wide) for wide in _INDOORS)


def _choices(part: str, spec: ShotSpec, added: Sequence[Addition]) -> list[_Rule]:
    """Return the rules of a part that fit, of those whose condition holds only the ones for what is nearest:
    for a penguin those for penguins, not those for animals."""
    present = _present(spec, added)
    done_to = _done_to(spec)
    ruled_out = _ruled_out(spec)
    fitting: dict[tuple[int, bool], list[_Rule]] = {}
    for rule in _rules():
        if rule.part != part or (rule.concept == _FOLLOWING and not any(map(_is_motion, present))):
            continue
        nearest = min(
            ((_distance(concept, wide), concept in done_to) for concept in present for wide in rule.when),
            default=(_NEVER, False),
        )
        if (nearest[0] < _NEVER or not rule.when) and goes_with(rule.concept, present, ruled_out):
            fitting.setdefault(nearest, []).append(rule)
    return fitting[min(fitting)] if fitting else []


def _done_to(spec: ShotSpec) -> set[str]:
    """What only undergoes what others do; of two that are as near, who acts decides: a chef who guts a fish
    is in a kitchen."""
    acting = {concept for beat in spec.beats for concept in beat.who}
    return {concept for beat in spec.beats if beat.who for concept in beat.whom} - acting


def _is_motion(concept: str) -> bool:
    return Lexicon.load().is_a(concept, "move")


def _distance(concept: str, wide: str) -> int:
    """How many steps a concept lies under a wider one; _NEVER where it is none of its kind."""
    line = (concept, *Lexicon.load().ancestors(concept))
    return line.index(wide) if wide in line else _NEVER


def _present(spec: ShotSpec, added: Sequence[Addition]) -> list[str]:
    found = [each.concept for each in (*spec.everything(), *spec.loose) if not each.negated]
    return [*found, *(each.concept for each in added)]


def _ruled_out(spec: ShotSpec) -> set[str]:
    return {each.concept for each in (*spec.everything(), *spec.loose) if each.negated}


@cache
def _rules() -> tuple[_Rule, ...]:
    rules = []
    for part, concept, when, *words in rows("additions", has_header=True):
        conditions = tuple(when.split(",")) if when else ()
        rules.append(_Rule(part, concept, conditions, dict(zip(LANGUAGES, words, strict=True))))
    return tuple(rules)
