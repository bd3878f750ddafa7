"""Bytes of a script into text and back, in the encodings scripts come in.

UTF-8 and UTF-16 by their marks or their strict form, JIS (ISO-2022-JP) by its escapes; GB18030, Shift-JIS
(cp932), EUC-KR (cp949) and Big5 by charset-normalizer, which judges by how letters follow one another.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from charset_normalizer import from_bytes

from rushes.core.errors import UsageError
from rushes.language.concepts import LANGUAGES, Lexicon
from rushes.language.vocabulary import grammar

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_JIS_ESCAPE = b"\x1b$"
_CANDIDATES = ["gb18030", "cp932", "cp949", "big5", "euc_jp", "cp1252"]
_SIGNATURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Word document (.doc); save it as .docx",
    b"{\\rtf": "an RTF document; save it as .docx or plain text",
}
_BREAKS = "\n\r\t\f\u3000\u200b\ufeff"
_SAMPLE_BYTES = 1 << 18
_SHORT_BYTES = 1 << 12
# Of a short text: whose letters an encoding must show, from where on they tell, how many must be known.
_LANGUAGES = {"gb18030": "zh", "cp932": "ja", "euc_jp": "ja", "cp949": "ko"}
_FIRST_WIDE = "\u2e80"
_MOST_KNOWN, _CLEAR_LEAD = 0.7, 0.2
_PUNCTUATION = "\u3000、。，．！？：；「」『』（）〇○△・ー～…“”【】《》"


@dataclass(frozen=True)
class DecodedText:
    """`text` without the byte order mark `mark`; `encoding` is Python's name."""

    text: str
    encoding: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """``text`` in the encoding of the file; raises UsageError where the encoding cannot say it."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise UsageError(
                f"{character!r} does not exist in the script's encoding {self.encoding}: save it as UTF-8"
            ) from None


def decode_script(content: bytes, name: str, language: str = "") -> DecodedText:
    """Find the encoding of a script and decode all of it strictly.

    language: zh, en, ja or ko where it is known, which tells more of a short text than its letters.

    Raises UsageError for what is no text, and where the same bytes could not be written back.
    """
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            raise UsageError(f"{name} is {kind}, not a text script")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding, mark, name)
    if b"\0" in content:
        for encoding in ("utf-16-le", "utf-16-be"):
            if _is_plain(content, encoding):
                return _decoded(content, encoding, b"", name)
        raise UsageError(f"{name} holds zero bytes, so it is not text: give a script as UTF-8 text")
    if _JIS_ESCAPE in content:
        return _decoded(content, "iso2022_jp", b"", name)
    try:
        return DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decoded(content, _likely_encoding(content, name, language), b"", name)


def _is_plain(content: bytes, encoding: str) -> bool:
    """Whether bytes are UTF-16 without its mark: printable all through, and mostly letters that are known."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    if not all(letter.isprintable() or letter in _BREAKS for letter in text):
        return False
    known = sum(letter.isascii() or any(letter in _letters(name) for name in LANGUAGES) for letter in text)
    return known > _MOST_KNOWN * len(text)


def _decoded(content: bytes, encoding: str, mark: bytes, name: str) -> DecodedText:
    try:
        decoded = DecodedText(content.decode(encoding), encoding, mark)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} reads as {encoding} up to byte {error.start} and not further: save it as UTF-8"
        ) from None
    if decoded.text.encode(encoding, errors="replace") != content:
        raise UsageError(f"{name} in {encoding} could not be written back as it is: save it as UTF-8")
    return decoded


def _likely_encoding(content: bytes, name: str, language: str) -> str:
    # A sample that ends with a line does not cut a character in two.
    end = content.rfind(b"\n", 0, _SAMPLE_BYTES) + 1 if len(content) > _SAMPLE_BYTES else len(content)
    sample = content[: end or _SAMPLE_BYTES]
    encodings = {each: said for each, said in _LANGUAGES.items() if language in ("", said)}
    is_told = len(sample) < _SHORT_BYTES or language
    known = _by_known_letters(sample, encodings) if is_told else None
    if known is not None:
        return known
    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    if best is None:
        raise UsageError(f"{name} is no text in any encoding scripts come in: save it as UTF-8")
    return best.encoding


def _by_known_letters(content: bytes, encodings: Mapping[str, str]) -> str | None:
    """The encoding (each with its language) in which most letters of a short text are known, if it is clear.

    How letters follow one another says little about a page; which letters they are says enough.
    """
    shares = []
    for encoding, language in encodings.items():
        try:
            letters = [letter for letter in content.decode(encoding) if letter >= _FIRST_WIDE]
        except UnicodeDecodeError:
            continue
        if letters:
            known = sum(letter in _letters(language) for letter in letters)
            shares.append((known / len(letters), encoding))
    shares.sort(reverse=True)
    is_clear = len(shares) == 1 or (shares and shares[0][0] > shares[1][0] + _CLEAR_LEAD)
    return shares[0][1] if is_clear and shares[0][0] > _MOST_KNOWN else None


@cache
def _letters(language: str) -> frozenset[str]:
    words = (*Lexicon.load().words(language), *grammar(language), _PUNCTUATION)
    return frozenset(letter for word in words for letter in word)
