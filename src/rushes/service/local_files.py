"""``/api/v1/uploads``: how DashScope's clients send a file that lies on their machine, and name it ``oss://``.

They ask for a certificate with their key, send the file as a form to the host it names, without the key, and
put ``oss://`` and the object's name where an address would stand. Vendor's words:
<https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url>.
"""

import secrets
import shutil
import time
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.service.caller import Writer
from rushes.service.delivery import LINK_S, seal, unseal
from rushes.service.errors import DASHSCOPE_ERRORS
from rushes.service.house import House
from rushes.studio.desk import Desk, events_of
from rushes.studio.uploads import keep_upload

router = APIRouter(prefix="/api/v1", tags=["dashscope"], responses=DASHSCOPE_ERRORS)
SCHEME = "oss://"
# As long as the vendor keeps them by this name; the file itself stays under /v1/files.
NAMED_S = 48 * 3600.0
_UPLOAD, _NAMED = "upload ", "file named"
_LONGEST_NAME = 1024
# Names of files may be in any language, and hold spaces.
ObjectName = Annotated[str, Field(pattern="^oss://", max_length=len(SCHEME) + _LONGEST_NAME)]


class Certificate(BaseModel):
    """Where to send a file and what to send beside it. ``upload_host`` is signed and opens for a day."""

    policy: str
    signature: str
    upload_dir: str
    upload_host: str
    expire_in_seconds: int
    max_file_size_mb: int
    oss_access_key_id: str = "rushes"
    x_oss_object_acl: str = "private"
    x_oss_forbid_overwrite: str = "true"


class CertificateAnswer(BaseModel):
    """The certificate."""

    request_id: str
    data: Certificate


@router.get("/uploads")
def certificate(
    request: Request,
    caller: Writer,
    action: Annotated[Literal["getPolicy"], Query(examples=["getPolicy"])],  # noqa: ARG001  the vendor's query
    model: Annotated[str, Query(max_length=200, examples=["mini"])],
) -> CertificateAnswer:
    """Ask where a file may be sent."""
    caller.house.engine.model(model)
    folder, desk = f"dashscope-instant/{secrets.token_hex(16)}", caller.desk
    text, _ = seal(caller.house, _UPLOAD, (desk.tenant_id, desk.person_id, folder), time.time())
    policy, _, signature = text.partition(".")
    found = Certificate(
        policy=policy, signature=signature, upload_dir=folder, expire_in_seconds=int(LINK_S),
        upload_host=f"{str(request.base_url).rstrip('/')}/api/v1/uploads/{text}",
        max_file_size_mb=caller.house.limits.upload_bytes // 10**6,
    )  # fmt: skip
    return CertificateAnswer(request_id=request.scope["request_id"], data=found)


@router.post("/uploads/{link}", response_class=Response)
async def send(link: str, request: Request) -> Response:
    """Send a file as ``file``, and as ``key`` its name, which begins with ``upload_dir``."""
    house: House = request.app.state.house
    tenant_id, person_id, folder = unseal(house, _UPLOAD, link)
    desk = Desk(house.store, tenant_id, person_id)
    async with request.form(max_files=1, max_fields=20) as form:
        name, file = form.get("key"), form.get("file")
        if not isinstance(name, str) or not name.startswith(f"{folder}/") or len(name) > _LONGEST_NAME:
            raise UsageError(
                f"key does not begin with {folder}/: send upload_dir, a slash and the file's name"
            )
        if not isinstance(file, UploadFile):
            raise UsageError("there is no file in the form: send it as the field file")
        await run_in_threadpool(_keep, house, desk, name, file)
    return Response(status_code=200)


def named_file(desk: Desk, url: str) -> str:
    """Hash of the file that was sent under an ``oss://`` name. MissingError where none was, or long ago."""
    with desk.store.read() as connection:
        now = desk.store.now(connection)
    found = _sent(desk, url.removeprefix(SCHEME))
    if not found or found[0][1] < now - NAMED_S:
        raise MissingError(f"there is no file {url[:100]!r}, or its two days are over: send it again")
    return found[0][0]


def _keep(house: House, desk: Desk, name: str, file: UploadFile) -> None:
    if _sent(desk, name):
        raise ConflictError("there is a file of this name already: ask for another certificate")
    with house.files.scratch() as folder:
        path = folder / "upload"
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        stored = keep_upload(desk, house.files, path)
    with desk.store.write() as connection:
        desk.log(connection, _subject(name), _NAMED, {"sha256": stored.sha256})


def _sent(desk: Desk, name: str) -> list[tuple[str, float]]:
    """Hash and time of what was sent under this name."""
    known = events_of(desk, _subject(name))
    return [(event.detail["sha256"], event.created_at) for event in known if event.kind == _NAMED]


def _subject(name: str) -> str:
    return f"oss_{sha256(name.encode()).hexdigest()[:32]}"
