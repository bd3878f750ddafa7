"""A script's file into a screenplay, whatever its form."""

from pathlib import Path

from rushes.core.errors import UsageError
from rushes.language.screenplay.element import Screenplay
from rushes.language.screenplay.encoding import decode_script
from rushes.language.screenplay.final_draft import parse_final_draft
from rushes.language.screenplay.text_script import parse_text
from rushes.language.screenplay.word_file import parse_word

_FOUNTAIN = frozenset({".fountain", ".spmd"})
_TEXT = frozenset({".txt", ".md", ".text", ""})
_MOST_BYTES = 64 * 2**20


def read_script(path: Path) -> Screenplay:
    """Read a screenplay. Raises UsageError for a file that is missing, too large or no script."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES // 2**20} MiB: no script is")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return parse_script(content, path.name)


def parse_script(content: bytes, name: str) -> Screenplay:
    """Read a screenplay from bytes; the ending of ``name`` tells the form."""
    play = _parse(content, name)
    if not any(element.words.strip() for element in play.elements):
        raise UsageError(f"{name} is empty: give a script with words")
    return play


def _parse(content: bytes, name: str) -> Screenplay:
    suffix = Path(name).suffix.lower()
    if suffix == ".fdx":
        return parse_final_draft(content, name)
    if suffix == ".docx":
        return parse_word(content, name)
    if suffix == ".pdf":
        from rushes.language.screenplay.pdf_file import parse_pdf  # noqa: PLC0415  pypdf loads slowly

        return parse_pdf(content, name)
    if suffix not in _FOUNTAIN | _TEXT:
        raise UsageError(f"{name} ends in {suffix}: give a .fountain, .fdx, .docx, .pdf or .txt script")
    return parse_text(decode_script(content, name).text, is_fountain=suffix in _FOUNTAIN)
