"""What speaks HTTP to an OpenAI-compatible endpoint, for the package that knows no network."""

import urllib.error
import urllib.request
from collections.abc import Mapping

_MOST_BYTES = 1_000_000


def send(address: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> tuple[int, bytes]:
    """Post ``body`` and return status and answer (at most 1 MB). Raises OSError when none comes in time."""
    request = urllib.request.Request(address, body, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return response.status, response.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        return error.code, b""
