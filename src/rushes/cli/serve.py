"""``rushes serve``: the studio over HTTP, one command."""

import os
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import open_studio_when_there
from rushes.core.errors import RushesError, UsageError
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.service.house import ServedModel
    from rushes.service.tracing import Spans
    from rushes.studio.child import Steps


def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address; not loopback: needs keys and RUSHES_POLICY.")
    ] = "127.0.0.1",
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that make takes. Default: one a GPU, or one.")
    ] = None,
    drain: Annotated[float, typer.Option(min=0, help="Seconds running takes have to end at a stop.")] = 30.0,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Webhooks and pictures may be of this host of your own network.")
    ] = None,
) -> None:
    """Serve the studio: OpenAI-shaped, DashScope-shaped and by its own interface."""
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: pip install 'rushes[serve]'") from error
    from rushes.cli.take_steps import build, estimator
    from rushes.safety.gate import open_gate
    from rushes.service.house import Engine, House, link_secret
    from rushes.service.keys import KeyFile
    from rushes.service.server import Address, check_address
    from rushes.service.server import serve as run

    settings = Settings.from_environment()
    home = settings.studio
    keys = KeyFile(home / "keys.json")
    address = Address(host, port)
    has_keys = bool(keys.all())
    check_address(address, has_keys, settings.policy)
    gate = open_gate(settings.policy)
    studio = open_studio_when_there()
    models = _served_models() | _hosted_models()
    first = next((name for name, model in models.items() if not model.is_hosted), "")
    engine = Engine(models, estimator(studio.files), partial(_builder, first), build)
    house = House(
        studio.desk.store, studio.files, engine, keys, not has_keys, link_secret(home / "link.secret"),
        spans=_spans(), gate=gate, price=settings.price,
        allowed_hosts=frozenset(name.lower() for name in allow_host or ()),
    )  # fmt: skip
    run(house, address, len(_gpus()) or 1 if workers is None else workers, drain)


def _spans() -> "Spans":
    """OpenTelemetry's where its own variables ask for it."""
    from rushes.service.tracing import NoSpans

    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not any(os.environ.get(name) for name in names):
        return NoSpans()
    try:
        from rushes.service.spans import exported
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: pip install 'rushes[otel]'") from error
    return exported()


def _served_models() -> "dict[str, ServedModel]":
    """mini, and the published models that are whole on this machine, by name."""
    from rushes.cli.framing import usual_size
    from rushes.core.model_facts import FirstFrame
    from rushes.engine.catalogue import PACKAGED, PUBLISHED, model_folder
    from rushes.engine.facts import read_facts
    from rushes.service.house import ServedModel

    found = {}
    for name in (*PACKAGED, *PUBLISHED):
        try:
            folder = model_folder(name)
            if not (folder / "model.json").exists():
                # Foreign layouts say what they are only in their tensors, which this process never loads.
                continue
            facts = read_facts(folder)
        except RushesError:
            continue
        defaults = facts.defaults
        found[name] = ServedModel(
            name, defaults.frame_rate, defaults.seconds, *usual_size(facts),
            facts.conventions.first_frame is not FirstFrame.NONE,
        )  # fmt: skip
    return found


def _hosted_models() -> "dict[str, ServedModel]":
    """The hosted models by name, where there is a key for them and what they need is installed."""
    from importlib.util import find_spec

    from rushes.hosted.account import Account
    from rushes.hosted.models import MODELS
    from rushes.service.house import ServedModel

    if not Account.is_given() or find_spec("httpx") is None:
        return {}
    return {
        name: ServedModel(
            name, model.frame_rate, Fraction(model.seconds[0]), *model.default_size, is_hosted=True
        )
        for name, model in MODELS.items()
    }


def _builder(model: str, number: int) -> "Callable[[], Steps]":
    return partial(_build_on, _gpus()[number % len(_gpus())] if _gpus() else "", model)


def _build_on(gpu: str, model: str) -> "Steps":
    """In the child: choose the GPU before torch sees any, and load the model people get who name none."""
    from rushes.cli.take_steps import build
    from rushes.service.json_log import log_as_json

    log_as_json()
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    return build(model)


def _gpus() -> list[str]:
    """The GPUs of this machine by number, without loading what would use them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [each for each in chosen.split(",") if each.strip() and each.strip() != "-1"]
    return sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))
