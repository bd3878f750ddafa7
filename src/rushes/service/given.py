"""Pictures that requests bring along, as bytes, data URLs or addresses: kept like files of ``/v1/files``."""

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rushes.core.errors import UsageError
from rushes.service.caller import Caller
from rushes.service.outbound import Caps, Letter, send
from rushes.studio.uploads import keep_upload

FETCH = Caps(seconds=20.0, num_bytes=16 * 2**20)
_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40}(;[a-z0-9=-]{1,40})*;base64,", re.IGNORECASE)
# Text of at most the bytes a body may have.
PictureText = Annotated[str, StringConstraints(min_length=1, max_length=8 * 2**20, pattern=r"^[!-~]+$")]


class PictureReference(BaseModel):
    """A picture to start from: a data URL or an https address, or the hash of a file sent to /v1/files."""

    model_config = ConfigDict(extra="forbid")
    image_url: PictureText | None = None
    file_id: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _one(self) -> "PictureReference":
        if (self.image_url is None) == (self.file_id is None):
            raise ValueError("give image_url or file_id, one of the two")
        return self


def keep_reference(caller: Caller, reference: PictureReference | None) -> str:
    """Hash of the picture a request names, empty for none.

    Raises UsageError for what is no picture, or cannot be fetched.
    """
    if reference is None:
        return ""
    return reference.file_id or keep_picture(caller, reference.image_url or "")


def keep_picture(caller: Caller, url: str) -> str:
    """Hash of the picture in a data URL, or at an address of the open network."""
    head = _DATA.match(url[:200])
    if head is not None:
        return keep_bytes(caller, _decoded(url[head.end() :]))
    if url.lower().startswith("data:"):
        raise UsageError("the data URL holds no picture: write data:image/png;base64,...")
    reply = send(url, caller.house.allowed_hosts, Letter(headers={"accept": "image/*"}), FETCH)
    if reply.status != 200:
        raise UsageError(f"the picture's address answered {reply.status}: check the URL")
    return keep_bytes(caller, reply.body)


def keep_bytes(caller: Caller, picture: bytes) -> str:
    """Hash of a picture, once it is found to be one."""
    with caller.house.files.scratch() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(picture)
        return keep_upload(caller.desk, caller.house.files, path).sha256


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UsageError("the data URL is not base 64: write data:image/png;base64,...") from error
