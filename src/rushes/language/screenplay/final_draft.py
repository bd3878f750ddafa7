"""Final Draft's .fdx: XML, one typed paragraph after another. Read with defusedxml, which refuses bombs."""

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.emphasis import plain
from rushes.language.screenplay.paragraph import Paragraph, screenplay_of
from rushes.language.screenplay.words import fold, trade_words

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
# `Written by`, with the author behind it or on the next line.
_CREDIT = re.compile(
    r"((?:(?:written|screenplay|teleplay|story|script)(?: (?:&|and) \w{1,20})? )?by)(?:\s+(\S.*))?$",
    re.IGNORECASE,
)
# `编剧：周平`, `脚本　森下由美`.
_ENTRY = re.compile(r"([^\s:：]{1,20})(?:\s?[:：]\s?|[ \u3000]{1,20})(\S.*)$")


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
    return screenplay_of([*_title_page(root), *_paragraphs(body)])


def _title_page(root: Node) -> Iterator[Paragraph]:
    """The lines of the title page with Fountain's keys: first the title, the author behind `written by`; what
    else stands there has the key it says, or none."""
    key = "Title"
    for paragraph in root.findall("TitlePage/Content/Paragraph"):
        line = _words(paragraph).strip()
        credit, entry = _CREDIT.match(plain(line)), _ENTRY.match(line)
        if not line:
            continue
        if key != "Title" and credit:
            yield Paragraph(ElementKind.TITLE_ENTRY, credit.group(1), "Credit")
            if credit.group(2):
                yield Paragraph(ElementKind.TITLE_ENTRY, credit.group(2), "Author")
            key = "" if credit.group(2) else "Author"
            continue
        if entry and fold(entry.group(1)) in trade_words().title_keys:
            yield Paragraph(ElementKind.TITLE_ENTRY, entry.group(2), entry.group(1))
        else:
            yield Paragraph(ElementKind.TITLE_ENTRY, line, key)
        key = ""


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
    number = paragraph.get("Number", "") if kind is ElementKind.SCENE_HEADING else ""
    return Paragraph(kind, _words(paragraph), number)


def _words(paragraph: Node) -> str:
    words = "".join(_styled(text) for text in paragraph.findall("Text"))
    return " ".join(words.replace("\r", "\n").split("\n"))


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
