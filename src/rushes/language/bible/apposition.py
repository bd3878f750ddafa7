"""What a script says of somebody right beside the name, where the description says it too."""

import re

_ARTICLE = re.compile(r"(?:the|an?) ", re.IGNORECASE)
_BRACKETS = re.compile(r"\s?[（(]([^（）()]{0,200})[）)]")
_BESIDE = re.compile(r"([\u3400-\u9fff\u30a1-\u30fa]{1,6})・$")
_PIECE = re.compile(r", ([^,.;:()\n]{1,80})(?=,)")


def said_behind(text: str, position: int, described: str) -> int:
    """Length of what stands behind a name and is described: `(40s, grey wool coat)`, `, the waitress, fifty`.

    Brackets that begin with a number introduce somebody whatever else they hold.
    """
    start = position
    brackets = _BRACKETS.match(text, position)
    if brackets is not None:
        said = brackets.group(1).strip()
        if said[:1].isdigit() or said in described:
            position = brackets.end()
    known = {_bare(piece) for piece in described.split(", ")}
    while (piece := _PIECE.match(text, position)) and _bare(piece.group(1)) in known:
        position = piece.end()
    return position - start


def is_said_before(before: str, described: str) -> bool:
    """Whether a description only repeats what stands before the name: `A SECURITY GUARD, DESMOND, enters`."""
    words = before.rstrip()
    return words.endswith(",") and words[:-1].lower().endswith(_bare(described))


def without_apposition(before: str, described: str) -> str:
    """`before` without 少年・ or 父・, where the description of タクミ or 健一 says so too."""
    found = _BESIDE.search(before)
    return before[: found.start()] if found and found[1] in described else before


def _bare(words: str) -> str:
    bare = words.strip().lower()
    article = _ARTICLE.match(bare)
    return bare[article.end() :] if article else bare
