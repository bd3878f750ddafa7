"""Which of the forms a plain text script is typed in."""

import re
from enum import StrEnum

from rushes.language.screenplay.heading import is_bare_number, is_foreign_heading

_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_SLUG_LINE = re.compile(r"^[ \t]{0,80}(?:INT|EXT|I/E)[./ ]", re.MULTILINE | re.IGNORECASE)
_SAMPLE = 200_000


class Form(StrEnum):
    FOUNTAIN = "fountain"  # also any script of INT and EXT, typed or marked up
    CHINESE = "chinese"
    JAPANESE = "japanese"
    KOREAN = "korean"


LANGUAGES = {Form.FOUNTAIN: "en", Form.CHINESE: "zh", Form.JAPANESE: "ja", Form.KOREAN: "ko"}


def language_of(text: str) -> str:
    """`zh`, `en`, `ja` or `ko`, by the letters of ``text``; English where it has none."""
    if text.isascii():
        return "en"
    hangul, kana, han = len(_HANGUL.findall(text)), len(_KANA.findall(text)), len(_HAN.findall(text))
    # A Chinese text quotes no kana; a Japanese one may be mostly kanji.
    if hangul > kana + han:
        return "ko"
    if kana and kana * 8 >= han:
        return "ja"
    # A Latin word has about four letters where Chinese has one or two characters.
    return "zh" if han * 4 > len(_LETTER.findall(text)) and han else "en"


def form_of(source: str) -> Form:
    """Slug lines decide; without them the headings that are found, and then the letters."""
    sample = source[:_SAMPLE]
    language = language_of(sample)
    lines = [line.strip() for line in sample.splitlines()]
    headings = sum(is_foreign_heading(line) or is_bare_number(line) for line in lines if line)
    if len(_SLUG_LINE.findall(sample)) > headings or language == "en":
        return Form.FOUNTAIN
    return {"zh": Form.CHINESE, "ja": Form.JAPANESE, "ko": Form.KOREAN}[language]
