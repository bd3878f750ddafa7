"""ETags of what has revisions: the number of the newest one."""

from typing import Annotated

from fastapi import Header

IfMatch = Annotated[str, Header(max_length=40, description="ETag of what was seen; 412 when it has changed.")]


def tag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"{revision}"'


def matches(if_match: str, revision: int) -> bool:
    """Whether the caller saw this revision, or does not mind which."""
    return if_match in ("", "*", tag(revision))
