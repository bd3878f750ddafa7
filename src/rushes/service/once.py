"""A key sent again gets the answer of the first time: ``Idempotency-Key`` for what makes no job."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import insert

from rushes.core.errors import ConflictError
from rushes.studio.desk import Desk, events_of
from rushes.studio.jobs.submit import digest_of
from rushes.studio.schema import events

_KIND = "answered"
Answer = TypeVar("Answer", bound=BaseModel)


def once(desk: Desk, key: str, asked: object, make: Callable[[], Answer], kind: type[Answer]) -> Answer:
    """``make`` for a new key; for one that was used the answer it gave. ConflictError for another request.

    A server that dies between the work and its record answers a retry with what the work itself says:
    codes are unique, so nothing is made twice.
    """
    if not key:
        return make()
    subject, digest = f"key_{sha256(key.encode()).hexdigest()[:32]}", digest_of(asked)
    known = [event for event in events_of(desk, subject) if event.kind == _KIND]
    if known and known[0].detail["digest"] != digest:
        raise ConflictError("the Idempotency-Key was used for another request: use a new key")
    if known:
        return kind.model_validate(known[0].detail["answer"])
    answer = make()
    with desk.store.write() as connection:
        connection.execute(
            insert(events).values(
                tenant_id=desk.tenant_id, person_id=desk.person_id, subject=subject, kind=_KIND,
                detail={"digest": digest, "answer": answer.model_dump(mode="json")},
                created_at=desk.store.now(connection),
            )
        )  # fmt: skip
    return answer
