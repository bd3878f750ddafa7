"""English scripts laid out on the page, as typed or out of a PDF: columns say what a line is.

Columns are counted from the action's: dialogue stands 4 to 17 further in, asides and names further still.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.lines import Line, plain_lines
from rushes.language.screenplay.words import is_cut, is_transition

# 12, 12A, and A13, which was put in before 13.
_NUMBER = r"[A-Z]{0,2}[0-9]{1,4}[A-Z]{0,2}"
_SLUG = re.compile(
    rf"(?P<number>{_NUMBER}\.?[ \t]+)?(?P<slug>(?:INT\.?/EXT|EXT\.?/INT|I/E|INT|EXT|EST)[. ].*)$",
    re.IGNORECASE,
)
_NUMBER_AFTER = re.compile(rf"[ \t]({_NUMBER})\.?$")
# `7  THE COVE - NIGHT  7`: numbers on both sides make a heading of any line in capitals.
_BETWEEN_NUMBERS = re.compile(
    rf"(?P<number>({_NUMBER})\.?[ \t]+)(?P<slug>[^a-z]{{0,90}}[A-Z][^a-z]{{0,90}}[ \t]\2\.?)$"
)
_OMITTED = re.compile(rf"(?P<number>{_NUMBER}\.?[ \t]+)(?P<slug>OMIT(?:TED)?\.?)$")
_FURNITURE = re.compile(
    r"(?:[0-9]{1,4}\.?|\(?(?:CONTINUED|MORE)\)?:?(?: \([0-9]{1,3}\))?|\f)$", re.IGNORECASE
)
_MAC = re.compile(r"\bMa?c(?=[A-Z])")
_CREDIT = re.compile(r"(?:(?:written|screenplay|teleplay|story|script) )?by(?:\s|$)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?]$")
DIALOGUE_INDENT = 4
NAME_INDENT = 18
_MOST_NAME = 40
_MOST_ON_A_TITLE_PAGE = 20  # paragraphs


def is_typed(source: str) -> bool:
    """Whether many lines are set in from the left as names and dialogue are."""
    lines = [line.text for line in plain_lines(source[:100_000]) if not line.is_blank]
    indents = [len(line) - len(line.lstrip()) for line in lines]
    return bool(indents) and sum(indent >= 10 for indent in indents) >= 0.25 * len(indents)


def parse_typed(source: str) -> tuple[Element, ...]:
    """Return the elements of ``source``; they tile it."""
    lines = [_without_tabs(line) for line in plain_lines(source)]
    margin = action_column(line.text for line in lines)
    elements: list[Element] = []
    for index, line in enumerate(lines):
        before = elements[-1] if elements else None
        kind = _kind(lines, index, margin, before.kind if before else None)
        words, key = _words(line.text.strip(), kind)
        if before is not None and before.kind is kind and kind in _PARAGRAPHS and _runs_on(before, words):
            joined = f"{before.words}\n{words}" if words else before.words
            elements[-1] = Element(kind, before.start, line.end, joined, before.key)
        else:
            is_dual = kind is ElementKind.CHARACTER and words.endswith("^")
            words = words.removesuffix("^").rstrip() if is_dual else words
            elements.append(Element(kind, line.start, line.end, words, key, is_dual=is_dual))
    return _with_title_page(source, elements)


_BEGINNINGS = frozenset({ElementKind.SCENE_HEADING, ElementKind.TRANSITION})
_PARAGRAPHS = frozenset(
    {ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.PARENTHETICAL, ElementKind.BLANK}
)


def _with_title_page(source: str, elements: list[Element]) -> tuple[Element, ...]:
    """A few lines, one in the middle or with the author, on a page of their own or before the first heading,
    where nothing is told yet."""
    page_end = source.find("\f")
    page = list(
        takewhile(lambda each: each.kind not in _BEGINNINGS and not 0 <= page_end < each.start, elements)
    )
    is_apart = any(element.kind is ElementKind.PAGE_BREAK for element in page)
    words = [element for element in page if element.kind not in (ElementKind.BLANK, ElementKind.PAGE_BREAK)]
    is_title = (
        any(element.kind is ElementKind.CENTERED or _CREDIT.match(element.words) for element in words)
        and len(words) <= _MOST_ON_A_TITLE_PAGE
        and (is_apart or not any(_SENTENCE_END.search(element.words) for element in words))
    )
    if not is_title:
        return tuple(elements)
    titles = {element.start for element in words}
    return tuple(
        replace(element, kind=ElementKind.TITLE_ENTRY) if element.start in titles else element
        for element in elements
    )


def _runs_on(before: Element, words: str) -> bool:
    """Asides run on until their bracket closes; other paragraphs until an empty line or `LATER`."""
    if before.kind is ElementKind.ACTION and (_is_cut(before.words) or _is_cut(words)):
        return False
    return before.kind is not ElementKind.PARENTHETICAL or (bool(words) and not before.words.endswith(")"))


def _is_cut(words: str) -> bool:
    return len(words) <= _MOST_NAME and words == words.upper() and is_cut(words)


def _kind(lines: list[Line], index: int, margin: int, before: ElementKind | None) -> ElementKind:
    text = lines[index].text
    words = text.strip()
    if not words and "\f" not in text:
        return ElementKind.BLANK
    if _FURNITURE.match(words) or not words:
        return ElementKind.PAGE_BREAK
    if _heading(words):
        return ElementKind.SCENE_HEADING
    if is_transition(words) or (words.endswith("TO:") and words == words.upper()):
        return ElementKind.TRANSITION
    indent = len(text) - len(text.lstrip()) - margin
    if indent < DIALOGUE_INDENT:
        return ElementKind.ACTION
    return _set_in(lines, index, indent, before)


def _set_in(lines: list[Line], index: int, indent: int, before: ElementKind | None) -> ElementKind:
    words = lines[index].text.strip()
    speaks = (ElementKind.CHARACTER, ElementKind.PARENTHETICAL, ElementKind.DIALOGUE)
    if before in speaks and (words.startswith("(") or before is ElementKind.PARENTHETICAL):
        open_aside = before is ElementKind.PARENTHETICAL and _aside_is_open(lines, index)
        if words.startswith("(") or open_aside:
            return ElementKind.PARENTHETICAL
    follows = index + 1 < len(lines) and not lines[index + 1].is_blank
    if is_name(words) and follows and (indent >= NAME_INDENT or before not in speaks):
        return ElementKind.CHARACTER
    if before in speaks:
        return ElementKind.DIALOGUE
    return ElementKind.CENTERED


def is_name(words: str) -> bool:
    """Whether a line could name who speaks: capitals, but for what stands in brackets."""
    name = _MAC.sub("MC", re.sub(r"\([^()]*\)", "", words))
    return name == name.upper() and name != name.lower() and len(words) <= _MOST_NAME


def _aside_is_open(lines: list[Line], index: int) -> bool:
    return not lines[index - 1].text.rstrip().endswith(")")


def _heading(words: str) -> re.Match[str] | None:
    return _SLUG.match(words) or _OMITTED.match(words) or _BETWEEN_NUMBERS.match(words)


def _words(words: str, kind: ElementKind) -> tuple[str, str]:
    """(words without marks, scene number)."""
    if kind is ElementKind.SCENE_HEADING:
        found = _heading(words)
        slug = found.group("slug") if found else words
        after = _NUMBER_AFTER.search(slug)
        before = (found.group("number") or "").strip(" \t.") if found else ""
        # A number behind one space belongs to the place unless it stands in front too: `INT. ROOM 12`.
        is_number = after is not None and (
            after.group(1) == before or (not before and slug[after.start() - 1].isspace())
        )
        return (slug[: after.start()] if after and is_number else slug).strip(), before or (
            after.group(1) if after and is_number else ""
        )
    if kind is ElementKind.PARENTHETICAL:
        return words.removeprefix("(").removesuffix(")").strip(), ""
    return ("" if kind is ElementKind.PAGE_BREAK else words), ""


def action_column(lines: Iterable[str]) -> int:
    """The column most headings and long lines start in, scene numbers not counted."""
    columns: Counter[int] = Counter()
    for line in lines:
        words = line.strip()
        found = _SLUG.match(words)
        if found:
            columns[len(line) - len(line.lstrip()) + found.start("slug")] += 3
        elif len(words) > 45:
            columns[len(line) - len(line.lstrip())] += 1
    return min(columns, key=lambda column: (-columns[column], column)) if columns else 0


def _without_tabs(line: Line) -> Line:
    return Line(line.start, line.end, line.text.expandtabs(8)) if "\t" in line.text else line
