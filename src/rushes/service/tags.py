"""ETags: the number of the newest revision, or a hash of what people can change where there are none."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated

from fastapi import Header

from rushes.core.recipe import canonical_json
from rushes.service.errors import StaleError
from rushes.studio.seen import Check, Thing

IfMatch = Annotated[str, Header(max_length=80, description="ETag of what was seen; 412 when it has changed.")]


def tag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"{revision}"'


def tag_of(*facts: object) -> str:
    """The ETag of what stands so."""
    return f'"{sha256(canonical_json(facts).encode()).hexdigest()[:32]}"'


def expecting(if_match: str, tag_of_it: Callable[[Thing], str], what: str) -> Check[Thing]:
    """For the transaction that changes ``what``: raises StaleError where the caller saw it otherwise."""

    def check(thing: Thing) -> None:
        if not _is_seen(if_match, tag_of_it(thing)):
            raise StaleError(f"{what} has changed since you saw it: get it again, then change it")

    return check


def matches(if_match: str, revision: int) -> bool:
    """Whether the caller saw this revision, or does not mind which."""
    return _is_seen(if_match, tag(revision))


def _is_seen(if_match: str, tag: str) -> bool:
    return if_match in ("", "*", tag)
