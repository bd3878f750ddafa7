"""``/v1/files``: pictures and clips that takes start from, by the hash of their bytes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.service.caller import Reader, Writer
from rushes.service.delivery import FILE_ANSWERS, send_file
from rushes.service.errors import ERRORS
from rushes.service.intake import body_of_bytes, write_body
from rushes.service.pages import After, Limit, Page
from rushes.service.tags import IfMatch, expecting
from rushes.studio.seen import Check
from rushes.studio.takes import Rendition
from rushes.studio.uploads import Upload, delete_upload, find_upload, keep_upload, list_uploads

router = APIRouter(prefix="/v1", tags=["files"], responses=ERRORS)
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_ENDINGS = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4",
    "video/quicktime": "mov", "video/webm": "webm",
}  # fmt: skip


class FileView(BaseModel):
    """A file somebody sent. A picture has one frame and rate 0; ask for the bytes at ``path``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sha256": "ab" * 32, "object": "file", "media_type": "image/png", "size_bytes": 81234,
                    "width": 1280, "height": 720, "num_frames": 1, "frame_rate": "0",
                    "created_at": 1795000000, "path": f"/v1/files/{'ab' * 32}/content",
                }
            ]
        }
    )  # fmt: skip
    sha256: Sha256
    object: Literal["file"] = "file"
    media_type: str
    size_bytes: int
    width: int
    height: int
    num_frames: int
    frame_rate: str
    created_at: float
    path: str

    @classmethod
    def of(cls, upload: Upload) -> "FileView":
        """From the studio's row."""
        facts = upload.facts
        return cls(
            sha256=upload.sha256, media_type=facts.media_type, size_bytes=upload.size_bytes,
            width=facts.width, height=facts.height, num_frames=facts.num_frames,
            frame_rate=str(facts.frame_rate), created_at=upload.created_at,
            path=f"/v1/files/{upload.sha256}/content",
        )  # fmt: skip


@router.post("/files", status_code=201, openapi_extra=body_of_bytes("the bytes of fox.png"))
async def send(request: Request, caller: Writer) -> FileView:
    """Send a picture or clip as the body: PNG, JPEG, WebP, MP4, MOV or WebM.

    What it is says the file itself; names and content types are not read. The same bytes again are the same
    file.
    """
    with caller.house.files.scratch() as folder:
        path = folder / "upload"
        await write_body(request, path)
        return FileView.of(await run_in_threadpool(keep_upload, caller.desk, caller.house.files, path))


@router.get("/files")
def files(caller: Reader, limit: Limit = 50, after: After = "") -> Page[FileView]:
    """Files, newest first."""
    found = [FileView.of(each) for each in list_uploads(caller.desk, limit + 1, after)]
    return Page(data=found[:limit], next=found[limit - 1].sha256 if len(found) > limit else None)


@router.get("/files/{sha256}")
def file(caller: Reader, sha256: str, response: Response) -> FileView:
    """One file; its ETag is that of its bytes."""
    found = find_upload(caller.desk, sha256)
    response.headers["etag"] = f'"{found.sha256}"'
    return FileView.of(found)


@router.get("/files/{sha256}/content", responses=FILE_ANSWERS, response_class=Response)
@router.head("/files/{sha256}/content", include_in_schema=False)
def content(caller: Reader, sha256: str, request: Request) -> Response:
    """Its bytes; ranges work."""
    found = find_upload(caller.desk, sha256)
    media_type = found.facts.media_type
    stored = Rendition("", "", "", found.sha256, media_type, "", {}, 0.0)
    name = f"{found.sha256[:12]}.{_ENDINGS[media_type]}"
    return send_file(caller.house, caller.desk.tenant_id, stored, name, request)


@router.delete("/files/{sha256}", status_code=204)
def delete(caller: Writer, sha256: str, if_match: IfMatch = "") -> None:
    """Let a file go; refused with 409 while a take needs it."""
    check: Check[Upload] = expecting(if_match, lambda upload: f'"{upload.sha256}"', "the file")
    delete_upload(caller.desk, caller.house.files, sha256, check)
