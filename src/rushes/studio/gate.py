"""The gate's word on takes: asked before a take is written down, kept in the journal, and held until allowed.

The gate itself is handed in with the desk; a desk without one judges nothing, and its takes say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, String, bindparam, or_, select

from rushes.core.decision import Decision, Verdict
from rushes.core.errors import RefusedError
from rushes.studio.desk import TENANT, Desk
from rushes.studio.projects import policy_of
from rushes.studio.schema import events

JUDGED, ALLOWED, REFUSED = "gate decided", "gate allowed", "gate refused"
_SAYS_NO = "negative"
_LAST = (
    select(events.c.detail)
    .where(events.c.tenant_id == TENANT, events.c.subject == bindparam("a_take", type_=String))
    .where(or_(events.c.kind == JUDGED, events.c.kind == ALLOWED))
    .order_by(events.c.number.desc())
    .limit(1)
)


def judge(
    connection: Connection, desk: Desk, project_id: str, prompt: str, settings: dict[str, Any]
) -> Decision | None:
    """What the gate says to a take's words; None without a gate. Raises RefusedError where it says no."""
    if desk.gate is None:
        return None
    policy = policy_of(connection, project_id)
    texts = {"prompt": prompt, **_said(settings)}
    # Below 1, guidance walks towards what should be kept away.
    scales = [settings.get(name) for name in ("guidance_high", "guidance_low")]
    is_against = all(scale is None or scale >= 1 for scale in scales)
    decision = desk.gate(texts, (_SAYS_NO,) if is_against else (), policy.get("safety", {}))
    if decision.decision is Verdict.REFUSE:
        raise RefusedError(decision.sentence(), decision)
    return decision


@contextmanager
def refusals_kept(desk: Desk, subject: str) -> Iterator[None]:
    """Write a refusal into the journal, although what was asked for leaves no other trace."""
    try:
        yield
    except RefusedError as error:
        if error.decision is not None:
            with desk.store.write() as connection:
                desk.log(connection, subject, REFUSED, asdict(error.decision))
        raise


def waits(connection: Connection, desk: Desk, take_id: str) -> bool:
    """Whether the gate put this take before a person, who has not allowed it yet."""
    last = _last(connection, desk, take_id)
    return last is not None and last["decision"] == Verdict.REVIEW and "allowed_by" not in last


def record_of(connection: Connection, desk: Desk, take_id: str) -> dict[str, Any] | None:
    """What a recipe says of the gate: its decision, and who allowed what it did not; None if never asked."""
    return _last(connection, desk, take_id)


def _last(connection: Connection, desk: Desk, take_id: str) -> dict[str, Any] | None:
    detail = connection.scalar(_LAST, {"a_tenant": desk.tenant_id, "a_take": take_id})
    return None if detail is None else dict(detail)


def _said(settings: dict[str, Any]) -> dict[str, str]:
    """Words that reach a model beside the prompt, and names that say what a file was made for."""
    said = {_SAYS_NO: settings[_SAYS_NO]} if settings.get(_SAYS_NO) else {}
    return said | {f"lora {number}": use["name"] for number, use in enumerate(settings.get("loras", ()), 1)}
