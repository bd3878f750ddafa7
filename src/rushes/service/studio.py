"""``/v1/projects`` and ``/v1/shots``: what is to be filmed."""

import re
from fractions import Fraction
from math import inf
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.request import MAX_SEED
from rushes.language.screenplay.shot import ShotStatus
from rushes.service.caller import Reader, Writer
from rushes.service.errors import ERRORS, StaleError
from rushes.service.files import Sha256
from rushes.service.footage import Window, find_footage, list_footage
from rushes.service.once import once
from rushes.service.pages import After, Limit, Page, cut
from rushes.service.submit import Wish, submit_to_shot
from rushes.service.tags import IfMatch, expecting, matches, tag, tag_of
from rushes.service.video_fields import Candidates, Name, Sliders, Unwanted, Words
from rushes.service.videos import IdempotencyKey
from rushes.service.views import ProjectView, ShotView, TakeView, shot_views
from rushes.studio.jobs.job import Lane
from rushes.studio.projects import (
    INBOX,
    REMOTE,
    NewProject,
    Project,
    ProjectTerms,
    change_project,
    find_project,
    inbox,
    list_projects,
    new_project,
)
from rushes.studio.scripted import scripted_of
from rushes.studio.shooting import Terms
from rushes.studio.shots import Words as ShotWords
from rushes.studio.shots import get_shot, list_shots, new_shot, revise_shot

router = APIRouter(prefix="/v1", tags=["studio"], responses=ERRORS)
Budget = Annotated[float, Field(ge=0, le=1e12)]


class ProjectWish(BaseModel):
    """A project to make. ``code`` becomes part of file names; ``budget_s`` is machine time."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "FOX", "title": "狐狸", "frame_rate": "24"}]}
    )
    code: Annotated[str, Field(pattern="^[A-Z0-9][A-Z0-9-]{0,30}$")]
    title: Name = ""
    frame_rate: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}(/[1-9][0-9]{0,4})?$")] = "24"
    ratio: Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})?:[0-9]{1,4}(\.[0-9]{1,4})?$")] = "16:9"
    budget_s: Budget | None = None


class ProjectChange(BaseModel):
    """What may change of a project; left out: stays. ``budget_s`` null lifts the limit.

    ``allows_remote``: whether the project's words may go to hosted models, where the server has any.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"budget_s": 3600, "allows_remote": True}]}
    )
    # No default is shown: to leave a field out is not to send it with any value.
    budget_s: Annotated[Budget | None, Field(default_factory=lambda: None)]
    allows_remote: Annotated[bool, Field(default_factory=bool)]

    def terms(self) -> ProjectTerms:
        """As the studio wants it."""
        budget_s = inf if self.budget_s is None else self.budget_s
        return ProjectTerms(
            budget_s if "budget_s" in self.model_fields_set else None,
            {REMOTE: self.allows_remote} if "allows_remote" in self.model_fields_set else {},
        )


class ShotWish(BaseModel):
    """A shot to add at the end; without ``code`` it gets the next one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "a fox in rain"}]})
    text: Words
    code: Annotated[str, Field(pattern="^[A-Z0-9][A-Z0-9-]{0,30}_[A-Z0-9][A-Z0-9-]{0,30}$")] | None = None


class ShotChange(BaseModel):
    """New words of a shot."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "a fox in snow"}]})
    text: Words


class TakeSettings(BaseModel):
    """What the generator is told; left out: the model's own.

    ``sliders``: numbers by name, for models that have them; of ``candidates`` the best is delivered;
    ``upscale``: what makes pictures larger, the model's own network or Lanczos.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"seconds": 2, "sliders": {"speed": 0.5, "pan_x": -1}, "candidates": 4},
                {"preset": "lightning", "upscale": "lanczos"},
            ]
        },
    )
    seconds: Annotated[float, Field(gt=0, le=600)] | None = None
    size: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$")] | None = None
    steps: Annotated[int, Field(ge=1, le=200)] | None = None
    guidance_high: Annotated[float, Field(ge=0, le=30)] | None = None
    guidance_low: Annotated[float, Field(ge=0, le=30)] | None = None
    negative: Unwanted | None = None
    sliders: Sliders | None = None
    candidates: Candidates | None = None
    preset: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")] | None = None
    upscale: Literal["lanczos", "own"] | None = None

    def document(self) -> dict[str, Any]:
        """As a take's settings; seconds as text, which is exact."""
        found = self.model_dump(exclude_none=True)
        if "seconds" in found:
            found["seconds"] = str(found["seconds"])
        return found


class TakeWish(BaseModel):
    """A take to shoot; without ``prompt`` in the shot's words. ``first_frame``: hash of a picture sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"seed": 7, "lane": "night", "settings": {"sliders": {"speed": 0.5}}}]
        },
    )
    prompt: Words | None = None
    model: Name = ""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    settings: TakeSettings = TakeSettings()
    first_frame: Sha256 | None = None
    lane: Lane = Lane.INTERACTIVE
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    is_held: bool = False


@router.get("/projects")
def projects(caller: Reader, limit: Limit = 50, after: After = "") -> Page[ProjectView]:
    """Projects by code."""
    rows, cursor = cut(list_projects(caller.desk), lambda row: str(row.id), limit, after)
    return Page(data=[ProjectView.of(row) for row in rows], next=cursor)


@router.post("/projects", status_code=201)
def make_project(caller: Writer, asked: ProjectWish, key: IdempotencyKey = "") -> ProjectView:
    """Make a project."""

    def make() -> ProjectView:
        rate = Fraction(asked.frame_rate)
        new = NewProject(asked.code, asked.title, rate, asked.ratio, {}, asked.budget_s)
        return ProjectView.of(new_project(caller.desk, new))

    return once(caller.desk, key, ["project", asked.model_dump()], make, ProjectView)


@router.get("/projects/{project_id}")
def project(caller: Reader, project_id: str, response: Response) -> ProjectView:
    """One project, by id or code; its ETag changes with what people change, not with what is spent."""
    found = find_project(caller.desk, project_id)
    response.headers["etag"] = _tag(found)
    return ProjectView.of(found)


@router.patch("/projects/{project_id}")
def change_one(
    caller: Writer, project_id: str, asked: ProjectChange, response: Response, if_match: IfMatch = ""
) -> ProjectView:
    """Change its budget, and whether its words may leave. INBOX is the project of takes without one."""
    # Its first take may be one that needs this leave.
    found = inbox(caller.desk) if project_id == INBOX else find_project(caller.desk, project_id)
    check = expecting(if_match, _tag, "the project")
    changed = change_project(caller.desk, found.id, asked.terms(), check)
    response.headers["etag"] = _tag(changed)
    return ProjectView.of(changed)


@router.get("/projects/{project_id}/shots")
def shots(
    caller: Reader, project_id: str, status: ShotStatus | None = None, limit: Limit = 100, after: After = ""
) -> Page[ShotView]:
    """The shots of a project in their order; ``status`` narrows to those that stand so to its script."""
    project_id = find_project(caller.desk, project_id).id
    found = list_shots(caller.desk, project_id)
    if status is not None:
        with caller.desk.store.read() as connection:
            told = scripted_of(connection, caller.desk, project_id)
        found = tuple(shot for shot in found if shot.id in told and told[shot.id].status is status)
    rows, cursor = cut(found, lambda row: str(row.id), limit, after)
    return Page(data=shot_views(caller.desk, rows), next=cursor)


@router.post("/projects/{project_id}/shots", status_code=201)
def make_shot(caller: Writer, project_id: str, asked: ShotWish, key: IdempotencyKey = "") -> ShotView:
    """Add a shot."""
    found = find_project(caller.desk, project_id)

    def make() -> ShotView:
        made = new_shot(caller.desk, found.id, ShotWords(asked.text), asked.code or "")
        return ShotView.of(made, None)

    return once(caller.desk, key, ["shot", found.id, asked.model_dump()], make, ShotView)


@router.get("/shots/{shot_id}")
def shot(caller: Reader, shot_id: str, response: Response) -> ShotView:
    """One shot; its ETag is its revision."""
    with caller.desk.store.read() as connection:
        found = get_shot(connection, caller.desk, shot_id)
    response.headers["etag"] = tag(found.revision)
    return shot_views(caller.desk, [found])[0]


@router.patch("/shots/{shot_id}")
def change_shot(
    caller: Writer, shot_id: str, asked: ShotChange, response: Response, if_match: IfMatch = ""
) -> ShotView:
    """Give a shot new words; takes keep those they were made of. A stale shot is settled, by the same too."""
    with caller.desk.store.read() as connection:
        found = get_shot(connection, caller.desk, shot_id)
    if not matches(if_match, found.revision):
        raise StaleError(f"{found.code} is at revision {found.revision} now: get it again, then change it")
    expected = found.revision if re.fullmatch('"[0-9]+"', if_match) else None
    changed = revise_shot(caller.desk, shot_id, ShotWords(asked.text), expected)
    response.headers["etag"] = tag(changed.revision)
    return shot_views(caller.desk, [changed])[0]


@router.get("/shots/{shot_id}/takes")
def takes(caller: Reader, shot_id: str, limit: Limit = 50, after: After = "") -> Page[TakeView]:
    """The takes of a shot, newest first."""
    with caller.desk.store.read() as connection:
        get_shot(connection, caller.desk, shot_id)
    found, has_more = list_footage(caller.desk, Window(limit, after, shot_id=shot_id))
    return Page(data=[TakeView.of(each) for each in found], next=found[-1].take.id if has_more else None)


@router.post("/shots/{shot_id}/takes", status_code=202)
def shoot(caller: Writer, shot_id: str, asked: TakeWish, key: IdempotencyKey = "") -> TakeView:
    """Queue a take of a shot."""
    with caller.desk.store.read() as connection:
        found = get_shot(connection, caller.desk, shot_id)
    words, settings = asked.prompt or found.words.text, asked.settings.document()
    wish = Wish(words, asked.model, asked.seed, settings, key, asked.first_frame or "")
    terms = Terms(lane=asked.lane, priority=asked.priority, is_held=asked.is_held)
    take = submit_to_shot(caller, shot_id, wish, terms).take
    return TakeView.of(find_footage(caller.desk, take.id))


def _tag(project: Project) -> str:
    return tag_of(project.id, project.budget_s, project.allows_remote)
