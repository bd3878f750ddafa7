"""Projects: frame rate, picture ratio, policy and budget of everything shot for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isinf
from typing import Any

from sqlalchemy import Connection, RowMapping, String, bindparam, insert, select, update

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.core.timebase import DELIVERY_RATE
from rushes.studio import schema
from rushes.studio.desk import TENANT, Desk
from rushes.studio.schema import projects, sequences
from rushes.studio.seen import Check, locked, unseen
from rushes.studio.store import new_id

INBOX, REMOTE = "INBOX", "remote"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
_RATIO = re.compile(r"\d+(\.\d+)?:\d+(\.\d+)?")
MAX_FRAME_RATE = 240
# Built once: every submit asks them.
_CODE_GIVEN, _PROJECT = bindparam("a_code", type_=String), bindparam("a_project", type_=String)
_THIS = select(projects).where(
    projects.c.tenant_id == TENANT, (projects.c.code == _CODE_GIVEN) | (projects.c.id == _CODE_GIVEN)
)
_POLICY = select(projects.c.policy).where(projects.c.id == _PROJECT)
_SEQUENCE = select(sequences.c.id).where(sequences.c.project_id == _PROJECT, sequences.c.code == _CODE_GIVEN)


@dataclass(frozen=True)
class NewProject:
    """What a project is made from. ``budget_s``: machine seconds it may use, None for no limit.

    ``code`` is ASCII, since it becomes part of file names; ``title`` may be in any language.
    """

    code: str
    title: str = ""
    frame_rate: Fraction = DELIVERY_RATE
    ratio: str = "16:9"
    policy: Mapping[str, Any] = field(default_factory=dict)
    budget_s: float | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a code, rate, ratio or budget nothing can be filmed with."""
        if not _CODE.fullmatch(self.code):
            raise UsageError(
                f"project code {self.code!r} cannot stand in file names: use A-Z, 0-9 and -, at most 31"
            )
        if not 1 <= self.frame_rate <= MAX_FRAME_RATE:
            raise UsageError(f"frame rate {self.frame_rate} is out of range: use 1 to {MAX_FRAME_RATE}")
        if not _RATIO.fullmatch(self.ratio) or "0" in self.ratio.split(":"):
            raise UsageError(f"ratio {self.ratio!r} is not WIDTH:HEIGHT: write it like 16:9 or 2.39:1")
        if self.budget_s is not None and self.budget_s < 0:
            raise UsageError(f"budget {self.budget_s:g} s is less than nothing: give 0 or more")


@dataclass(frozen=True)
class Project:
    """A project as it stands; of its budget ``reserved_s`` waits for jobs and ``spent_s`` is used."""

    id: str
    code: str
    title: str
    frame_rate: Fraction
    ratio: str
    policy: Mapping[str, Any]
    is_inbox: bool
    budget_s: float | None
    reserved_s: float
    spent_s: float

    @property
    def allows_remote(self) -> bool:
        """Whether its words may go to hosted models."""
        return self.policy.get(REMOTE) is True


@dataclass(frozen=True)
class ProjectTerms:
    """What is to hold in a project from now on. ``budget_s``: inf lifts the limit, None leaves it as it is.

    ``policy`` replaces what it names: ``remote``, whether the project's words may go to a hosted model;
    ``safety``, rules on words beside the house's; ``price`` of a second of machine time.
    """

    budget_s: float | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)


def new_project(desk: Desk, new: NewProject) -> Project:
    """Make a project; UsageError where the code is taken."""
    with desk.store.write() as connection:
        if _row(connection, desk, new.code) is not None:
            raise ConflictError(f"there is a project {new.code} already: choose another code")
        return _insert(connection, desk, new)


def inbox(desk: Desk) -> Project:
    """The project of takes that belong to no other."""
    with desk.store.read() as connection:
        row = _row(connection, desk, INBOX)
    if row is not None:
        return _project(row)
    with desk.store.write() as connection:
        row = _row(connection, desk, INBOX)
        return _project(row) if row else _insert(connection, desk, NewProject(INBOX, "Inbox"))


def find_project(desk: Desk, code: str) -> Project:
    """The project with this code or id; UsageError where there is none."""
    with desk.store.read() as connection:
        row = _row(connection, desk, code)
    if row is None:
        raise MissingError(f"there is no project {code!r}: `rushes project list` shows those there are")
    return _project(row)


def list_projects(desk: Desk) -> tuple[Project, ...]:
    """All projects by code."""
    with desk.store.read() as connection:
        rows = connection.execute(desk.only(schema.projects).order_by(schema.projects.c.code)).mappings()
        return tuple(_project(row) for row in rows)


def change_project(
    desk: Desk, project_id: str, terms: ProjectTerms, check: Check[Project] = unseen
) -> Project:
    """Change what holds in a project; what ``check`` raises leaves all as it was."""
    table = schema.projects
    with desk.store.write() as connection:
        before = _project(locked(connection, desk, table, project_id, "project"))
        check(before)
        this = update(table).where(table.c.id == project_id)
        if terms.budget_s is not None:
            budget_s = None if isinf(terms.budget_s) else terms.budget_s
            connection.execute(this.values(budget_s=budget_s))
            desk.log(connection, project_id, "budget set", {"budget_s": budget_s})
        if terms.policy:
            connection.execute(this.values(policy={**before.policy, **terms.policy}))
            desk.log(connection, project_id, "policy set", terms.policy)
        return _project(desk.one(connection, table, project_id, "project"))


def set_budget(desk: Desk, project_id: str, budget_s: float | None) -> None:
    """Change what the project may use in all; None lifts the limit."""
    change_project(desk, project_id, ProjectTerms(inf if budget_s is None else budget_s))


def set_policy(desk: Desk, project_id: str, name: str, value: bool | Mapping[str, Any]) -> None:
    """Set one thing that holds in a project, as :class:`ProjectTerms` says."""
    change_project(desk, project_id, ProjectTerms(policy={name: value}))


def sequence_id(connection: Connection, desk: Desk, project_id: str, code: str) -> str:
    """Id of a project's sequence, made where it is new."""
    found = connection.scalar(_SEQUENCE, {"a_project": project_id, "a_code": code})
    if found is not None:
        return str(found)
    row_id = new_id("sequence")
    values = {"id": row_id, "tenant_id": desk.tenant_id, "project_id": project_id, "code": code, "title": ""}
    connection.execute(insert(sequences).values(values))
    return row_id


def policy_of(connection: Connection, project_id: str) -> Mapping[str, Any]:
    """What holds in a project; empty where nothing was set."""
    return connection.scalar(_POLICY, {"a_project": project_id}) or {}


def _insert(connection: Connection, desk: Desk, new: NewProject) -> Project:
    project_id = new_id("project")
    connection.execute(
        insert(schema.projects).values(
            id=project_id, tenant_id=desk.tenant_id, code=new.code, title=new.title,
            frame_rate=str(new.frame_rate), ratio=new.ratio, policy=dict(new.policy),
            is_inbox=new.code == INBOX, budget_s=new.budget_s, created_at=desk.store.now(connection),
        )
    )  # fmt: skip
    desk.log(connection, project_id, "project made", {"code": new.code})
    return _project(desk.one(connection, schema.projects, project_id, "project"))


def _row(connection: Connection, desk: Desk, code: str) -> RowMapping | None:
    this = {"a_tenant": desk.tenant_id, "a_code": code}
    return connection.execute(_THIS, this).mappings().first()


def _project(row: RowMapping) -> Project:
    values = {name: row[name] for name in Project.__annotations__}
    return Project(**{**values, "frame_rate": Fraction(row["frame_rate"])})
