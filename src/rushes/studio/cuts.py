"""Rough cuts: timelines of circled takes, in frames of the project. What a cut was stays as a revision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import floor

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.projects import Project
from rushes.studio.reviews import Choice, choices_in
from rushes.studio.shots import list_shots
from rushes.studio.store import new_id
from rushes.studio.takes import Take, master_of, takes_in

# Seconds of a take that is made; None where nobody knows.
Length = Callable[[Take], Fraction | None]


@dataclass(frozen=True)
class Clip:
    """A part of a take, from ``in_frame`` up to before ``out_frame``, counted at the project's rate."""

    take_id: str
    in_frame: int
    out_frame: int

    @property
    def num_frames(self) -> int:
        """How long it is on the timeline."""
        return self.out_frame - self.in_frame


@dataclass(frozen=True)
class Cut:
    """A cut at one revision; ``frame_rate`` is what its frames were counted at."""

    project_id: str
    name: str
    title: str
    revision: int
    frame_rate: Fraction
    clips: tuple[Clip, ...]
    created_at: float

    @property
    def num_frames(self) -> int:
        """Its whole length."""
        return sum(clip.num_frames for clip in self.clips)


@dataclass(frozen=True)
class NewClip:
    """A clip to be: whole where nothing is said. ``out_frame`` None: to the end of the take."""

    take_id: str
    in_frame: int = 0
    out_frame: int | None = None


def put_cut(
    desk: Desk, project: Project, name: str, title: str, clips: Sequence[NewClip], length: Length,
    expected: int | None = None,
) -> Cut:  # fmt: skip
    """Make a cut, or replace what is called so; the one before stays as its earlier revision.

    Raises UsageError for frames a take does not have, ConflictError for a take that is not circled, and when
    ``expected``, the revision the author saw (0: none), is not the newest.
    """
    takes = {take.id: take for take in takes_in(desk, project.id)}
    chosen = choices_in(desk, project.id)
    placed = [
        _placed(number, clip, takes, chosen, _frames(desk, project, takes.get(clip.take_id), length))
        for number, clip in enumerate(clips, 1)
    ]
    timeline = {
        "title": title, "frame_rate": str(project.frame_rate), "clips": [asdict(clip) for clip in placed]
    }  # fmt: skip
    try:
        return _write(desk, project.id, name, timeline, expected)
    except IntegrityError:
        raise ConflictError(f"cut {name} was changed at the same moment: look at it again first") from None


def assembled(desk: Desk, project_id: str) -> list[NewClip]:
    """A circled take of each shot that has one, in the order of shots: the current one, else the newest."""
    chosen = choices_in(desk, project_id)
    by_shot: dict[str, list[Take]] = {}
    for take in takes_in(desk, project_id):
        if chosen.get(take.id) is Choice.CIRCLED:
            by_shot.setdefault(take.shot_id, []).append(take)
    picked = []
    for shot in list_shots(desk, project_id):
        circled = by_shot.get(shot.id, [])
        current = [take for take in circled if take.id == shot.current_take_id]
        if circled:
            picked.append(NewClip((current or [max(circled, key=lambda take: take.take)])[0].id))
    return picked


def in_script_order(desk: Desk, project_id: str, clips: Sequence[NewClip]) -> list[NewClip]:
    """The same clips by their shots' places; those of one shot stay as they are."""
    places = {shot.id: shot.position for shot in list_shots(desk, project_id)}
    shots = {take.id: take.shot_id for take in takes_in(desk, project_id)}
    return sorted(clips, key=lambda clip: places.get(shots.get(clip.take_id, ""), 0))


def find_cut(desk: Desk, project_id: str, name: str, revision: int | None = None) -> Cut:
    """A cut at its newest revision, or at an earlier one; MissingError where there is none."""
    table = schema.cuts
    asked = desk.only(table).where(table.c.project_id == project_id, table.c.name == name)
    if revision is not None:
        asked = asked.where(table.c.revision == revision)
    with desk.store.read() as connection:
        row = connection.execute(asked.order_by(table.c.revision.desc()).limit(1)).mappings().first()
    if row is None:
        raise MissingError(f"there is no cut {name!r} in this project: make it first")
    return _cut(row)


def list_cuts(desk: Desk, project_id: str) -> tuple[Cut, ...]:
    """The cuts of a project by name, each at its newest revision."""
    table = schema.cuts
    newest = (
        select(table.c.name, func.max(table.c.revision).label("revision"))
        .where(table.c.tenant_id == desk.tenant_id, table.c.project_id == project_id)
        .group_by(table.c.name)
        .subquery()
    )
    same = (table.c.name == newest.c.name) & (table.c.revision == newest.c.revision)
    asked = desk.only(table).join(newest, same).where(table.c.project_id == project_id)
    with desk.store.read() as connection:
        return tuple(_cut(row) for row in connection.execute(asked.order_by(table.c.name)).mappings())


def _frames(desk: Desk, project: Project, take: Take | None, length: Length) -> int | None:
    """Whole frames of a take at the project's rate."""
    if take is None or master_of(desk, take.id) is None:
        return None
    seconds = length(take)
    return None if seconds is None else floor(seconds * project.frame_rate)


def _placed(
    number: int, clip: NewClip, takes: Mapping[str, Take], chosen: Mapping[str, Choice], has: int | None
) -> Clip:
    take = takes.get(clip.take_id)
    if take is None:
        raise MissingError(f"clip {number}: there is no take {clip.take_id!r} in this project")
    if chosen.get(take.id) is not Choice.CIRCLED:
        raise ConflictError(f"clip {number}: {take.code} is not circled: circle it, or choose another take")
    out_frame = has if clip.out_frame is None else clip.out_frame
    if out_frame is None:
        raise UsageError(f"clip {number}: nobody knows how long {take.code} is: send its out_frame")
    if clip.in_frame >= out_frame or (has is not None and out_frame > has):
        most = "as many as you need" if has is None else str(has)
        raise UsageError(
            f"clip {number}: {take.code} from {clip.in_frame} to {out_frame} is no part of it: its frames at "
            f"the project's rate are 0 to {most}"
        )
    return Clip(take.id, clip.in_frame, out_frame)


def _write(desk: Desk, project_id: str, name: str, timeline: object, expected: int | None) -> Cut:
    table = schema.cuts
    with desk.store.write() as connection:
        newest = _newest(connection, project_id, name)
        if expected is not None and expected != newest:
            raise ConflictError(
                f"cut {name} is at revision {newest}, you changed {expected}: look at it again first"
            )
        cut_id = new_id("cut")
        connection.execute(
            insert(table).values(
                id=cut_id, tenant_id=desk.tenant_id, project_id=project_id, name=name, revision=newest + 1,
                timeline=timeline, person_id=desk.person_id, created_at=desk.store.now(connection),
            )
        )  # fmt: skip
        desk.log(
            connection, cut_id, "cut made", {"project": project_id, "name": name, "revision": newest + 1}
        )
        return _cut(desk.one(connection, table, cut_id, "cut"))


def _newest(connection: Connection, project_id: str, name: str) -> int:
    table = schema.cuts
    this = (table.c.project_id == project_id) & (table.c.name == name)
    return connection.scalar(select(func.max(table.c.revision)).where(this)) or 0


def _cut(row: RowMapping) -> Cut:
    told = row["timeline"]
    clips = tuple(Clip(**clip) for clip in told["clips"])
    plain = {name: row[name] for name in ("project_id", "name", "revision", "created_at")}
    return Cut(**plain, title=told["title"], frame_rate=Fraction(told["frame_rate"]), clips=clips)
