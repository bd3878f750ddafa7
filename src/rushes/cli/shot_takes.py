"""Takes of a shot, here and now: submitted to the ledger and made by the same production as in a worker."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from rushes.cli.choosing import candidates_shared, read_sliders
from rushes.cli.desk import Studio, open_studio, print_json
from rushes.cli.loras import asked_loras
from rushes.cli.screen import Screen, duration
from rushes.cli.take_plan import FIRST_FRAME, LORA, Given, estimate_planned, plan_take, rehearse
from rushes.core.errors import CancelledError, ConflictError, UsageError
from rushes.core.memory_size import parse_memory

if TYPE_CHECKING:
    from rushes.cli.take_steps import Filmer
    from rushes.studio.projects import Project
    from rushes.studio.shooting import Submitted
    from rushes.studio.shots import Shot
    from rushes.studio.takes import Input, TakeRequest

_AS_SAID = (
    "seconds", "size", "steps", "guidance_high", "guidance_low", "negative", "upscale", "preset",
    "candidates",
)  # fmt: skip
_LORAS = {"lora": None, "lora_high": "high", "lora_low": "low"}
_OF_THIS_MACHINE = ("memory_budget", "devices", "as_json", "quiet")
_KNOWN = {
    "prompt", "shot", "takes", "project", "dry_run", "seed", "model", "first_frame", "slider",
    *_AS_SAID, *_LORAS, *_OF_THIS_MACHINE,
}  # fmt: skip


def shoot_shot(context: typer.Context, project: str, takes: int) -> None:
    """``rushes shoot --shot``: takes of a project's shot, with seeds that follow one another.

    Raises UsageError for options of ``shoot`` that a take does not know, rather than dropping them.
    """
    from rushes.cli.take_steps import Filmer

    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        names = ", ".join("--" + name.replace("_", "-") for name in unknown)
        raise UsageError(f"{names} cannot be used with --shot: leave out one or the other")
    as_json = bool(given.get("as_json"))
    studio, screen = open_studio(), Screen(bool(given.get("quiet")), as_json)
    memory, devices = given.get("memory_budget"), context.params["devices"]
    budget = None if memory is None else parse_memory(memory)
    if budget and devices > 1:
        raise UsageError("a memory budget holds for one process: leave out --memory-budget or --devices")
    params, asked, ours = {**context.params, "takes": takes}, _asked(given), studio.project(project)
    if params["dry_run"]:
        _foretell(studio, ours, params, asked)
        return
    new = _submit(studio, ours.id, params, asked)
    documents = make_all(studio, new, screen, Filmer(screen, studio.files, budget, devices))
    if as_json:
        print_json({"takes": documents})


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@dataclass(frozen=True)
class Asked:
    """What all takes of one command are told, and the files they start from."""

    settings: Mapping[str, Any]
    given: Given

    def inputs(self, studio: Studio) -> "tuple[Input, ...]":
        """The files, kept by their hashes before any take names them."""
        from rushes.studio.inputs import take_in
        from rushes.studio.takes import Input

        picture = self.given.first_frame
        roles = [] if picture is None else [(FIRST_FRAME, picture)]
        roles += [(f"{LORA} {number}", path) for number, path in enumerate(self.given.loras, 1)]
        return tuple(Input(role, take_in(studio.desk, studio.files, path).sha256) for role, path in roles)


def _asked(given: Mapping[str, Any]) -> Asked:
    """From the options a person gave to settings that JSON can hold."""
    settings = {name: given[name] for name in _AS_SAID if name in given}
    if "upscale" in settings:
        settings["upscale"] = str(settings["upscale"])
    if given.get("devices", 1) > 1:
        settings["candidates"] = candidates_shared(settings.get("candidates"))
    if given.get("slider"):
        settings["sliders"] = dict(read_sliders(given["slider"]))
    texts = (given.get(name) or () for name in _LORAS)
    uses = asked_loras(*texts)
    if uses:
        settings["loras"] = [
            {"name": use.path.name, "strength": use.strength, "noise": use.noise and str(use.noise)}
            for use in uses
        ]
    return Asked(settings, Given(given.get("first_frame"), tuple(use.path for use in uses)))


def _first_of(
    studio: Studio, project_id: str, params: Mapping[str, Any], asked: Asked
) -> "tuple[Shot, TakeRequest]":
    """The shot, and what its first take of this command is asked to be."""
    from rushes.studio.shots import find_shot
    from rushes.studio.takes import TakeRequest

    shot = find_shot(studio.desk, project_id, params["shot"].upper())
    seed = secrets.randbelow(10**6) if params["seed"] is None else params["seed"]
    return shot, TakeRequest(params["prompt"] or shot.words.text, seed, params["model"], asked.settings)


def _foretell(studio: Studio, project: "Project", params: Mapping[str, Any], asked: Asked) -> None:
    """Say what would be made and how long that may take: by takes made here, else by timing one block."""
    shot, first = _first_of(studio, project.id, params, asked)
    planned = plan_take(first, asked.given)
    seconds = estimate_planned(studio.desk, first.model, planned)
    basis = "takes made here"
    if not seconds:
        basis, seconds = "one block of the model, timed now", rehearse(planned)
    whole = params["takes"] * seconds
    left = None if project.budget_s is None else project.budget_s - project.spent_s - project.reserved_s
    if params["as_json"]:
        facts = {"shot": shot.code, "takes": params["takes"], "estimate_s": round(whole, 1), "basis": basis}
        print_json({**facts, "budget_left_s": left, "fits": left is None or whole <= left})
        return
    print(f"{params['takes']} takes of {shot.code}, about {duration(whole)}, by {basis}")
    if left is not None:
        print(f"project {project.code} has {left:.0f} s left" + (": too little" if whole > left else ""))


def _submit(studio: Studio, project_id: str, params: Mapping[str, Any], asked: Asked) -> "list[Submitted]":
    """Write all takes down before the first is made: a stop leaves them queued, not lost."""
    from rushes.studio.shooting import Terms, submit_take

    shot, first = _first_of(studio, project_id, params, asked)
    planned = plan_take(first, asked.given)
    seconds = estimate_planned(studio.desk, first.model, planned)
    inputs = asked.inputs(studio)
    each = planned.request.candidates
    requests = [replace(first, seed=first.seed + n * each) for n in range(params["takes"])]
    terms = Terms(is_held=True, estimate_s=seconds)
    return [submit_take(studio.desk, shot.id, request, terms, inputs=inputs) for request in requests]


def make_all(
    studio: Studio, new: "Sequence[Submitted]", screen: Screen, filmer: "Filmer"
) -> list[dict[str, Any]]:
    """Make submitted takes one after another with one warm model; what ``--json`` says about them."""
    try:
        return [make_one(studio, each, filmer, screen) for each in new]
    except KeyboardInterrupt:
        raise CancelledError("stopped; what is not made stays in the queue") from None
    finally:
        filmer.close()
        _leave_to_workers(studio, new)


def _leave_to_workers(studio: Studio, new: "Sequence[Submitted]") -> None:
    """What this command did not come to may be made by `rushes queue --work`."""
    from rushes.studio.jobs.job import JobState
    from rushes.studio.jobs.queue import find_job, hold

    for each in new:
        if find_job(studio.desk, each.job.id).state is JobState.QUEUED:
            # What the gate put before a person stays held.
            with suppress(ConflictError):
                hold(studio.desk, each.job.id, False)


def make_one(studio: Studio, new: "Submitted", filmer: "Filmer", screen: Screen) -> dict[str, Any]:
    """Make one take and lay it out in the folder."""
    from rushes.studio.folder import lay_out, take_document
    from rushes.studio.foreground import run_now
    from rushes.studio.production import StageEvent

    screen.say("take", f"{new.take.code}, seed {new.take.request.seed}")
    for event in run_now(studio.desk, studio.files, new.job, filmer(new.take, new.job)):
        if isinstance(event, StageEvent):
            outcome = (
                "not installed" if event.outcome == "absent" else f"{event.outcome} {event.seconds:.1f} s"
            )
            screen.say(event.step, outcome)
    clip = lay_out(studio.desk, studio.files, studio.folder, new.take)
    screen.say("wrote", str(clip))
    return {**take_document(studio.desk, new.take), "video": str(clip)}
