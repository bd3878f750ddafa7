"""The application: routes over a house. Importing it loads no torch and opens nothing."""

from typing import Any

from fastapi import FastAPI

import rushes
from rushes.service import (
    batches,
    cuts,
    dashscope,
    delivery,
    files,
    journal,
    local_files,
    operations,
    policy,
    queue,
    remakes,
    retention,
    review,
    scripts,
    stills,
    studio,
    variants,
    videos,
    webhooks,
)
from rushes.service.caller import Door
from rushes.service.crew import Crew
from rushes.service.errors import add_error_handlers
from rushes.service.house import House
from rushes.service.metrics import Meter
from rushes.service.tracing import Tracing
from rushes.service.watch import Watch
from rushes.service.wire import Wire


def make_app(house: House, crew: Crew | None = None) -> FastAPI:
    """Serve ``house``; ``crew`` is counted and asked how it is, not started."""
    app = FastAPI(
        title="rushes", version=rushes.__version__, docs_url=None, redoc_url=None,
        description="Words into shots, shots into a rough cut, over HTTP.", redirect_slashes=False,
    )  # fmt: skip
    meter = Meter(house)
    if crew is not None:
        meter.watch(crew)
    app.state.house, app.state.door, app.state.meter, app.state.crew = house, Door(house), meter, crew
    app.state.wire = Wire(house)
    parts = (operations, videos, dashscope, studio, review, queue, journal, delivery, files, stills, webhooks)
    for part in (*parts, policy, scripts, batches, variants, cuts, retention, local_files, remakes):
        app.include_router(part.router)
    add_error_handlers(app)
    app.add_middleware(Watch, house=house, meter=meter)
    app.add_middleware(Tracing, spans=house.spans)
    plain = app.openapi

    def document() -> dict[str, Any]:
        """What cannot be used is answered with 400 here, never with FastAPI's 422."""
        found = plain()
        for path in found["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        return found

    app.openapi = document  # type: ignore[method-assign]
    return app
