"""How shots stand to the script they come from: what its newest revision says of each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from rushes.language.screenplay.shot import ShotStatus
from rushes.studio.desk import Desk
from rushes.studio.schema import scripted_shots, shots


@dataclass(frozen=True)
class Scripted:
    """What rules made of a shot's words.

    ``spans`` are [start, end) in characters of the project's newest script; ``script_text`` is what they say.
    """

    status: ShotStatus
    reason: str
    coverage: str
    size: str
    characters: tuple[str, ...]
    duration_s: float
    spans: tuple[tuple[int, int], ...]
    script_text: str

    @classmethod
    def of(cls, shot: Mapping[str, Any]) -> "Scripted":
        """From a shot of a breakdown's document."""
        spans = tuple((span["start"], span["end"]) for span in shot["spans"])
        return cls(
            ShotStatus(shot["status"]), shot["reason"], shot["coverage"], shot["size"],
            tuple(shot["characters"]), shot["duration_s"], spans, shot["script_text"],
        )  # fmt: skip

    def row(self, desk: Desk, shot_id: str) -> dict[str, Any]:
        """As a row of the table."""
        facts = asdict(self)
        status, reason = facts.pop("status"), facts.pop("reason")
        values = {"shot_id": shot_id, "tenant_id": desk.tenant_id}
        return {**values, "status": status, "reason": reason, "facts": facts}


def scripted_in(connection: Connection, desk: Desk, shot_ids: Sequence[str]) -> dict[str, Scripted]:
    """Of these shots those that come from a script, by id."""
    return _found(connection, desk, scripted_shots.c.shot_id.in_(shot_ids))


def scripted_of(connection: Connection, desk: Desk, project_id: str) -> dict[str, Scripted]:
    """All shots of a project that come from its script, by id."""
    ours = select(shots.c.id).where(shots.c.project_id == project_id)
    return _found(connection, desk, scripted_shots.c.shot_id.in_(ours))


def settle(connection: Connection, desk: Desk, shot_id: str) -> None:
    """Somebody has looked at the shot: it is new or stale no more. An orphan stays one."""
    this = (scripted_shots.c.tenant_id == desk.tenant_id) & (scripted_shots.c.shot_id == shot_id)
    is_open = scripted_shots.c.status.in_((ShotStatus.NEW, ShotStatus.STALE))
    connection.execute(update(scripted_shots).where(this, is_open).values(status=ShotStatus.KEPT, reason=""))


def _found(connection: Connection, desk: Desk, which: Any) -> dict[str, Scripted]:
    found = {}
    for row in connection.execute(desk.only(scripted_shots).where(which)).mappings():
        facts = {**row["facts"], "characters": tuple(row["facts"]["characters"])}
        facts["spans"] = tuple((start, end) for start, end in row["facts"]["spans"])
        found[row["shot_id"]] = Scripted(ShotStatus(row["status"]), row["reason"], **facts)
    return found
