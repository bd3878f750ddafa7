"""Scenes: a heading and all that follows it up to the next one."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from hashlib import blake2b

from rushes.language.screenplay.element import FILMED, Element, ElementKind, Screenplay
from rushes.language.screenplay.heading import Heading, is_omitted, parse_heading, same_place
from rushes.language.screenplay.numbering import next_letter


@dataclass(frozen=True)
class Scene:
    """`number` is the script's own, or counted; `start` and `end` are offsets into the script.

    A scene that left the script stays with `is_omitted`, so that its shots know where they came from.
    """

    id: str
    number: str
    heading: str
    setting: str
    location: str
    time: str
    start: int
    end: int
    characters: tuple[str, ...] = ()
    props: tuple[str, ...] = ()
    duration_s: float = 0.0
    is_omitted: bool = False


@dataclass(frozen=True, slots=True)
class ScenePart:
    """A scene's heading, if it has one, and its elements with the heading first."""

    heading: Heading
    elements: tuple[Element, ...]


def scene_parts(play: Screenplay) -> tuple[ScenePart, ...]:
    """Cut a script at its headings. What is filmed before the first heading is a scene of its own."""
    groups: list[list[Element]] = [[]]
    for element in play.elements:
        if element.kind is ElementKind.SCENE_HEADING:
            groups.append([])
        groups[-1].append(element)
    parts: list[ScenePart] = []
    places: list[str] = []
    for group in groups:
        heading = next((e for e in group if e.kind is ElementKind.SCENE_HEADING), None)
        if heading is not None:
            parsed = parse_heading(heading.words, heading.key)
            if not is_omitted(parsed):
                places.append(same_place(parsed.location, places, parsed.setting))
                parts.append(ScenePart(replace(parsed, location=places[-1]), tuple(group)))
        elif any(element.kind in FILMED - {ElementKind.CENTERED} for element in group):
            parts.append(ScenePart(Heading(), tuple(group)))
    return tuple(parts)


def scene_numbers(parts: tuple[ScenePart, ...]) -> tuple[str, ...]:
    """The script's own numbers, counted on from where it has none; one used twice, or before one that is
    used, gets a letter."""
    written = {part.heading.number for part in parts if part.heading.number}
    taken: set[str] = set()
    twins: Counter[str] = Counter()
    numbers = []
    count = 0
    for part in parts:
        number = part.heading.number
        if number:
            count = int(re.match(r"\d*", number)[0] or count)  # type: ignore[index]
        elif count and str(count + 1) in written:
            number = next_letter(str(count), written | taken)
        else:
            count += 1
            while str(count) in written:
                count += 1
            number = str(count)
        if number in taken:
            twins[number] += 1
            number = next_letter(number, taken, first=twins[number])
        taken.add(number)
        numbers.append(number)
    return tuple(numbers)


def scene_ids(parts: tuple[ScenePart, ...]) -> tuple[str, ...]:
    """Ids from the headings' words, so that a number that moves changes nothing."""
    seen: Counter[str] = Counter()
    ids = []
    for part in parts:
        words = next((e.words for e in part.elements if e.kind is ElementKind.SCENE_HEADING), "")
        words = f"{part.heading.setting}|{part.heading.location}|{part.heading.time}" if words else ""
        seen[words] += 1
        ids.append("sc-" + digest(f"{words}|{seen[words]}"))
    return tuple(ids)


def digest(words: str) -> str:
    """Ten hexadecimal digits of a hash, the same on every machine."""
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
