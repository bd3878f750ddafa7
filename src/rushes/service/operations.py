"""Is it alive, is it ready, what does it count, which models are there."""

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from rushes.core.errors import StoreError
from rushes.service.caller import Operator, Reader
from rushes.service.crew import Crew
from rushes.service.errors import ERRORS
from rushes.service.house import House

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """One word, and what is wrong."""

    status: Literal["ok", "draining", "failing"]
    reasons: list[str] = []


class Model(BaseModel):
    """A model by the name to send."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "rushes"
    frame_rate: str
    seconds: str
    size: str


class Models(BaseModel):
    """All models served here."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/healthz", response_model_exclude_defaults=True)
async def healthz() -> Health:
    """Whether the process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health}})
def readyz(request: Request) -> Response:
    """Whether new work is welcome, and if not, why: database, disk, workers, or the server's own end."""
    house: House = request.app.state.house
    reasons = list(_reasons(house, request.app.state.crew))
    if house.draining.is_set():
        return JSONResponse({"status": "draining", "reasons": ["the server is about to end", *reasons]}, 503)
    if reasons:
        return JSONResponse({"status": "failing", "reasons": reasons}, 503)
    return JSONResponse({"status": "ok"})


def _reasons(house: House, crew: Crew | None) -> Iterator[str]:
    try:
        with house.store.read() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        yield f"the database does not answer ({type(error.orig).__name__})"
    except StoreError:
        yield "the database's file is gone or another one"
    try:
        house.files.check_room()
    except StoreError:
        yield "the disk is nearly full"
    except OSError:
        yield "the files cannot be reached"
    states = crew.states() if crew is not None else {}
    if states.get("down") and states["down"] == sum(states.values()):
        yield f"all {states['down']} workers keep failing: see the log"


@router.get("/metrics", responses={**ERRORS, 200: {"content": {"text/plain": {}}}}, response_class=Response)
def metrics(request: Request, _caller: Operator) -> Response:
    """Numbers for Prometheus."""
    return PlainTextResponse(request.app.state.meter.text())


@router.get("/v1/models", responses=ERRORS)
async def models(caller: Reader) -> Models:
    """What can be asked for."""
    return Models(
        data=[
            Model(
                id=model.name, frame_rate=str(model.frame_rate), seconds=str(float(model.seconds)),
                size=f"{model.width}x{model.height}",
            )
            for model in caller.house.engine.models.values()
        ]
    )  # fmt: skip
