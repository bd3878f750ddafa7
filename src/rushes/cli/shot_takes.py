"""Takes of a shot, here and now: submitted to the ledger and made by the same production as in a worker."""

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from rushes.cli.desk import Studio, open_studio, print_json
from rushes.cli.screen import Screen
from rushes.core.errors import CancelledError, UsageError

if TYPE_CHECKING:
    from rushes.cli.take_steps import Filmer
    from rushes.studio.shooting import Submitted

_OF_A_TAKE = ("seconds", "size", "steps", "guidance_high", "guidance_low", "negative")
_KNOWN = {"prompt", "shot", "takes", "project", "seed", "model", "as_json", "quiet", *_OF_A_TAKE}


def shoot_shot(context: typer.Context, project: str, takes: int) -> None:
    """``rushes shoot --shot``: takes of a project's shot, with seeds that follow one another.

    Raises UsageError for options of ``shoot`` that a take does not know, rather than dropping them.
    """
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        names = ", ".join("--" + name.replace("_", "-") for name in unknown)
        raise UsageError(f"{names} cannot be used with --shot: leave out one or the other")
    as_json = bool(given.get("as_json"))
    studio, screen = open_studio(), Screen(bool(given.get("quiet")), as_json)
    project_id = studio.project(project).id
    asked = {**context.params, "takes": takes}
    settings = {name: given[name] for name in _OF_A_TAKE if name in given}
    new = _submit(studio, project_id, asked, settings)
    documents = make_all(studio, new, screen)
    if as_json:
        print_json({"takes": documents})


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _submit(
    studio: Studio, project_id: str, asked: Mapping[str, Any], settings: Mapping[str, Any]
) -> "list[Submitted]":
    """Write all takes down before the first is made: a stop leaves them queued, not lost."""
    from rushes.cli.take_steps import estimate_take
    from rushes.studio.shooting import Terms, submit_take
    from rushes.studio.shots import find_shot
    from rushes.studio.takes import TakeRequest

    shot = find_shot(studio.desk, project_id, asked["shot"].upper())
    seed = secrets.randbelow(10**6) if asked["seed"] is None else asked["seed"]
    words = asked["prompt"] or shot.words.text
    requests = [TakeRequest(words, seed + n, asked["model"], settings) for n in range(asked["takes"])]
    estimates = [estimate_take(studio.desk, request) for request in requests]
    return [
        submit_take(studio.desk, shot.id, request, Terms(is_held=True, estimate_s=seconds))
        for request, seconds in zip(requests, estimates, strict=True)
    ]


def make_all(studio: Studio, new: "Sequence[Submitted]", screen: Screen) -> list[dict[str, Any]]:
    """Make submitted takes one after another with one warm model; what ``--json`` says about them."""
    from rushes.cli.take_steps import Filmer

    filmer = Filmer(screen)
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
