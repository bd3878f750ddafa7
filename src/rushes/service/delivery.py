"""Files to clients: ranges, validators, and links that open one file until a time, signed."""

import base64
import hmac
import re
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from rushes.core.errors import MissingError
from rushes.service.errors import ERRORS, UnknownKeyError
from rushes.service.footage import Footage
from rushes.service.house import House
from rushes.studio.takes import Rendition

LINK_S = 24 * 3600.0
_ENDINGS = {
    "video/mp4": ".mp4", "image/png": ".png", "image/webp": ".webp", "image/jpeg": ".jpg", "text/vtt": ".vtt",
}  # fmt: skip
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {}
            for kind in (
                "video/mp4",
                "image/png",
                "image/jpeg",
                "image/webp",
                "text/vtt",
                "application/octet-stream",
            )
        }
    },
    206: {"description": "The part that was asked for."},
    304: {"description": "What the client has is what there is."},
    416: {"description": "The file ends before that part."},
}
_PART = r"[ \t]*(?:\d{1,18}-\d{0,18}|-\d{1,18})[ \t]*"
_RANGE = re.compile(f"bytes={_PART}(?:,{_PART})*")
_PARTS = re.compile(r"(\d*)-(\d*)")
router = APIRouter(tags=["files"])
# What a sealed text is for: one for a file opens no take, nor the reverse.
_FILE = "file "


def send_file(house: House, tenant_id: str, file: Rendition, name: str, request: Request) -> Response:
    """A stored file under its hash as ETag; ``name`` is what a browser saves it as."""
    path = house.files.path(tenant_id, file.sha256)
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise MissingError(f"the file of {name} is gone: make the take again") from None
    tag = f'"{file.sha256}"'
    headers = {"etag": tag, "cache-control": "private, max-age=3600, immutable"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    _read_range(request, facts.st_size)
    return FileResponse(path, 200, headers, file.media_type, filename=name, stat_result=facts)


def _read_range(request: Request, size: int) -> None:
    """Drop a ``Range`` that is none, and parts the file does not have (RFC 9110, 14.1.1 and 14.2).

    Raises HTTPException 416 where it has none of them. By itself Starlette answers all these outside the
    envelope.
    """
    given = request.headers.get("range")
    if given is None or "if-range" in request.headers:
        return
    parts = _PARTS.findall(given) if _RANGE.fullmatch(given) else []
    if any(first and last and int(first) > int(last) for first, last in parts):
        parts = []
    there = [(first, last) for first, last in parts if (int(first) < size if first else int(last) > 0)]
    if parts and not there:
        raise HTTPException(
            416, f"the file has {size} bytes: ask for some of those", {"content-range": f"bytes */{size}"}
        )
    kept = [header for header in request.scope["headers"] if header[0] != b"range"]
    if there:
        kept.append((b"range", f"bytes={','.join(map('-'.join, there))}".encode()))
    request.scope["headers"] = kept


def file_name(footage: Footage, file: Rendition) -> str:
    """Made of our own code alone: nothing a client wrote stands in a header."""
    return footage.take.code + _ENDINGS.get(file.media_type, "")


def signed_link(house: House, tenant_id: str, file: Rendition, now: float) -> str:
    """A path that opens this file for a day."""
    return f"/media/{seal(house, _FILE, (tenant_id, file.sha256, file.media_type), now)[0]}"


@router.get("/media/{link}", responses={**ERRORS, **FILE_ANSWERS}, response_class=Response)
@router.head("/media/{link}", include_in_schema=False)
def media(link: str, request: Request) -> Response:
    """The file of a signed link; no key is needed."""
    house: House = request.app.state.house
    tenant_id, digest, media_type = unseal(house, _FILE, link)
    file = Rendition("", "", "", digest, media_type, "", {}, 0.0)
    return send_file(house, tenant_id, file, f"{digest[:12]}.mp4", request)


def seal(house: House, purpose: str, parts: Sequence[str], now: float) -> tuple[str, int]:
    """A text nobody else can make, which stands for ``parts`` for a day, and when it ends."""
    until = int(now + LINK_S)
    text = base64.urlsafe_b64encode("|".join((*parts, str(until))).encode()).decode().rstrip("=")
    return f"{text}.{_mac(house, purpose + text)}", until


def unseal(house: House, purpose: str, link: str) -> list[str]:
    """The parts of a sealed text. UnknownKeyError for one that is not ours, or whose time is over."""
    text, _, mac = link.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(house, purpose + text).encode()):
        raise UnknownKeyError("the link is not one of ours: ask for the video again")
    *parts, until = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
    if time.time() > int(until):
        raise UnknownKeyError("the link is over: ask for the video again")
    return parts


def _mac(house: House, text: str) -> str:
    return hmac.new(house.secret, text.encode(), sha256).hexdigest()
