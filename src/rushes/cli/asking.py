"""From the options of ``rushes shoot`` to what a take is asked, and to how this machine makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from rushes.cli.camera import Machine
from rushes.cli.choosing import candidates_shared, read_sliders
from rushes.cli.loras import asked_loras
from rushes.cli.planned import Given
from rushes.core.errors import UsageError
from rushes.core.memory_size import parse_memory

_AS_SAID = (
    "seconds", "size", "steps", "guidance_high", "guidance_low", "negative", "upscale", "preset",
    "candidates",
)  # fmt: skip
_LORAS = ("lora", "lora_high", "lora_low")


@dataclass(frozen=True)
class Asking:
    """What all takes of one command are told, and the files they start from."""

    settings: Mapping[str, Any]
    given: Given


def is_given(context: typer.Context, name: str) -> bool:
    """Whether a person said it, rather than leaving it to us."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def asking(context: typer.Context) -> Asking:
    """The options a person gave, as settings that JSON can hold, and files."""
    given = {name: value for name, value in context.params.items() if is_given(context, name)}
    settings = {name: given[name] for name in _AS_SAID if name in given}
    if "upscale" in settings:
        settings["upscale"] = str(settings["upscale"])
    if context.params["devices"] > 1:
        settings["candidates"] = candidates_shared(settings.get("candidates"))
    if given.get("slider"):
        settings["sliders"] = dict(read_sliders(given["slider"]))
    uses = asked_loras(*(given.get(name) or () for name in _LORAS))
    if uses:
        settings["loras"] = [
            {"name": use.path.name, "strength": use.strength, "noise": use.noise and str(use.noise)}
            for use in uses
        ]
    return Asking(settings, Given(given.get("first_frame"), tuple(use.path for use in uses)))


def check_machine(params: Mapping[str, Any]) -> Machine:
    """How this machine is to make them; UsageError for what does not go together."""
    memory, devices = params["memory_budget"], params["devices"]
    budget = None if memory is None else parse_memory(memory)
    if budget and devices > 1:
        raise UsageError("a memory budget holds for one process: leave out --memory-budget or --devices")
    return Machine(budget, devices, params["save_every"])
