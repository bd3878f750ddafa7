"""A PDF with a text layer: each page as typed lines in their columns, then read as any typed script."""

import io
import logging
import re

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import Screenplay
from rushes.language.screenplay.pdf_letters import as_letters
from rushes.language.screenplay.pdf_lines import Page, pages_text, without_drawn_gaps
from rushes.language.screenplay.text_script import parse_text

_MOST_PAGES = 1000
# Drawing instructions of all pages, unpacked; a page of a script takes some ten thousand bytes.
_MOST_BYTES = 32 * 2**20
_QUIET = logging.NullHandler()
_BROKEN = (
    PyPdfError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    RecursionError,
    OverflowError,
    NotImplementedError,
    OSError,
    AssertionError,
)
_BLANK_RUN = re.compile(r"\n(?:[ \t]*\n){2,}")


def parse_pdf(content: bytes, name: str) -> Screenplay:
    """Read a PDF script. Raises UsageError for a file that is none, is locked, or is pictures of pages."""
    if not content.lstrip().startswith(b"%PDF"):
        raise UsageError(f"{name} is no PDF")
    # What is wrong with the file is said in our own words; pypdf's go to those who set up logging.
    logging.getLogger("pypdf").addHandler(_QUIET)
    try:
        pages = _pages(content, name)
    except UsageError:
        raise
    except _BROKEN as error:
        raise UsageError(f"{name} is damaged ({error}): print it to a new PDF") from None
    if not any(character.isalnum() for page in pages for character in page):
        raise UsageError(
            f"{name} has no text layer, only pictures of pages: export the text it was made from"
        )
    source = "\f\n".join(_BLANK_RUN.sub("\n\n", page.strip("\n")) + "\n" for page in pages)
    return parse_text(source, is_fountain=False)


def _pages(content: bytes, name: str) -> list[str]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UsageError(f"{name} is locked by a password: save it without one")
    if len(reader.pages) > _MOST_PAGES:
        raise UsageError(f"{name} has more than {_MOST_PAGES} pages: no script has")
    unpacked = 0
    for page in reader.pages:
        drawn = page.get_contents()
        unpacked += len(drawn.get_data()) if drawn is not None else 0
        if unpacked > _MOST_BYTES:
            raise UsageError(
                f"{name} unpacks to more than {_MOST_BYTES // 2**20} MiB of drawing: it is refused"
            )
    return pages_text([_page(page) for page in reader.pages])


def _page(page: PageObject) -> Page:
    """A page as pypdf lays it out, from its leftmost letter; what is drawn, and where, is asked for apart."""
    starts: list[tuple[float, str]] = []

    def note(text: str, user: list[float], line: list[float], _font: object, _size: float) -> None:
        if text.strip():
            starts.append((line[4] * user[0] + line[5] * user[2] + user[4], as_letters(text.strip())))

    drawn = as_letters(page.extract_text(visitor_text=note))
    text = page.extract_text(extraction_mode="layout").replace("\r\n", "\n").replace("\0", "")
    left = min((start for start, _ in starts), default=0.0)
    return Page(without_drawn_gaps(as_letters(text), drawn), left, tuple(starts))
