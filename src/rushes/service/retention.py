"""``/v1/retention``: how long files of takes are kept, by all projects or one."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.service.caller import Caller, Reader, Writer
from rushes.service.errors import ERRORS
from rushes.service.tags import IfMatch, expecting, tag_of
from rushes.studio.projects import find_project
from rushes.studio.retention import LEAST_S, Retention, retention_of, set_retention
from rushes.studio.seen import Check

router = APIRouter(prefix="/v1", tags=["retention"], responses=ERRORS)


class RetentionChange(BaseModel):
    """Seconds from the end of a take's work until its files go; null: for ever.

    Takes that a shot points to or that are circled stay, unless ``includes_chosen``.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"keep_s": 2592000, "includes_chosen": False}]}
    )
    keep_s: Annotated[float, Field(ge=LEAST_S, le=1e10)] | None
    includes_chosen: bool = False


class RetentionView(BaseModel):
    """How long files are kept; ``project_id`` is null for all projects that say nothing themselves."""

    project_id: str | None
    keep_s: float | None
    includes_chosen: bool


@router.get("/retention")
def general(caller: Reader, response: Response) -> RetentionView:
    """What holds for projects that say nothing themselves; its ETag changes with it."""
    return _view(caller, "", response)


@router.put("/retention")
def change_general(
    caller: Writer, asked: RetentionChange, response: Response, if_match: IfMatch = ""
) -> RetentionView:
    """Say what holds for projects that say nothing themselves."""
    return _change(caller, "", asked, response, if_match)


@router.get("/projects/{project_id}/retention")
def of_project(caller: Reader, project_id: str, response: Response) -> RetentionView:
    """What a project says itself; its ETag changes with it."""
    return _view(caller, find_project(caller.desk, project_id).id, response)


@router.put("/projects/{project_id}/retention")
def change_project(
    caller: Writer, project_id: str, asked: RetentionChange, response: Response, if_match: IfMatch = ""
) -> RetentionView:
    """Say it for a project."""
    return _change(caller, find_project(caller.desk, project_id).id, asked, response, if_match)


def _change(
    caller: Caller, project_id: str, asked: RetentionChange, response: Response, if_match: str
) -> RetentionView:
    wanted = None if asked.keep_s is None else Retention(asked.keep_s, asked.includes_chosen)
    check: Check[Retention | None] = expecting(if_match, partial(_tag, project_id), "the retention")
    set_retention(caller.desk, project_id, wanted, check)
    return _shown(project_id, wanted, response)


def _view(caller: Caller, project_id: str, response: Response) -> RetentionView:
    return _shown(project_id, retention_of(caller.desk, project_id), response)


def _shown(project_id: str, said: Retention | None, response: Response) -> RetentionView:
    response.headers["etag"] = _tag(project_id, said)
    return RetentionView(
        project_id=project_id or None,
        keep_s=None if said is None else said.keep_s,
        includes_chosen=said is not None and said.includes_chosen,
    )


def _tag(project_id: str, said: Retention | None) -> str:
    return tag_of("retention", project_id, None if said is None else [said.keep_s, said.includes_chosen])
