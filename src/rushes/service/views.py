"""Rows of the studio as clients of our own surface see them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from rushes.language.screenplay.shot import ShotStatus
from rushes.service.footage import Footage
from rushes.studio.desk import Desk
from rushes.studio.jobs.job import Job, JobState, Lane
from rushes.studio.reviews import Source
from rushes.studio.scripted import Scripted, scripted_in
from rushes.studio.shots import Shot


class ProjectView(BaseModel):
    """A project; seconds are machine time. ``allows_remote``: its words may go to hosted models."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    code: str
    title: str
    frame_rate: str
    ratio: str
    is_inbox: bool
    budget_s: float | None
    reserved_s: float
    spent_s: float
    allows_remote: bool

    @classmethod
    def of(cls, project: Any) -> "ProjectView":
        """From the studio's row."""
        names = [name for name in cls.model_fields if name != "frame_rate"]
        return cls(frame_rate=str(project.frame_rate), **{name: getattr(project, name) for name in names})


class ScriptedView(BaseModel):
    """How a shot stands to the project's newest script.

    ``spans`` are [start, end) in its characters, ``script_text`` what they say; seconds of film.
    """

    model_config = ConfigDict(from_attributes=True)
    status: ShotStatus
    reason: str
    coverage: str
    size: str
    characters: list[str]
    duration_s: float
    spans: list[tuple[int, int]]
    script_text: str


class ShotView(BaseModel):
    """A shot at its newest revision; ``scripted`` is null for one that comes from no script."""

    id: str
    project_id: str
    scene_id: str | None = None
    code: str
    position: int
    revision: int
    text: str
    current_take_id: str | None
    scripted: ScriptedView | None = None

    @classmethod
    def of(cls, shot: Shot, scripted: Scripted | None) -> "ShotView":
        """From the studio's rows."""
        names = [name for name in cls.model_fields if name not in ("text", "scripted")]
        told = None if scripted is None else ScriptedView.model_validate(scripted)
        plain = {name: getattr(shot, name) for name in names}
        return cls(text=shot.words.text, scripted=told, **plain)


def shot_views(desk: Desk, shots: Sequence[Shot]) -> list[ShotView]:
    """Shots with what the script says of them."""
    with desk.store.read() as connection:
        scripted = scripted_in(connection, desk, [shot.id for shot in shots])
    return [ShotView.of(shot, scripted.get(shot.id)) for shot in shots]


class CostView(BaseModel):
    """Money; ``currency`` by ISO 4217."""

    model_config = ConfigDict(from_attributes=True)
    amount: float
    currency: str


class JobView(BaseModel):
    """A job; ``progress`` from 0 to 1, ``seconds_left`` guessed from it, times in seconds since 1970.

    ``spent_s`` is machine time of all attempts, ``cost`` that at the price of the day it was submitted.
    """

    model_config = ConfigDict(from_attributes=True)
    id: str
    take_id: str | None
    project_id: str
    state: JobState
    lane: Lane
    priority: int
    is_held: bool
    is_cancelled: bool
    attempt: int
    progress: float
    doing: str
    failure: str
    message: str
    estimate_s: float
    spent_s: float
    created_at: float
    started_at: float | None
    ended_at: float | None
    seconds_left: float | None = None
    cost: CostView | None = None

    @classmethod
    def of(cls, job: Job) -> "JobView":
        """From the ledger's row."""
        view = cls.model_validate(job)
        if job.state is JobState.RUNNING and job.progress > 0:
            view.seconds_left = round(job.spent_s * (1 - job.progress) / job.progress, 1)
        return view


class RenditionView(BaseModel):
    """A finished file: ask for it at ``path``."""

    name: str
    media_type: str
    sha256: str
    path: str


class InputView(BaseModel):
    """A file a take starts from, by its hash."""

    role: str
    sha256: str


class TakeView(BaseModel):
    """A take, its newest job and its finished files."""

    id: str
    code: str
    project_id: str
    shot_id: str
    take: int
    parent_id: str | None
    relation: str
    prompt: str
    seed: int
    model: str
    settings: dict[str, Any]
    inputs: list[InputView]
    created_at: float
    job: JobView | None
    renditions: list[RenditionView]

    @classmethod
    def of(cls, footage: Footage) -> "TakeView":
        """From the studio's rows."""
        take = footage.take
        return cls(
            id=take.id, code=take.code, project_id=take.project_id, shot_id=take.shot_id, take=take.take,
            parent_id=take.origin.parent_id, relation=take.origin.relation, prompt=take.request.prompt,
            seed=take.request.seed, model=take.request.model, settings=dict(take.request.settings),
            inputs=[InputView(role=each.role, sha256=each.sha256) for each in take.inputs],
            created_at=take.created_at, job=None if footage.job is None else JobView.of(footage.job),
            renditions=[
                RenditionView(
                    name=file.name, media_type=file.media_type, sha256=file.sha256,
                    path=f"/v1/takes/{take.id}/renditions/{file.name}",
                )
                for file in footage.files.values()
            ],
        )  # fmt: skip


class NoteView(BaseModel):
    """A note at frames, both ends included; null for the whole take."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    take_id: str
    text: str
    source: Source
    rule: str
    first_frame: int | None
    last_frame: int | None
    created_at: float
    closed_at: float | None
