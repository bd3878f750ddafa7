"""Errors over HTTP: one table of statuses, one envelope, and DashScope's for its clients."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException

from rushes.core.decision import Decision
from rushes.core.errors import (
    ConflictError,
    LimitError,
    MissingError,
    RefusedError,
    RushesError,
    StoreError,
    UsageError,
    WeightsError,
)

log = logging.getLogger("rushes.http")
DASHSCOPE = "/api/v1/"
# What helps stands behind the last of these in all our messages.
_REMEDY = re.compile(r"[:;] ")
# The studio's remedies name commands; who asks over HTTP has these in their place.
_COMMAND = re.compile(r"`rushes (queue|review|show|shots|project)\b[^`]*`")
_REQUESTS: Mapping[str, str] = MappingProxyType(
    {
        "queue": "GET /v1/jobs",
        "review": "POST /v1/takes/ID/allow",
        "show": "GET /v1/takes",
        "shots": "GET /v1/projects/CODE/shots",
        "project": "GET /v1/projects",
    }
)
_NEVER = (("x-should-retry", "false"),)
_SOON = (("retry-after", "5"),)


class ScopeError(RushesError):
    """The key may not do this."""


class UnknownKeyError(RushesError):
    """There is no key, or none that opens anything."""


class StaleError(ConflictError):
    """The caller changed an older state than the present one (If-Match)."""


class BusyError(RushesError):
    """Too many requests at once."""


@dataclass(frozen=True)
class Answer:
    """Status, code of our envelope, code of DashScope's, and headers."""

    status: int
    code: str
    dashscope: str
    headers: tuple[tuple[str, str], ...] = _NEVER


# The first class that fits: narrow ones before those they derive from.
ANSWERS: Mapping[type[Exception], Answer] = MappingProxyType(
    {
        UnknownKeyError: Answer(401, "invalid_api_key", "InvalidApiKey"),
        ScopeError: Answer(403, "scope_missing", "AccessDenied"),
        StaleError: Answer(412, "precondition_failed", "InvalidParameter"),
        MissingError: Answer(404, "not_found", "InvalidParameter"),
        ConflictError: Answer(409, "conflict", "UnsupportedOperation"),
        LimitError: Answer(429, "limit_reached", "Throttling.AllocationQuota"),
        BusyError: Answer(429, "rate_limited", "Throttling.RateQuota", _SOON),
        UsageError: Answer(400, "invalid_request", "InvalidParameter"),
        RefusedError: Answer(400, "content_policy_violation", "DataInspectionFailed"),
        StoreError: Answer(503, "store_unavailable", "InternalError", _SOON),
        WeightsError: Answer(503, "model_unavailable", "InternalError"),
        RushesError: Answer(500, "internal_error", "InternalError"),
    }
)
_BY_STATUS = {
    400: ("invalid_request", "InvalidParameter"),
    401: ("invalid_api_key", "InvalidApiKey"),
    403: ("forbidden", "AccessDenied"),
    404: ("not_found", "InvalidParameter"),
    405: ("method_not_allowed", "InvalidParameter"),
    413: ("body_too_large", "InvalidParameter"),
    416: ("range_not_satisfiable", "InvalidParameter"),
}


class Problem(BaseModel):
    """What went wrong and what helps. ``rule`` and ``span``, [start, end) in ``param``: of a refused text."""

    message: str
    remedy: str
    type: str
    code: str
    param: str | None = None
    rule: str | None = None
    span: tuple[int, int] | None = None
    request_id: str


class ErrorBody(BaseModel):
    """The one envelope of all errors."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "message": "model 'maxi' is not served here: choose mini",
                        "remedy": "choose mini",
                        "type": "invalid_request_error",
                        "code": "not_found",
                        "param": None,
                        "request_id": "req_5f0c6b0c2f7a4d7e9b1a2c3d",
                    }
                }
            ]
        }
    )
    error: Problem


class DashScopeError(BaseModel):
    """The envelope DashScope's clients read."""

    code: str
    message: str
    request_id: str


def _told_as(envelope: type[BaseModel], first: int, *others: int) -> dict[int | str, dict[str, Any]]:
    """Statuses of a route that answers errors in ``envelope``.

    Given as a model for each, it would be examined anew for every status of every route: a sixth of the
    server's start.
    """
    schema = {"$ref": f"#/components/schemas/{envelope.__name__}"}
    named = {"content": {"application/json": {"schema": schema}}}
    return {first: {"model": envelope}, **dict.fromkeys(others, named)}


ERRORS = _told_as(ErrorBody, 400, 401, 403, 404, 405, 409, 412, 413, 429, 503)
DASHSCOPE_ERRORS = _told_as(DashScopeError, 400, 401, 403, 404, 405, 409, 413, 429, 503)


def add_error_handlers(app: FastAPI) -> None:
    """Let every error leave through the envelope."""
    app.add_exception_handler(RushesError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(OperationalError, _unavailable)
    app.add_exception_handler(NoConnectionError, _unavailable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _ours(request: Request, error: Exception) -> JSONResponse:
    answer = next(answer for kind, answer in ANSWERS.items() if isinstance(error, kind))
    decision = error.decision if isinstance(error, RefusedError) else None
    return envelope(request, answer, str(error), decision=decision)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """The first thing wrong, by the name of its field; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError | ValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
    words = f"{place or 'the body'} cannot be used ({first['msg']}): correct it and send again"
    return envelope(request, ANSWERS[UsageError], words, place)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    ours, dashscope = _BY_STATUS.get(error.status_code, ("error", "InternalError"))
    answer = Answer(error.status_code, ours, dashscope, tuple((error.headers or {}).items()))
    detail = (
        error.detail if ": " in error.detail else f"{error.detail}: /openapi.json lists what can be asked"
    )
    return envelope(request, answer, detail)


def _unstorable(request: Request, _error: Exception) -> JSONResponse:
    """PostgreSQL takes no zero bytes in texts, not even to look for them."""
    words = "something that was sent is no text the database can hold: leave out zero bytes"
    return envelope(request, ANSWERS[UsageError], words)


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    """The database is locked, full, restarting or gone: nothing was done, and a client may send again."""
    log.error("the database did not answer", exc_info=error)
    words = "the database does not answer: send the same again in a few seconds"
    return envelope(request, ANSWERS[StoreError], words)


def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    answer = Answer(500, "internal_error", "InternalError", ())
    number = request.scope.get("request_id", "")
    return envelope(request, answer, f"something went wrong here: tell the operator {number}")


def envelope(
    request: Request, answer: Answer, message: str, param: str = "", decision: Decision | None = None
) -> JSONResponse:
    """An error as the clients of this path read them."""
    number = request.scope.get("request_id", "")
    message = _COMMAND.sub(lambda found: _REQUESTS[found[1]], message)
    body: dict[str, Any]
    if request.url.path.startswith(DASHSCOPE):
        body = {"code": answer.dashscope, "message": message, "request_id": number}
    else:
        kind = "server_error" if answer.status >= 500 else "invalid_request_error"
        problem = Problem(
            message=message, remedy=_REMEDY.split(message)[-1], type=kind, code=answer.code,
            param=param or None, request_id=number,
        )  # fmt: skip
        if decision is not None:
            found = {"rule": decision.rule, "span": decision.span, "param": decision.text}
            problem = problem.model_copy(update={**found, "remedy": decision.remedy})
        body = ErrorBody(error=problem).model_dump()
    return JSONResponse(body, answer.status, dict(answer.headers))
