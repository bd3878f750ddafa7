"""Make a description fuller without changing what it says: by rule and seed, as a diff that can be undone.

Only parts the text leaves open are filled, from `data/additions.tsv`, by appending; every character of the
original stays where it was. An addition that contradicts the text, or that brings back what it rules out, is
not made. `verify` holds for any enhancement, an LLM's too.
"""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.consistency import excludes
from rushes.language.parse import parse
from rushes.language.spec import PARTS, ShotSpec
from rushes.language.writing import joined

# Part of every recipe: raised when the same text, seed and revision would give another result.
REVISION = 1
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
_INDOORS = ("room", "building", "cabin", "space", "underwater", "cave", "dungeon", "tunnel")


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
    when: str
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
        if _is_open(spec, part):
            choices = [rule for rule in _rules() if rule.part == part and _fits(rule, spec, added)]
            telling = [rule for rule in choices if rule.when] or choices
            if telling:
                # random() is the one draw whose sequence Python guarantees to keep.
                rule = telling[int(draws.random() * len(telling))]
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
    said = {found.concept for part in PARTS for found in old.present(part)}
    new_ones = {found.concept for part in PARTS for found in new.present(part)} - said
    for concept in sorted(new_ones):
        for other in sorted(said | new_ones):
            if excludes(concept, other):
                yield f"{concept} contradicts {other}"


def _is_open(spec: ShotSpec, part: str) -> bool:
    name, _, kind = part.partition(".")
    found = spec.found(name)
    if kind:
        # A move decides what the angle does; a described camera is left alone.
        kinds = {each.kind for each in found if not each.negated}
        return kind not in kinds and not (kind == "move" and "support" in kinds)
    if name == "time":
        return not found and not any(_is_indoors(each.concept) for each in spec.found("environment"))
    return not [each for each in found if not each.negated]


def _is_indoors(concept: str) -> bool:
    return any(Lexicon.load().is_a(concept, wide) for wide in _INDOORS)


def _fits(rule: _Rule, spec: ShotSpec, added: list[Addition]) -> bool:
    lexicon = Lexicon.load()
    present = [found.concept for found in spec.everything() if not found.negated]
    present += [each.concept for each in added]
    ruled_out = [found.concept for found in spec.everything() if found.negated]
    if rule.when and not any(lexicon.is_a(concept, rule.when) for concept in present):
        return False
    if any(lexicon.is_a(rule.concept, each) or lexicon.is_a(each, rule.concept) for each in ruled_out):
        return False
    return not any(excludes(rule.concept, concept) for concept in present)


@cache
def _rules() -> tuple[_Rule, ...]:
    path = resources.files("rushes.language").joinpath("data/additions.tsv")
    rules = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        part, concept, when, *words = line.split("\t")
        rules.append(_Rule(part, concept, when, dict(zip(LANGUAGES, words, strict=True))))
    return tuple(rules)
