"""``rushes parse``: what a description says, as a shot spec."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rushes.language.spec import Found, ShotSpec


def parse(
    text: Annotated[str, typer.Argument(help="The description; - reads it from standard input.")],
    language: Annotated[
        str | None, typer.Option(help="zh, en, ja or ko instead of what its scripts say.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the spec as JSON.")] = False,
) -> None:
    """Take a description apart: subjects, beats, place, weather, time, light, style, mood, camera."""
    import json

    from rushes.language.parse import parse as parse_text

    spec = parse_text(read_text(text), language)
    if as_json:
        print(json.dumps(spec.as_json(), ensure_ascii=False, indent=2))
        return
    for line in _lines(spec):
        print(line)


def read_text(text: str) -> str:
    """Return the argument, or standard input as UTF-8 for ``-``. Raises UsageError for other encodings."""
    from rushes.core.errors import UsageError

    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"Standard input is not UTF-8 at byte {error.start}; convert it first.") from None


def _lines(spec: "ShotSpec") -> list[str]:
    from rushes.language.spec import PARTS

    lines = []
    for part in PARTS:
        if part == "beats":
            words = [_beat(beat.who, _words(spec, beat.action), beat.whom) for beat in spec.beats]
        else:
            words = [_words(spec, found) for found in spec.found(part)]
        if words:
            lines.append(f"{part:<12} {'; '.join(words)}")
    unknown = [spec.text[start:end] for start, end in spec.unknown]
    return [*lines, *([f"{'unknown':<12} {', '.join(unknown)}"] if unknown else [])]


def _beat(who: tuple[str, ...], action: str, whom: tuple[str, ...]) -> str:
    return " ".join((*who, action, *whom))


def _words(spec: "ShotSpec", found: "Found") -> str:
    attributes = ", ".join(_words(spec, attribute) for attribute in found.attributes)
    start, end = found.span
    name = f"{'no ' if found.negated else ''}{found.concept} ({spec.text[start:end]})"
    return f"{name} [{attributes}]" if attributes else name
