"""Dual dialogue on a page: two speeches side by side become one below the other, the second marked `^`."""

import re
from collections.abc import Iterator
from itertools import takewhile

from rushes.language.screenplay.typed import DIALOGUE_INDENT, NAME_INDENT, action_column, is_name

# Speeches stand further apart than two words in one.
_PIECE = re.compile(r"\S+(?: {1,2}\S+)*")
# Lines of one column begin there, give or take what drawing rounds.
_LEEWAY = 2


def one_column(lines: list[str]) -> list[str]:
    """The lines of a page with what is said at the same time in the order of the names."""
    margin = action_column(lines)
    return list(_one_column(lines, margin))


def _one_column(lines: list[str], margin: int) -> Iterator[str]:
    index = 0
    while index < len(lines):
        block = list(takewhile(str.strip, lines[index:])) if _are_two_names(lines[index]) else []
        if len(block) < 2:
            yield lines[index]
            index += 1
            continue
        left, right = _halves(block)
        yield from _speech(left, margin, "")
        yield ""
        yield from _speech(right, margin, " ^")
        index += len(block)


def _are_two_names(line: str) -> bool:
    pieces = _PIECE.findall(line)
    return len(pieces) == 2 and line[:1] == " " and all(is_name(piece) for piece in pieces)


def _halves(block: list[str]) -> tuple[list[str], list[str]]:
    """What stands left and right of the gap between the columns, without empty lines."""
    pieces = [list(_PIECE.finditer(line)) for line in block]
    column = min(each[-1].start() for each in pieces if len(each) == 2) - _LEEWAY
    left = [" ".join(piece[0] for piece in each if piece.start() < column) for each in pieces]
    right = [" ".join(piece[0] for piece in each if piece.start() >= column) for each in pieces]
    return [words for words in left if words], [words for words in right if words]


def _speech(words: list[str], margin: int, mark: str) -> Iterator[str]:
    yield " " * (margin + NAME_INDENT) + words[0] + mark
    for line in words[1:]:
        yield " " * (margin + 2 * DIALOGUE_INDENT) + line
