"""Word's .docx: a ZIP with one XML document of paragraphs.

Where the paragraphs carry the styles of a script template (Scene Heading, Character, Dialogue), these say
what they are; otherwise the text is read as any typed script. Read with zipfile and defusedxml: python-docx
leaves out inserted text that nobody has accepted yet, and scripts in revision are full of it. Deleted text is
left out.
"""

import io
from collections.abc import Iterator
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import ElementKind, Screenplay
from rushes.language.screenplay.paragraph import Paragraph, screenplay_of
from rushes.language.screenplay.text_script import parse_text

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT = "word/document.xml"
_MOST_BYTES = 128 * 2**20
_LEFT_OUT = frozenset(f"{_WORD}{name}" for name in ("del", "moveFrom", "instrText", "delText"))
_STYLES = {
    "sceneheading": ElementKind.SCENE_HEADING,
    "slugline": ElementKind.SCENE_HEADING,
    "action": ElementKind.ACTION,
    "character": ElementKind.CHARACTER,
    "charactername": ElementKind.CHARACTER,
    "parenthetical": ElementKind.PARENTHETICAL,
    "dialogue": ElementKind.DIALOGUE,
    "dialog": ElementKind.DIALOGUE,
    "transition": ElementKind.TRANSITION,
    "shot": ElementKind.SHOT,
}
# A twentieth of a point; a typed character is a tenth of an inch wide.
_TWIPS_A_COLUMN = 144
_COLUMNS = 60  # of a page between its margins


def parse_word(content: bytes, name: str) -> Screenplay:
    """Read a .docx script. Raises UsageError for what is none, and for archives and XML that attack."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(_DOCUMENT).file_size > _MOST_BYTES:
                raise UsageError(f"{name} unpacks to more than {_MOST_BYTES // 2**20} MiB: it is refused")
            with archive.open(_DOCUMENT) as document:
                xml = document.read(_MOST_BYTES + 1)
        if len(xml) > _MOST_BYTES:
            raise UsageError(f"{name} unpacks to more than it says: it is refused")
        root = fromstring(xml, forbid_dtd=True)
    except DefusedXmlException:
        raise UsageError(
            f"{name} defines entities of its own, which no script needs: it is refused"
        ) from None
    except (
        BadZipFile,
        KeyError,
        ParseError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{name} is no Word document (.docx): {error}") from None
    paragraphs = [(_style_kind(paragraph), paragraph) for paragraph in root.iter(f"{_WORD}p")]
    if {ElementKind.CHARACTER, ElementKind.DIALOGUE} <= {kind for kind, _ in paragraphs}:
        return screenplay_of(
            Paragraph(kind or ElementKind.ACTION, " ".join("".join(_words(paragraph)).split("\n")))
            for kind, paragraph in paragraphs
        )
    source = "".join(f"{line}\n" for line in _lines(root))
    return parse_text(source, is_fountain=False)


def _lines(root: Node) -> Iterator[str]:
    """Paragraphs in order; one with space above it or an indent keeps them as an empty line and columns."""
    for paragraph in root.iter(f"{_WORD}p"):
        words = "".join(_words(paragraph))
        indent = _indent(paragraph, words.strip()) if words.strip() else 0
        if _twips(paragraph, "spacing", "before") > 0 and words.strip():
            yield ""
        yield from (" " * indent + line for line in words.split("\n"))


def _style_kind(paragraph: Node) -> ElementKind | None:
    """What the paragraph's style calls it: `SceneHeading`, `scene heading 1` and `Slugline` are one."""
    style = paragraph.find(f"{_WORD}pPr/{_WORD}pStyle")
    name = style.get(f"{_WORD}val", "") if style is not None else ""
    return _STYLES.get("".join(letter for letter in name.lower() if letter.isalpha()))


def _words(paragraph: Node) -> Iterator[str]:
    """The text of a paragraph without that of paragraphs inside it; files nest deeper than calls."""
    waiting = list(reversed(paragraph))
    while waiting:
        node = waiting.pop()
        if node.tag == f"{_WORD}t":
            yield node.text or ""
        elif node.tag == f"{_WORD}tab":
            yield "\t"
        elif node.tag in (f"{_WORD}br", f"{_WORD}cr"):
            yield "\n"
        elif node.tag not in _LEFT_OUT and node.tag != f"{_WORD}p":
            waiting += reversed(node)


def _indent(paragraph: Node, words: str) -> int:
    """Columns from the left margin, where a typist would have begun these words."""
    aligned = paragraph.find(f"{_WORD}pPr/{_WORD}jc")
    free = max(0, _COLUMNS - len(words))
    match aligned.get(f"{_WORD}val") if aligned is not None else None:
        case "center":
            return free // 2
        case "right" | "end":
            return free
    return max(0, _twips(paragraph, "ind", "left") // _TWIPS_A_COLUMN)


def _twips(paragraph: Node, tag: str, attribute: str) -> int:
    found = paragraph.find(f"{_WORD}pPr/{_WORD}{tag}")
    value = found.get(f"{_WORD}{attribute}", "0") if found is not None else "0"
    return int(value) if value.lstrip("-").isdigit() else 0
