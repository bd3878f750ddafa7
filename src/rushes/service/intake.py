"""A body as a file on the disk, as it comes; and how such bodies stand in the OpenAPI document."""

from pathlib import Path
from typing import Any

from fastapi import Request


async def write_body(request: Request, path: Path) -> None:
    """Write the body to ``path``. Its size is limited around every request."""
    # Straight from here: a chunk goes into the page cache faster than to another thread.
    with path.open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)


def body_of_bytes(example: str) -> dict[str, Any]:
    """What a route says of a body it reads itself."""
    content = {"schema": {"type": "string", "format": "binary"}, "example": example}
    return {"requestBody": {"required": True, "content": {"application/octet-stream": content}}}
