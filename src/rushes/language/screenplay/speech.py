"""Who says what in one line of a Chinese, Japanese or Korean script.

`刘星：（笑）走吧`, `太郎（驚いて）「なに？」`, `민수: (웃으며) 가자`, `민수    가자`.
"""

import re
from dataclasses import dataclass

from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.form import Form
from rushes.language.screenplay.words import fold, trade_words

_ASIDE = r"[（(][^（）()\n]{1,60}[）)]"
_COLON = re.compile(
    r"(?P<name>[^\s：:，,。！!？?、（）()△▲「」『』“”\"《》…—]{1,12}"
    r"(?: [^\s：:，,。！？、（）()「」“”]{1,8})?)"
    rf"[ \t\u3000]{{0,4}}(?P<aside>{_ASIDE})?[ \t\u3000]{{0,4}}(?P<mark>[：:])"
)
_QUOTE = re.compile(
    rf"(?P<name>[^\s「」『』（）()。、，！？○〇●×]{{1,16}}?)[ \t\u3000]{{0,4}}(?P<aside>{_ASIDE})?"
    rf"[ \t\u3000]{{0,4}}(?P<mark>「)"
)
_GAP_NAME = r"(?P<name>[^\s：:，,。.!?、（）()「」“”\"…]{1,8})"
_GAP_MARK = r"(?P<mark>\t+ {0,8}| {2,24})"
_GAP = re.compile(rf"{_GAP_NAME}{_GAP_MARK}(?P<aside>{_ASIDE})?")
_VOICE_GAP = re.compile(rf"{_GAP_NAME}(?P<aside>{_ASIDE}){_GAP_MARK}")
# 刘星：（笑）走吧; 健「（頭を下げて）はじめまして」, where the aside stands inside what is said.
_ASIDE_AFTER = re.compile(rf"[ \t\u3000]{{0,20}}(?P<opened>「?)(?P<aside>{_ASIDE})")
_ASIDE_AT_END = re.compile(rf"[ \t\u3000]{{0,20}}{_ASIDE}[ \t\u3000]{{0,20}}$")
_NARRATES = re.compile(r"(?:[说說道问問着著喊叫答是为為写寫有示念]|如下|以下)$")
_PARTICLE = re.compile(r"[^\u3041-\u309f][にをがはでとのもへ]$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one line, by offsets into the line."""

    kind: ElementKind
    start: int
    end: int
    words: str


def split_speech(line: str, form: Form) -> list[Piece] | None:
    """The pieces of a line that names who speaks, tiling the line; None where nobody is named."""
    found = _match(line, form)
    if found is None:
        return None
    name, aside = found.group("name"), found.group("aside")
    is_extension = bool(aside) and is_name_extension(aside)
    quote = found.group("mark") == "「"
    words_start = found.start("mark") if quote else found.end()
    pieces: list[Piece] = []
    if aside and not is_extension:
        pieces.append(Piece(ElementKind.CHARACTER, 0, found.start("aside"), name.strip()))
        pieces.append(Piece(ElementKind.PARENTHETICAL, found.start("aside"), words_start, _bare(aside)))
    else:
        pieces.append(Piece(ElementKind.CHARACTER, 0, words_start, name.strip() + (aside or "")))
    later = _ASIDE_AFTER.match(line, words_start)
    opened = ""
    if later:
        opened = later.group("opened")
        pieces.append(Piece(ElementKind.PARENTHETICAL, words_start, later.end(), _bare(later.group("aside"))))
        words_start = later.end()
    if line[words_start:].strip(" \t\u3000」"):
        words = spoken(opened + line[words_start:].lstrip())
        pieces.append(Piece(ElementKind.DIALOGUE, words_start, len(line), words))
    else:
        last = pieces.pop()
        pieces.append(Piece(last.kind, last.start, len(line), last.words))
    return pieces


def spoken(words: str) -> str:
    """The words without the quotation marks that hold all of them."""
    words = words.strip()
    if words[:1] == "「" and words[-1:] == "」":
        return words[1:-1]
    return words.removeprefix("「") if "」" not in words else words


def is_aside(words: str) -> bool:
    """Whether a line is one remark in brackets: `（笑）`."""
    return re.fullmatch(_ASIDE, words) is not None


def split_aside(words: str) -> tuple[str, str, int] | None:
    """The remark in brackets that a line begins with, the words behind it, and where those begin."""
    found = _ASIDE_AFTER.match(words)
    rest = words[found.end() :].strip() if found else ""
    if not found or not rest:
        return None
    return _bare(found.group("aside")), spoken(found.group("opened") + rest), found.end()


def is_name_extension(aside: str) -> bool:
    """Whether brackets after a name say how a voice comes, or an age: `（画外音）`, `（9）`."""
    folded = fold(aside)
    return folded in trade_words().extensions or folded.isdigit()


def without_extension(name: str) -> str:
    """A speaker's name without the brackets after it."""
    return _ASIDE_AT_END.sub("", name)


def _bare(aside: str) -> str:
    return aside.strip()[1:-1].strip()


def _match(line: str, form: Form) -> re.Match[str] | None:
    indent = len(line) - len(line.lstrip())
    if line[indent : indent + 1] in "△▲":
        return None
    if form is Form.JAPANESE:
        quoted = _QUOTE.match(line, indent)
        if quoted and _is_quoted_speech(line, quoted):
            return quoted
    found = _COLON.match(line, indent)
    if found and _is_name(found.group("name")) and not line[found.end() :].startswith("//"):
        return found
    gap = _VOICE_GAP.match(line, indent) or _GAP.match(line, indent) if form is Form.KOREAN else None
    has_words = gap is not None and bool(line[gap.end() :].strip() or gap.group("aside"))
    return gap if gap and has_words and _is_name(gap.group("name")) else None


def _is_quoted_speech(line: str, found: re.Match[str]) -> bool:
    """A sign in an action line is quoted too: `看板に「休業」の文字`; what is said ends the line."""
    name, rest = found.group("name"), line[found.end() :].rstrip()
    return _is_name(name) and not _PARTICLE.search(name) and (rest.endswith("」") or "」" not in rest)


def _is_name(name: str) -> bool:
    words = trade_words()
    folded = fold(name)
    is_label = folded in words.labels or folded in words.fields or folded in words.title_keys
    has_letter = any(character.isalpha() for character in name)
    return has_letter and not is_label and not _NARRATES.search(name)
