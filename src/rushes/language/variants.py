"""Many descriptions from one: axes over what it says, intensities and seeds, counted before anything runs.

An axis is `slot=value,value` (a part of the spec or a kind in it: `weather=rain,snow`, `subject=fox,wolf`,
`colour=red,blue`, `move=push_in,static`), `concept=from..to:count` for an intensity
(`sandstorm=light..extreme:4`) or `speed=slow,normal,fast`. Edits are word by word (`edit`), so that two
variants differ in nothing else.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Concept, Lexicon
from rushes.language.consistency import brings, excludes
from rushes.language.degrees import LEVELS, with_degree
from rushes.language.edit import added, replaced
from rushes.language.parse import parse
from rushes.language.passage import CAMERA_SLOTS
from rushes.language.removal import without_phrase
from rushes.language.spec import PARTS, Found, ShotSpec
from rushes.language.vocabulary import vocabulary

MOST_VARIANTS = 10_000
_MOST_LEVELS = 20
FILLS = ("full", "sparse", "latin")
# What may stand before the equals sign: a part of the spec, or a kind of what is in it.
_SLOTS = {
    "subject": ("person", "animal", "vehicle", "thing"),
    "action": ("action",),
    "environment": ("place", "furniture", "sky"),
    "size": ("shot_size",),
    "color": ("colour",),
    "camera": tuple(sorted(CAMERA_SLOTS - {"speed"})),
}
_KINDS = {"shot_size": "size"}
_NORMAL = "normal"


@dataclass(frozen=True)
class Axis:
    """What varies: `values` in order; `concept` is set for an intensity of that concept."""

    name: str
    values: tuple[str, ...]
    concept: str = ""


@dataclass(frozen=True)
class Variant:
    """One description: the value of each axis, and the seed it is filmed with."""

    values: tuple[tuple[str, str], ...]
    seed: int
    text: str


def read_axis(written: str) -> Axis:
    """Take an axis apart. Raises UsageError naming what is wrong with it and what it may be."""
    name, equals, rest = written.partition("=")
    name = name.strip()
    if not equals or not name or not rest.strip():
        raise UsageError(f"{written!r} is no axis; write slot=value,value or concept=light..extreme:3.")
    concepts = Lexicon.load().concepts
    if ".." in rest:
        if name not in concepts:
            raise UsageError(f"{name!r} is no concept whose intensity could vary.")
        return Axis(name, _levels(rest), name)
    values = tuple(dict.fromkeys(value.strip() for value in rest.split(",") if value.strip()))
    slots = _concept_slots(name)
    return Axis(name, tuple(dict.fromkeys(_value(name, value, slots) for value in values)))


def _value(name: str, value: str, slots: tuple[str, ...]) -> str:
    """Return the concept that a value names, by its id or a word in one of the languages: rain, 雨, 눈."""
    if name == "speed" and value == _NORMAL:
        return value
    concepts = Lexicon.load().concepts
    senses = (vocabulary(language).concepts.get(value.lower(), ()) for language in LANGUAGES)
    said = [sense.concept.id for each in senses for sense in each if sense.concept.slot in slots]
    is_id = value in concepts and concepts[value].slot in slots
    # The concept jump bounces; who writes jump means the word, and leaps.
    if is_id and (value in said or not said):
        return value
    if not said:
        known = [each for each, concept in concepts.items() if concept.slot in slots]
        raise UsageError(f"{value!r} is no {name}; there are {', '.join(known[:8])} and others.")
    return said[0]


def count(axes: Sequence[Axis], seeds: int, fill: str, sparse: int = 0) -> int:
    """Return how many variants `variants` will make, without making them."""
    if fill not in FILLS:
        raise UsageError(f"There is no fill {fill!r}; choose one of {', '.join(FILLS)}.")
    if seeds < 1:
        raise UsageError(f"{seeds} seeds make no variant; give at least 1.")
    full = 1
    for axis in axes:
        full *= len(axis.values)
    sizes = {"full": full, "sparse": min(sparse, full)}
    cells = sizes[fill] if fill in sizes else max((len(axis.values) for axis in axes), default=1)
    if fill == "sparse" and sparse < 1:
        raise UsageError("A sparse fill needs the number of cells to draw.")
    if cells * seeds > MOST_VARIANTS:
        raise UsageError(f"{cells * seeds} variants are more than {MOST_VARIANTS}; draw a sparse fill.")
    return cells * seeds


def variants(
    text: str, axes: Sequence[Axis], seeds: int = 1, fill: str = "full", sparse: int = 0, first_seed: int = 0
) -> Iterator[Variant]:
    """Yield the variants of `text`, seeds innermost; the same for the same arguments.

    `full` is every combination; `sparse` draws that many cells of it so that every value occurs while there
    is room; `latin` takes each value of the longest axis once, the others shifted along (a Latin square's
    diagonal). Raises UsageError as `parse` and `count` do, and where a value has no place in the text.
    """
    count(axes, seeds, fill, sparse)
    names = [axis.name for axis in axes]
    if len(set(names)) != len(names):
        raise UsageError("An axis is given twice; put its values into one.")
    parse(text)
    for cell in _cells(axes, fill, sparse, first_seed):
        edited = text
        for axis, value in zip(axes, cell, strict=True):
            edited = _edit(edited, axis, value)
        values = tuple(zip(names, cell, strict=True))
        for seed in range(first_seed, first_seed + seeds):
            yield Variant(values, seed, edited)


def _cells(axes: Sequence[Axis], fill: str, sparse: int, seed: int) -> Iterator[tuple[str, ...]]:
    if fill == "latin":
        longest = max((len(axis.values) for axis in axes), default=1)
        for row in range(longest):
            yield tuple(axis.values[(row + shift) % len(axis.values)] for shift, axis in enumerate(axes))
        return
    cells = list(itertools.product(*(axis.values for axis in axes)))
    if fill == "full":
        yield from cells
        return
    draws = random.Random(f"sparse:{seed}")
    remaining, seen = list(range(len(cells))), set[tuple[int, str]]()
    taken: list[int] = []
    while remaining and len(taken) < sparse:
        sample = sorted(remaining, key=lambda number: (-_new(cells[number], seen), number))
        best = [number for number in sample if _new(cells[number], seen) == _new(cells[sample[0]], seen)]
        number = best[int(draws.random() * len(best))]
        remaining.remove(number)
        taken.append(number)
        seen.update(enumerate(cells[number]))
    yield from (cells[number] for number in sorted(taken))


def _new(cell: tuple[str, ...], seen: set[tuple[int, str]]) -> int:
    return sum(pair not in seen for pair in enumerate(cell))


def _concept_slots(name: str) -> tuple[str, ...]:
    slots = _SLOTS.get(name, (name,))
    known = {concept.slot for concept in Lexicon.load().concepts.values()}
    if not set(slots) & known:
        raise UsageError(f"{name!r} is no slot; choose one of {', '.join(sorted(known | set(_SLOTS)))}.")
    return slots


def _levels(written: str) -> tuple[str, ...]:
    ends, _, number = written.partition(":")
    first, _, last = (end.strip() for end in ends.partition(".."))
    names = LEVELS
    if first not in names or last not in names:
        raise UsageError(f"{written!r} is no range of intensity; its ends are two of {', '.join(names)}.")
    low, high = names.index(first), names.index(last)
    step = 1 if high >= low else -1
    inside = names[low : high + step : step] if high + step >= 0 else names[low::step]
    if not number:
        return inside
    if not number.strip().isdecimal() or not 1 <= int(number) <= min(len(inside), _MOST_LEVELS):
        raise UsageError(f"{written!r} holds {len(inside)} intensities; take 1 to {len(inside)} of them.")
    wanted = int(number)
    if wanted == 1:
        return inside[:1]
    return tuple(inside[round(index * (len(inside) - 1) / (wanted - 1))] for index in range(wanted))


def _edit(text: str, axis: Axis, value: str) -> str:
    spec = parse(text)
    if axis.concept:
        return _with_degree(spec, axis.concept, value)
    if value == _NORMAL:
        return text
    concept = Lexicon.load().concepts[value]
    if any(found.negated and brings(value, found.concept) for found in spec.everything()):
        raise UsageError(f"{text[:60]!r} rules {value} out: take the negation out of the text first.")
    slots = (concept.slot,) if axis.name == "camera" else _concept_slots(axis.name)
    kinds = {_KINDS.get(slot, slot) for slot in slots}
    there = [found for found in spec.everything() if found.kind in kinds and not found.negated]
    if any(found.concept == value for found in there):
        return text
    if there:
        return _first_replaced(spec, sorted(there, key=lambda found: found.span), concept)
    if axis.name in ("subject", "action", "colour", "color"):
        raise UsageError(f"{text[:60]!r} names no {axis.name} that could become {value}.")
    return added(_without_contradictions(spec, value), concept)


def _without_contradictions(spec: ShotSpec, value: str) -> ShotSpec:
    """The text without what cannot be there together with what is added: 阳光明媚 in the rain."""
    for found in [each for part in PARTS for each in spec.present(part) if excludes(value, each.concept)]:
        rest = without_phrase(spec, found)
        if not rest or not rest.strip():
            words = spec.text[slice(*found.span)]
            raise UsageError(f"{value} and {words!r} exclude each other: say the text without {words!r}.")
        return _without_contradictions(parse(rest, spec.language), value)
    return spec


def _first_replaced(spec: ShotSpec, there: Sequence[Found], concept: Concept) -> str:
    """Say the first of what is there that can be: in 傘を差して歩く the walking, not the umbrella."""
    refused: UsageError | None = None
    for found in there:
        try:
            return replaced(spec, found, concept)
        except UsageError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _with_degree(spec: ShotSpec, concept: str, level: str) -> str:
    """Say how strong something is, right before it; what is not there is added first."""
    found = _find(spec, concept)
    if found is None:
        spec = parse(added(spec, Lexicon.load().concepts[concept]), spec.language)
        found = _find(spec, concept)
        if found is None:
            raise UsageError(f"{concept} cannot be said in {spec.text[:60]!r}.")
    return with_degree(spec, found, Lexicon.load().concepts[concept], level)


def _find(spec: ShotSpec, concept: str) -> Found | None:
    lexicon = Lexicon.load()
    return next(
        (each for each in spec.everything() if not each.negated and lexicon.is_a(each.concept, concept)), None
    )
