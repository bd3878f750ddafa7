"""The one door to other machines."""

import json
import os
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import rushes
from rushes.core.errors import HubError, UsageError

OFFLINE = "HF_HUB_OFFLINE"
# The longest silence on a connection before it is given up and taken up again.
TIMEOUT = 30.0
_FORBIDDEN = (401, 403)
_PASSING = (408, 416, 425, 429)


class UnreachableError(Exception):
    """No answer, or one that another try may better."""


def is_offline() -> bool:
    """Whether the environment forbids connections (``HF_HUB_OFFLINE``, as Hugging Face's tools read it)."""
    return os.environ.get(OFFLINE, "").upper() in {"1", "ON", "YES", "TRUE"}


def _opener() -> OpenerDirector:
    """Speaks HTTP only; redirects and the environment's proxies are followed."""
    opener = OpenerDirector()
    errors = HTTPErrorProcessor, HTTPDefaultErrorHandler, HTTPRedirectHandler
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, *errors):
        opener.add_handler(handler())
    return opener


def open_url(url: str, first_byte: int = 0) -> HTTPResponse:
    """The answer to a GET from ``first_byte`` on; the server may send all of it nevertheless.

    Raises UsageError when the environment forbids connections, HubError for an answer that stays as it is,
    UnreachableError for the rest.
    """
    if is_offline():
        raise UsageError(f"{OFFLINE} forbids connections: unset it to pull models")
    request = Request(url, headers={"User-Agent": f"rushes/{rushes.__version__}"})
    if first_byte:
        request.add_header("Range", f"bytes={first_byte}-")
    try:
        answer: HTTPResponse | None = _opener().open(request, timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code in _FORBIDDEN:
            raise HubError(f"{url} is not open to everybody ({error.code}): try another --from") from None
        if error.code < 500 and error.code not in _PASSING:
            raise HubError(f"{url} does not exist ({error.code}): try another --from or --revision") from None
        raise UnreachableError(f"the server answered {error.code}") from error
    except (OSError, HTTPException) as error:
        raise UnreachableError(
            str(getattr(error, "reason", "")) or str(error) or type(error).__name__
        ) from error
    if answer is None:
        raise HubError(f"{url} is no address to pull from: give one that begins with https://")
    return answer


def in_words(error: Exception) -> str:
    """What went wrong on a connection."""
    return str(getattr(error, "reason", "")) or str(error) or type(error).__name__


def get_json(url: str) -> dict[str, Any]:
    """A JSON object. Raises as :func:`open_url`, and HubError for anything else."""
    try:
        with open_url(url) as answer:
            content = answer.read()
    except (OSError, HTTPException) as error:
        raise UnreachableError(in_words(error)) from error
    try:
        document = json.loads(content)
    except ValueError as error:
        raise HubError(f"{url} answered with something else than JSON: is it a hub?") from error
    if not isinstance(document, dict):
        raise HubError(f"{url} answered with something else than a JSON object: is it a hub?")
    return document
