"""Final Draft's .fdx: XML with one typed paragraph after another. Read with defusedxml, which refuses bombs.

The text of the paragraphs, one a line, becomes the source that elements and shots point into.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import Element, ElementKind, Screenplay

_KINDS = {
    "scene heading": ElementKind.SCENE_HEADING,
    "action": ElementKind.ACTION,
    "general": ElementKind.ACTION,
    "character": ElementKind.CHARACTER,
    "parenthetical": ElementKind.PARENTHETICAL,
    "dialogue": ElementKind.DIALOGUE,
    "lyrics": ElementKind.LYRICS,
    "singing": ElementKind.LYRICS,
    "transition": ElementKind.TRANSITION,
    "shot": ElementKind.SHOT,
    "cast list": ElementKind.CAST_LIST,
    "new act": ElementKind.SECTION,
    "end of act": ElementKind.SECTION,
    "show/ep. title": ElementKind.SECTION,
}
_MARKS = {"Bold": "**", "Italic": "*", "Underline": "_"}


def parse_final_draft(content: bytes, name: str) -> Screenplay:
    """Read the paragraphs of an .fdx file. Raises UsageError for what is none, and for XML that attacks."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise UsageError(
            f"{name} defines entities of its own, which no script needs: it is refused"
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise UsageError(f"{name} is no Final Draft script: {error}") from None
    body = root.find("Content")
    if root.tag != "FinalDraft" or body is None:
        raise UsageError(f"{name} is no Final Draft script: it has no content")
    return _screenplay(_paragraphs(body))


def _paragraphs(body: Node) -> Iterator[tuple[ElementKind, str, str, bool]]:
    """(kind, words, scene number, whether dual) of each paragraph; both halves of dual dialogue in turn."""
    for paragraph in body.findall("Paragraph"):
        dual = paragraph.find("DualDialogue")
        if dual is None:
            yield (*_paragraph(paragraph), False)
            continue
        seen = 0
        for half in dual.findall("Paragraph"):
            kind, words, number = _paragraph(half)
            seen += kind is ElementKind.CHARACTER
            yield kind, words, number, kind is ElementKind.CHARACTER and seen > 1


def _paragraph(paragraph: Node) -> tuple[ElementKind, str, str]:
    kind = _KINDS.get(paragraph.get("Type", "").lower(), ElementKind.ACTION)
    words = "".join(_styled(text) for text in paragraph.findall("Text"))
    words = " ".join(words.replace("\r", "\n").split("\n"))
    return kind, words, paragraph.get("Number", "") if kind is ElementKind.SCENE_HEADING else ""


def _styled(text: Node) -> str:
    """A run of text with Fountain's marks for its style."""
    words = text.text or ""
    if not words.strip():
        return words
    for style, mark in _MARKS.items():
        if style in text.get("Style", "").split("+"):
            inner = words.strip()
            words = words.replace(inner, f"{mark}{inner}{mark}", 1)
    return words


def _screenplay(paragraphs: Iterator[tuple[ElementKind, str, str, bool]]) -> Screenplay:
    """Lines out of paragraphs; an empty line goes before each but those within a speech."""
    speech = (ElementKind.PARENTHETICAL, ElementKind.DIALOGUE, ElementKind.LYRICS)
    pieces: list[str] = []
    elements: list[Element] = []
    position = 0
    for kind, words, number, is_dual in paragraphs:
        if elements and kind not in speech:
            pieces.append("\n")
            elements.append(Element(ElementKind.BLANK, position, position + 1, ""))
            position += 1
        line = words + "\n"
        bare = words.strip()
        if kind is ElementKind.PARENTHETICAL:
            bare = bare.removeprefix("(").removesuffix(")").strip()
        seen = kind if bare else ElementKind.BLANK
        elements.append(Element(seen, position, position + len(line), bare, number, is_dual=is_dual))
        pieces.append(line)
        position += len(line)
    return Screenplay("".join(pieces), tuple(elements))
