"""Changing one element of a Fountain script; every other byte stays."""

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import Element, ElementKind, Screenplay
from rushes.language.screenplay.fountain import parse_fountain

_FORCING = {
    ElementKind.SCENE_HEADING: ".",
    ElementKind.ACTION: "!",
    ElementKind.CHARACTER: "@",
    ElementKind.TRANSITION: "> ",
}
_WRAPPING = {
    ElementKind.PARENTHETICAL: ("(", ")"),
    ElementKind.LYRICS: ("~", ""),
    ElementKind.CENTERED: ("> ", " <"),
    ElementKind.SYNOPSIS: ("= ", ""),
    ElementKind.NOTE: ("[[", "]]"),
    ElementKind.BONEYARD: ("/*", "*/"),
}


def rewrite(play: Screenplay, index: int, words: str) -> Screenplay:
    """Give the Fountain element at ``index`` new words, in Fountain again.

    A mark that forces the kind is added where the words alone would be read as something else. Raises
    UsageError where they cannot stand there at all, or where the element holds a note that would be lost.
    """
    element = play.elements[index]
    text = play.text(element)
    is_hidden = element.kind in (ElementKind.NOTE, ElementKind.BONEYARD)
    if not is_hidden and any(mark in text for mark in ("[[", "/*")):
        raise UsageError(f"{text.strip()!r} holds a note; change it in the script itself")
    kinds = [other.kind for other in play.elements]
    for written in _ways_to_write(element, words):
        source = play.source[: element.start] + _in_place_of(text, written) + play.source[element.end :]
        elements = parse_fountain(source)
        if [other.kind for other in elements] == kinds and elements[index].words == words:
            return Screenplay(source, elements)
    raise UsageError(f"{words!r} cannot stand as {element.kind} there: other elements would change with it")


def _ways_to_write(element: Element, words: str) -> list[str]:
    """The plain way first, unless the element was forced before."""
    kind = element.kind
    if kind is ElementKind.TITLE_ENTRY:
        value = words if "\n" not in words else "\n" + words
        return [f"{element.key}: {value}".replace("\n", "\n    ")]
    if kind is ElementKind.SECTION:
        return [f"{element.key} {words}"]
    before, after = _WRAPPING.get(kind, ("", ""))
    if kind is ElementKind.SCENE_HEADING and element.key:
        after = f" #{element.key}#"
    if kind is ElementKind.CHARACTER and element.is_dual:
        after = " ^"
    plain = f"{before}{words}{after}"
    if kind not in _FORCING:
        return [plain]
    forced = _FORCING[kind] + plain
    return [forced] if element.is_forced else [plain, forced]


def _in_place_of(text: str, written: str) -> str:
    """``written`` with the indent and the line ends of the text it replaces."""
    body = text.rstrip("\r\n")
    line_end = next((mark for mark in ("\r\n", "\n", "\r") if mark in text), "\n")
    indent = body[: len(body) - len(body.lstrip(" \t"))]
    return indent + written.replace("\n", line_end) + text[len(body) :]
