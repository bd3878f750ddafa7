"""``/v1/retention``: how long files of takes are kept, by all projects or one."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rushes.service.caller import Caller, Reader, Writer
from rushes.service.errors import ERRORS
from rushes.studio.projects import find_project
from rushes.studio.retention import LEAST_S, Retention, retention_of, set_retention

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
def general(caller: Reader) -> RetentionView:
    """What holds for projects that say nothing themselves."""
    return _view(caller, "")


@router.put("/retention")
def change_general(caller: Writer, asked: RetentionChange) -> RetentionView:
    """Say what holds for projects that say nothing themselves."""
    return _change(caller, "", asked)


@router.get("/projects/{project_id}/retention")
def of_project(caller: Reader, project_id: str) -> RetentionView:
    """What a project says itself."""
    return _view(caller, find_project(caller.desk, project_id).id)


@router.put("/projects/{project_id}/retention")
def change_project(caller: Writer, project_id: str, asked: RetentionChange) -> RetentionView:
    """Say it for a project."""
    return _change(caller, find_project(caller.desk, project_id).id, asked)


def _change(caller: Caller, project_id: str, asked: RetentionChange) -> RetentionView:
    wanted = None if asked.keep_s is None else Retention(asked.keep_s, asked.includes_chosen)
    set_retention(caller.desk, project_id, wanted)
    return _view(caller, project_id)


def _view(caller: Caller, project_id: str) -> RetentionView:
    found = retention_of(caller.desk, project_id)
    return RetentionView(
        project_id=project_id or None,
        keep_s=None if found is None else found.keep_s,
        includes_chosen=found is not None and found.includes_chosen,
    )
