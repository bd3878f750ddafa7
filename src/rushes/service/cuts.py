"""``/v1/projects/.../cuts``: timelines of circled takes, in frames of the project."""

from fractions import Fraction
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.errors import MissingError
from rushes.core.timebase import parse_seconds
from rushes.service.caller import Caller, Reader, Writer
from rushes.service.errors import ERRORS, StaleError
from rushes.service.pages import After, Limit, Page, cut
from rushes.service.tags import IfMatch, matches, tag
from rushes.service.video_fields import Name
from rushes.studio.cuts import Cut, NewClip, assembled, find_cut, in_script_order, list_cuts, put_cut
from rushes.studio.projects import find_project
from rushes.studio.reviews import Choice, choices_in
from rushes.studio.shots import list_shots
from rushes.studio.takes import Take, master_of, takes_in

router = APIRouter(prefix="/v1", tags=["cuts"], responses=ERRORS)
CutName = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
Frame = Annotated[int, Field(ge=0, le=10_000_000)]
_TAKE = "take_5f0c6b0c2f7a4d7e9b1a2c3d"


class ClipWish(BaseModel):
    """A part of a circled take, [in, out) in frames at the project's rate; left out: whole."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"take_id": _TAKE, "in_frame": 12, "out_frame": 48}]}
    )
    take_id: Annotated[str, Field(max_length=64)]
    in_frame: Frame = 0
    out_frame: Frame | None = None


class CutWish(BaseModel):
    """A timeline. Without ``clips`` it is one circled take of each shot, the current one before others.

    ``order`` sorts clips by the places of their shots, which are those of the script.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "First assembly", "order": "script"}]}
    )
    title: Name = ""
    clips: Annotated[list[ClipWish], Field(max_length=2000)] | None = None
    order: Literal["given", "script"] = "given"


class ClipView(BaseModel):
    """A clip: its part of the take, its place on the timeline, and what the take is chosen as now."""

    take_id: str
    take_code: str
    shot_id: str
    shot_code: str
    choice: Choice | None
    in_frame: int
    out_frame: int
    record_in: int
    record_out: int


class CutView(BaseModel):
    """A cut; ``frame_rate`` is exact, such as 24000/1001, and all frames are counted at it."""

    project_id: str
    object: Literal["cut"] = "cut"
    name: str
    title: str
    revision: int
    frame_rate: str
    num_frames: int
    clips: list[ClipView]
    created_at: float


@router.get("/projects/{project_id}/cuts")
def cuts(caller: Reader, project_id: str, limit: Limit = 20, after: After = "") -> Page[CutView]:
    """The cuts of a project by name."""
    found = list_cuts(caller.desk, find_project(caller.desk, project_id).id)
    rows, cursor = cut(found, lambda row: str(row.name), limit, after)
    return Page(data=[_view(caller, row) for row in rows], next=cursor)


@router.put("/projects/{project_id}/cuts/{cut_name}")
def replace(
    caller: Writer, project_id: str, cut_name: CutName, asked: CutWish, response: Response,
    if_match: IfMatch = "",
) -> CutView:  # fmt: skip
    """Make a cut or replace it. ``If-Match`` is the ETag of what was seen, `"0"` for none yet."""
    project = find_project(caller.desk, project_id)
    expected = _expected(caller, project.id, cut_name, if_match)
    if asked.clips is None:
        clips = assembled(caller.desk, project.id)
    else:
        clips = [NewClip(clip.take_id, clip.in_frame, clip.out_frame) for clip in asked.clips]
        if asked.order == "script":
            clips = in_script_order(caller.desk, project.id, clips)

    def length(take: Take) -> Fraction | None:
        return _seconds(caller, take)

    made = put_cut(caller.desk, project, cut_name, asked.title, clips, length, expected)
    response.headers["etag"] = tag(made.revision)
    return _view(caller, made)


@router.get("/projects/{project_id}/cuts/{cut_name}")
def one(
    caller: Reader, project_id: str, cut_name: CutName, response: Response,
    revision: Annotated[int | None, Field(ge=1, le=10**6)] = None,
) -> CutView:  # fmt: skip
    """One cut at its newest revision, or at an earlier one; its ETag is the revision."""
    found = find_cut(caller.desk, find_project(caller.desk, project_id).id, cut_name, revision)
    response.headers["etag"] = tag(found.revision)
    return _view(caller, found)


def _expected(caller: Caller, project_id: str, name: str, if_match: str) -> int | None:
    if if_match in ("", "*"):
        return None
    try:
        newest = find_cut(caller.desk, project_id, name).revision
    except MissingError:
        newest = 0
    if not matches(if_match, newest):
        raise StaleError(f"cut {name} is at revision {newest} now: get it again, then change it")
    return newest


def _seconds(caller: Caller, take: Take) -> Fraction | None:
    """How long a made take is: by its recipe's frames where it has them, else by what was asked for."""
    model = caller.house.engine.models.get(take.request.model)
    if model is None:
        return None
    master = master_of(caller.desk, take.id)
    stages = {stage["name"]: stage["settings"] for stage in master.recipe["stages"]} if master else {}
    num_frames = stages.get("denoise", {}).get("num_frames")
    if isinstance(num_frames, int):
        return Fraction(num_frames - int(stages.get("decode", {}).get("trim", 0))) / model.frame_rate
    asked = take.request.settings.get("seconds")
    return model.seconds if asked is None else parse_seconds(str(asked))


def _view(caller: Caller, found: Cut) -> CutView:
    takes = {take.id: take for take in takes_in(caller.desk, found.project_id)}
    shots = {shot.id: shot.code for shot in list_shots(caller.desk, found.project_id)}
    chosen = choices_in(caller.desk, found.project_id)
    clips, record_in = [], 0
    for clip in found.clips:
        take = takes[clip.take_id]
        clips.append(
            ClipView(
                take_id=take.id, take_code=take.code, shot_id=take.shot_id, shot_code=shots[take.shot_id],
                choice=chosen.get(take.id), in_frame=clip.in_frame, out_frame=clip.out_frame,
                record_in=record_in, record_out=record_in + clip.num_frames,
            )
        )  # fmt: skip
        record_in += clip.num_frames
    return CutView(
        project_id=found.project_id, name=found.name, title=found.title, revision=found.revision,
        frame_rate=str(found.frame_rate), num_frames=found.num_frames, clips=clips,
        created_at=found.created_at,
    )  # fmt: skip
