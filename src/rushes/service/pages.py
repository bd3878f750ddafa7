"""Pages of our own surface: a list, whether more follow, and the cursor to send as ``after``."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel

from rushes.core.errors import MissingError

Row = TypeVar("Row")
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str, Query(max_length=64, description="`next` of the page before.")]


class Page(BaseModel, Generic[Row]):
    """Some of a list; ``next`` is null at its end."""

    object: Literal["list"] = "list"
    data: list[Row]
    next: str | None


def cut(
    rows: Sequence[Any], name: Callable[[Any], str], limit: int, after: str
) -> tuple[Sequence[Any], str | None]:
    """The rows behind the one called ``after``, and the next cursor. MissingError without that one."""
    start = 0
    if after:
        names = [name(row) for row in rows]
        if after not in names:
            raise MissingError(f"there is no {after!r} to go on from: begin without after")
        start = names.index(after) + 1
    part = rows[start : start + limit]
    return part, name(part[-1]) if start + limit < len(rows) else None
