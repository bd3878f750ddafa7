"""Final Draft's .fdx: XML, one typed paragraph after another. Read with defusedxml, which refuses bombs."""

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.paragraph import Paragraph, screenplay_of

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
    return screenplay_of(_paragraphs(body))


def _paragraphs(body: Node) -> Iterator[Paragraph]:
    """The paragraphs in order; both halves of dual dialogue in turn."""
    for paragraph in body.findall("Paragraph"):
        dual = paragraph.find("DualDialogue")
        if dual is None:
            yield _paragraph(paragraph)
            continue
        seen = 0
        for half in dual.findall("Paragraph"):
            read = _paragraph(half)
            seen += read.kind is ElementKind.CHARACTER
            yield replace(read, is_dual=read.kind is ElementKind.CHARACTER and seen > 1)


def _paragraph(paragraph: Node) -> Paragraph:
    kind = _KINDS.get(paragraph.get("Type", "").lower(), ElementKind.ACTION)
    if kind is ElementKind.ACTION and paragraph.get("Alignment") == "Center":
        kind = ElementKind.CENTERED
    words = "".join(_styled(text) for text in paragraph.findall("Text"))
    words = " ".join(words.replace("\r", "\n").split("\n"))
    return Paragraph(kind, words, paragraph.get("Number", "") if kind is ElementKind.SCENE_HEADING else "")


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
