"""Takes of a shot, here and now: submitted to the ledger and made by the same production as in a worker."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from rushes.cli.asking import Asking, asking, check_machine, is_given
from rushes.cli.camera import Camera
from rushes.cli.desk import Studio, open_studio, print_json
from rushes.cli.inbox_takes import take_in_all
from rushes.cli.planned import Planned
from rushes.cli.screen import Screen, counted, duration
from rushes.cli.take_plan import estimate_planned, lasting_name, plan_take, rehearse, used_here
from rushes.cli.watching import Watching
from rushes.core.errors import CancelledError, ConflictError, UsageError

if TYPE_CHECKING:
    from rushes.cli.take_steps import Filmer
    from rushes.studio.projects import Project
    from rushes.studio.shooting import Submitted
    from rushes.studio.shots import Shot
    from rushes.studio.takes import TakeRequest

_CLIPS_ALONE = {"output", "variants", "previews"}


def shoot_shot(context: typer.Context, project: str, takes: int) -> None:
    """``rushes shoot --shot``: takes of a project's shot, with seeds that follow one another.

    Raises UsageError for options of ``shoot`` that a take does not know, rather than dropping them.
    """
    from rushes.cli.take_steps import Filmer

    params = {**context.params, "takes": takes}
    foreign = sorted(name for name in _CLIPS_ALONE if is_given(context, name))
    if foreign:
        names = ", ".join("--" + name.replace("_", "-") for name in foreign)
        raise UsageError(f"{names} cannot be used with --shot: leave out one or the other")
    machine, asked = check_machine(params), asking(context)
    studio, screen = open_studio(), Screen(params["quiet"], params["as_json"])
    ours = studio.project(project)
    if params["dry_run"]:
        _foretell(studio, ours, params, asked)
        return
    new = _submit(studio, ours.id, params, asked)
    documents = make_all(studio, new, screen, Filmer(Camera(Watching(screen), machine), studio.files))
    if params["as_json"]:
        print_json({"takes": documents})


def _first_of(
    studio: Studio, project_id: str, params: Mapping[str, Any], asked: Asking
) -> "tuple[Shot, TakeRequest]":
    """The shot, and what its first take of this command is asked to be."""
    from rushes.studio.shots import find_shot
    from rushes.studio.takes import TakeRequest

    shot = find_shot(studio.desk, project_id, params["shot"].upper())
    seed = secrets.randbelow(10**6) if params["seed"] is None else params["seed"]
    model = lasting_name(params["model"])
    return shot, TakeRequest(params["prompt"] or shot.words.text, seed, model, asked.settings)


def _foretell(studio: Studio, project: "Project", params: Mapping[str, Any], asked: Asking) -> None:
    """Say what would be made and how long that may take: by takes made here, else by timing one block."""
    shot, first = _first_of(studio, project.id, params, asked)
    planned = plan_take(first, asked.given)
    seconds, basis = foretold(studio, first.model, planned)
    whole = params["takes"] * seconds
    left = None if project.budget_s is None else project.budget_s - project.spent_s - project.reserved_s
    if params["as_json"]:
        facts = {"shot": shot.code, "takes": params["takes"], "estimate_s": round(whole, 1), "basis": basis}
        print_json({**facts, "budget_left_s": left, "fits": left is None or whole <= left})
        return
    takes = counted(params["takes"], "take")
    print(f"{takes} of {shot.code}, about {duration(whole)}, by {basis}")
    if left is not None:
        print(f"project {project.code} has {left:.0f} s left" + (": too little" if whole > left else ""))


def foretold(studio: Studio, model: str, planned: Planned) -> tuple[float, str]:
    """Machine seconds for a take, and what they are known by: takes made here, else a block timed now."""
    seconds = used_here(studio.desk, model, planned)
    if seconds:
        return seconds, "takes made here"
    return rehearse(planned), "one block of the model, timed now"


def _submit(studio: Studio, project_id: str, params: Mapping[str, Any], asked: Asking) -> "list[Submitted]":
    """Write all takes down before the first is made: a stop leaves them queued, not lost.

    Raises LimitError where the budget does not hold all of them; then none is queued.
    """
    from rushes.studio.jobs.budget import check_fits
    from rushes.studio.shooting import Terms, submit_take

    shot, first = _first_of(studio, project_id, params, asked)
    planned = plan_take(first, asked.given)
    seconds = estimate_planned(studio.desk, first.model, planned)
    inputs = take_in_all(studio, asked.given)
    each = planned.request.candidates
    requests = [replace(first, seed=first.seed + n * each) for n in range(params["takes"])]
    terms = Terms(is_held=True, estimate_s=seconds)
    with studio.desk.store.read() as connection:
        check_fits(connection, studio.desk.tenant_id, project_id, params["takes"] * seconds)
    return [submit_take(studio.desk, shot.id, request, terms, inputs=inputs) for request in requests]


def make_all(
    studio: Studio, new: "Sequence[Submitted]", screen: Screen, filmer: "Filmer"
) -> list[dict[str, Any]]:
    """Make submitted takes one after another with one warm model; what ``--json`` says about them."""
    try:
        with filmer:
            return [make_one(studio, each, filmer, screen) for each in new]
    except KeyboardInterrupt:
        raise CancelledError(_stopped(studio, new)) from None
    finally:
        _leave_to_workers(studio, new)


def _stopped(studio: Studio, new: "Sequence[Submitted]") -> str:
    """What became of the takes of a command that was stopped."""
    from rushes.studio.jobs.job import JobState
    from rushes.studio.jobs.queue import find_job

    found = [(each.take.code, find_job(studio.desk, each.job.id)) for each in new]
    ended = [f"{code} is cancelled (rushes queue again {job.id})" for code, job in found
             if job.state is JobState.CANCELLED]  # fmt: skip
    waiting = [code for code, job in found if job.state is JobState.QUEUED]
    left = [f"{', '.join(waiting)} stay{'s' * (len(waiting) == 1)} in the queue"] if waiting else []
    return "; ".join(["stopped", *ended, *left])


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
    from rushes.studio.production import StageEvent, ending

    screen.say("take", f"{new.take.code}, seed {new.take.request.seed}")
    with ending(run_now(studio.desk, studio.files, new.job, filmer(new.take, new.job))) as events:
        for event in events:
            if isinstance(event, StageEvent):
                is_absent = event.outcome == "absent"
                how = "found, made before in" if event.outcome == "reused" else event.outcome
                outcome = "not installed" if is_absent else f"{how} {event.seconds:.1f} s"
                screen.say(event.step, outcome)
    clip = lay_out(studio.desk, studio.files, studio.folder, new.take)
    screen.say("wrote", str(clip))
    return {**take_document(studio.desk, new.take), "video": str(clip)}
