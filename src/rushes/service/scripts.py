"""``/v1/projects/.../scripts``, ``/v1/scenes``: a screenplay into scenes and shots, version by version."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from rushes.language.screenplay.scene_links import SceneFate
from rushes.language.screenplay.shot import ShotStatus
from rushes.service.caller import Caller, Reader, Writer
from rushes.service.delivery import FILE_ANSWERS, send_file
from rushes.service.errors import ERRORS, StaleError
from rushes.service.intake import body_of_bytes, write_body
from rushes.service.pages import After, Limit, Page, cut
from rushes.service.tags import IfMatch, matches, tag
from rushes.service.views import ShotView, shot_views
from rushes.studio.projects import find_project
from rushes.studio.scenes import Scene, get_scene, scenes_in
from rushes.studio.scripts import Script, breakdown_of, find_script, import_script, scripts_of
from rushes.studio.shots import shots_of_scene
from rushes.studio.takes import Rendition

router = APIRouter(prefix="/v1", tags=["scripts"], responses=ERRORS)
_EXAMPLE = "INT. TEAHOUSE - NIGHT\n\nA fox sits at a table. Rain beats on the windows.\n"
FileName = Annotated[
    str,
    Query(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$",
        description="Name of the file; its ending tells the form: .fountain, .fdx, .docx, .pdf or .txt.",
        examples=["fox.fountain"],
    ),
]  # fmt: skip


class SceneChange(BaseModel):
    """What became of a scene, by the numbers people know; ``before`` is empty for an added one."""

    fate: SceneFate
    before: str
    after: list[str]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"fate": "same", "before": "1", "after": ["1"]}]}
    )


class ScriptView(BaseModel):
    """One revision of a project's script; ``num_shots`` by how they stand to it, seconds of film."""

    id: str
    object: Literal["script"] = "script"
    project_id: str
    revision: int
    name: str
    sha256: str
    language: str
    num_scenes: int
    num_shots: dict[ShotStatus, int]
    characters: list[str]
    duration_s: float
    changes: list[SceneChange]
    created_at: float

    @classmethod
    def of(cls, script: Script) -> "ScriptView":
        """From the studio's row."""
        return cls(
            id=script.id, project_id=script.project_id, revision=script.revision, name=script.name,
            sha256=script.sha256, created_at=script.created_at, **script.summary,
        )  # fmt: skip


class SceneView(BaseModel):
    """A scene of a revision; ``start`` and ``end`` are characters of it. One that left it is omitted."""

    id: str
    object: Literal["scene"] = "scene"
    number: str
    heading: str
    setting: str
    location: str
    time: str
    start: int
    end: int
    characters: list[str]
    props: list[str]
    duration_s: float
    is_omitted: bool


class SceneFound(BaseModel):
    """A scene as it stands in the newest revision."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    object: Literal["scene"] = "scene"
    project_id: str
    number: str
    heading: str
    position: int
    is_omitted: bool


@router.get("/projects/{project_id}/scripts")
def scripts(caller: Reader, project_id: str, limit: Limit = 50, after: After = "") -> Page[ScriptView]:
    """The revisions of a project's script, newest first."""
    found = scripts_of(caller.desk, find_project(caller.desk, project_id).id)
    rows, cursor = cut(found, lambda row: str(row.id), limit, after)
    return Page(data=[ScriptView.of(row) for row in rows], next=cursor)


@router.post("/projects/{project_id}/scripts", status_code=201, openapi_extra=body_of_bytes(_EXAMPLE))
async def send(
    request: Request, response: Response, caller: Writer, project_id: str, name: FileName,
    if_match: IfMatch = "",
) -> ScriptView:  # fmt: skip
    """Send a screenplay as the body, in Chinese, English, Japanese or Korean.

    The first one makes scenes and shots. A later one is merged in: shots whose words changed turn stale,
    those whose words are gone become orphans, none is dropped. The same bytes again change nothing.
    ``If-Match`` is the ETag of the newest revision, `"0"` for none yet.
    """

    def work() -> Script:
        found = find_project(caller.desk, project_id).id
        expected = _expected(caller, found, if_match)
        return import_script(caller.desk, caller.house.files, found, path, name, expected)

    with caller.house.files.scratch() as folder:
        path = folder / "script"
        await write_body(request, path)
        script = await run_in_threadpool(work)
    response.headers["etag"] = tag(script.revision)
    return ScriptView.of(script)


@router.get("/scripts/{script_id}")
def script(caller: Reader, script_id: str, response: Response) -> ScriptView:
    """One revision; its ETag is its number."""
    found = find_script(caller.desk, script_id)
    response.headers["etag"] = tag(found.revision)
    return ScriptView.of(found)


@router.get("/scripts/{script_id}/source", responses=FILE_ANSWERS, response_class=Response)
@router.head("/scripts/{script_id}/source", include_in_schema=False)
def source(caller: Reader, script_id: str, request: Request) -> Response:
    """The bytes that were sent."""
    found = find_script(caller.desk, script_id)
    stored = Rendition("", "", "", found.sha256, "application/octet-stream", "", {}, 0.0)
    return send_file(caller.house, caller.desk.tenant_id, stored, found.id, request)


@router.get("/scripts/{script_id}/scenes")
def scenes(caller: Reader, script_id: str, limit: Limit = 200, after: After = "") -> Page[SceneView]:
    """The scenes of a revision in their order."""
    found = find_script(caller.desk, script_id)
    with caller.desk.store.read() as connection:
        ids = {scene.key: scene.id for scene in scenes_in(connection, caller.desk, found.project_id)}
    told = breakdown_of(caller.desk, caller.house.files, found)["scenes"]
    rows, cursor = cut(told, lambda row: ids[row["id"]], limit, after)
    return Page(data=[SceneView(**{**row, "id": ids[row["id"]]}) for row in rows], next=cursor)


@router.get("/scenes/{scene_id}")
def scene(caller: Reader, scene_id: str) -> SceneFound:
    """One scene."""
    return SceneFound.model_validate(_scene(caller, scene_id))


@router.get("/scenes/{scene_id}/shots")
def shots(caller: Reader, scene_id: str, limit: Limit = 100, after: After = "") -> Page[ShotView]:
    """The shots of a scene in their order."""
    found = shots_of_scene(caller.desk, _scene(caller, scene_id).id)
    rows, cursor = cut(found, lambda row: str(row.id), limit, after)
    return Page(data=shot_views(caller.desk, rows), next=cursor)


def _scene(caller: Caller, scene_id: str) -> Scene:
    with caller.desk.store.read() as connection:
        return get_scene(connection, caller.desk, scene_id)


def _expected(caller: Caller, project_id: str, if_match: str) -> int | None:
    """The newest revision, where the caller says which one that was; StaleError for another."""
    if if_match in ("", "*"):
        return None
    found = scripts_of(caller.desk, project_id)
    newest = found[0].revision if found else 0
    if not matches(if_match, newest):
        raise StaleError(f"the script is at revision {newest} now: get it again, then send yours")
    return newest
