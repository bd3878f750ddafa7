"""Pictures of takes for players and pages: while they are made, and afterwards; and links to all of them."""

import time
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from rushes.core.errors import MissingError
from rushes.service.caller import Reader
from rushes.service.delivery import FILE_ANSWERS, file_name, seal, send_file, unseal
from rushes.service.errors import ERRORS
from rushes.service.footage import find_footage
from rushes.service.house import House
from rushes.studio.desk import Desk
from rushes.studio.jobs.job import JobState
from rushes.studio.jobs.queue import find_job
from rushes.studio.previews import MEDIA_TYPE, read_preview
from rushes.studio.stills import CUES, SPRITES, THUMBNAIL, stills_of

router = APIRouter(tags=["files"])
Still = Literal["thumbnail", "sprites", "sprites.vtt"]
_TAKE = "take "
_STILLS = (THUMBNAIL, SPRITES, CUES)


class Links(BaseModel):
    """Addresses that open a take's files without a key, until ``expires_at`` (seconds since 1970).

    ``cues`` names the sprites beside it, so a player follows it as it stands.
    """

    take_id: str
    expires_at: int
    clip: str
    sheet: str
    thumbnail: str
    sprites: str
    cues: str


@router.get(
    "/v1/jobs/{job_id}/preview",
    responses={**ERRORS, 200: {"content": {MEDIA_TYPE: {}}}}, response_class=Response,
)  # fmt: skip
@router.head("/v1/jobs/{job_id}/preview", include_in_schema=False)
def preview(caller: Reader, job_id: str) -> Response:
    """The clip as it is now: beginning, middle and end, while the job runs."""
    job = find_job(caller.desk, job_id)
    picture = read_preview(caller.house.files, caller.desk.tenant_id, job.id)
    if picture is None or job.state is not JobState.RUNNING:
        raise MissingError(f"{job_id} has no preview now: wait for a progress event that names one")
    return Response(picture, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})


def _still(caller: Reader, take_id: str, name: Still, request: Request) -> Response:
    footage = find_footage(caller.desk, take_id)
    file = stills_of(caller.desk, caller.house.files, take_id)[name]
    return send_file(caller.house, caller.desk.tenant_id, file, file_name(footage, file), request)


@router.get("/v1/takes/{take_id}/thumbnail", responses={**ERRORS, **FILE_ANSWERS}, response_class=Response)
@router.head("/v1/takes/{take_id}/thumbnail", include_in_schema=False)
def thumbnail(caller: Reader, take_id: str, request: Request) -> Response:
    """The frame that stands for a take, WebP; made when it is first asked for."""
    return _still(caller, take_id, "thumbnail", request)


@router.get("/v1/takes/{take_id}/sprites", responses={**ERRORS, **FILE_ANSWERS}, response_class=Response)
@router.head("/v1/takes/{take_id}/sprites", include_in_schema=False)
def sprites(caller: Reader, take_id: str, request: Request) -> Response:
    """Small frames in rows of five, JPEG."""
    return _still(caller, take_id, "sprites", request)


@router.get("/v1/takes/{take_id}/sprites.vtt", responses={**ERRORS, **FILE_ANSWERS}, response_class=Response)
@router.head("/v1/takes/{take_id}/sprites.vtt", include_in_schema=False)
def cues(caller: Reader, take_id: str, request: Request) -> Response:
    """When to show which part of the sprites: WebVTT whose cues name `sprites#xywh=`."""
    return _still(caller, take_id, "sprites.vtt", request)


@router.get("/v1/takes/{take_id}/links", responses=ERRORS)
def links(caller: Reader, take_id: str, request: Request) -> Links:
    """Addresses for a day, for pages and players that have no key."""
    find_footage(caller.desk, take_id)
    desk = caller.desk
    text, until = seal(caller.house, _TAKE, (desk.tenant_id, desk.person_id, take_id), time.time())
    place = f"{str(request.base_url).rstrip('/')}/media/{text}"
    return Links(
        take_id=take_id, expires_at=until, clip=f"{place}/clip", sheet=f"{place}/sheet",
        thumbnail=f"{place}/{THUMBNAIL}", sprites=f"{place}/{SPRITES}", cues=f"{place}/{CUES}",
    )  # fmt: skip


@router.get("/media/{link}/{name}", responses={**ERRORS, **FILE_ANSWERS}, response_class=Response)
@router.head("/media/{link}/{name}", include_in_schema=False)
def linked(link: str, name: str, request: Request) -> Response:
    """A file of a take by a signed link; no key is needed."""
    house: House = request.app.state.house
    tenant_id, person_id, take_id = unseal(house, _TAKE, link)
    desk = Desk(house.store, tenant_id, person_id)
    footage = find_footage(desk, take_id)
    file = stills_of(desk, house.files, take_id)[name] if name in _STILLS else footage.files.get(name)
    if file is None:
        raise MissingError(f"{footage.take.code} has no such file: ask for its links again")
    return send_file(house, tenant_id, file, file_name(footage, file), request)
