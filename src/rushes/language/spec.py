"""The shot spec: a description taken apart into what a shot is made of. Values only; `parse` makes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# The parts of a spec, in the order they are shown; also the top-level keys of its JSON.
PARTS = (
    "subjects",
    "beats",
    "environment",
    "weather",
    "time",
    "light",
    "tone",
    "composition",
    "style",
    "mood",
    "camera",
)


@dataclass(frozen=True)
class Found:
    """A concept found in a text.

    kind: what it is within its part, such as `animal`, `colour` or `move`; span: [start, end) in characters
    of the original text; negated: ruled out by the text, never present; confidence: 0 to 1, lower where the
    reading needed a guess; attributes: what the text says of it, in order.
    """

    concept: str
    kind: str
    span: tuple[int, int]
    negated: bool = False
    confidence: float = 1.0
    broader: tuple[str, ...] = ()
    attributes: tuple["Found", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON; attributes stand in lists by kind, where there are any."""
        plain: dict[str, Any] = {
            "concept": self.concept,
            "kind": self.kind,
            "broader": list(self.broader),
            "span": list(self.span),
            "negated": self.negated,
            "confidence": self.confidence,
        }
        grouped: dict[str, list[dict[str, Any]]] = {}
        for attribute in self.attributes:
            grouped.setdefault(attribute.kind, []).append(attribute.as_json())
        if grouped:
            plain["attributes"] = grouped
        return plain


@dataclass(frozen=True)
class Beat:
    """One thing that happens: who does what to whom. who, whom: concept ids of
    subjects, places, weather, light and garments, as far as said."""

    action: Found
    who: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**self.action.as_json(), "who": list(self.who), "whom": list(self.whom)}


@dataclass(frozen=True)
class ShotSpec:
    """A description in parts; `beats` in the order in which they happen, the rest in the order of the text.

    unknown: spans of words that carry meaning but no concept, in order; loose: attributes of something that
    no word names ("in red, facing left").
    """

    text: str
    language: str
    parts: Mapping[str, tuple[Found, ...]] = field(default_factory=dict)
    beats: tuple[Beat, ...] = ()
    unknown: tuple[tuple[int, int], ...] = ()
    loose: tuple[Found, ...] = ()

    def found(self, part: str) -> tuple[Found, ...]:
        """Return what one part holds; of `beats`, the actions."""
        if part == "beats":
            return tuple(beat.action for beat in self.beats)
        return self.parts.get(part, ())

    def present(self, part: str) -> tuple[Found, ...]:
        """Return what one part holds and the text does not rule out."""
        return tuple(found for found in self.found(part) if not found.negated)

    def everything(self) -> Iterator[Found]:
        """Yield everything found in all parts, with attributes at every depth."""
        waiting = [found for part in PARTS for found in self.found(part)]
        while waiting:
            found = waiting.pop(0)
            yield found
            waiting.extend(found.attributes)

    def as_json(self) -> dict[str, Any]:
        """Return the spec as plain values: one list per part."""
        plain: dict[str, Any] = {part: [found.as_json() for found in self.found(part)] for part in PARTS}
        plain["beats"] = [beat.as_json() for beat in self.beats]
        return plain
