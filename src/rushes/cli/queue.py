"""``rushes queue``: what waits and runs; change it, pause it, work it off."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, open_studio_when_there, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rushes.studio.jobs.job import Job

ACTIONS = ("cancel", "hold", "release", "first", "again", "edit", "pause", "resume")
# Lines for people, and as many as a ledger may hold.
SHOWN, ALL = 100, 10**6


@dataclass(frozen=True)
class Change:
    """What ``edit`` is to change; empty for nothing."""

    prompt: str = ""
    priority: int | None = None
    lane: str = ""


UNCHANGED = Change()


def queue(  # noqa: PLR0913  typer reads options from arguments
    action: Annotated[str, typer.Argument(help=f"{', '.join(ACTIONS)}; none: list.")] = "",
    names: Annotated[
        list[str] | None, typer.Argument(help="Jobs or takes; lanes for pause and resume.")
    ] = None,
    *,
    prompt: Annotated[str, typer.Option(help="For edit: other words, as a new take in its place.")] = "",
    priority: Annotated[int | None, typer.Option(help="For edit: 0 to 9; 5 is usual.")] = None,
    lane: Annotated[str, typer.Option(help="For edit: interactive, batch or night.")] = "",
    work: Annotated[bool, typer.Option("--work", help="Make takes until nothing is left.")] = False,
    project: ProjectCode = "",
    everything: Annotated[bool, typer.Option("--all", help="Ended jobs too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List jobs that wait or run, change them, or work them off."""
    from rushes.studio.jobs.job import JobState
    from rushes.studio.jobs.queue import list_jobs, paused_lanes

    studio = open_studio_when_there() if work else open_studio()
    change = Change(prompt, priority, lane)
    if change != UNCHANGED and action != "edit":
        raise UsageError("--prompt, --priority and --lane are for edit: rushes queue edit JOB --prompt ...")
    if action == "edit":
        for name in _jobs_named(studio, action, names):
            _edit(studio, name, change)
    elif action:
        _act(studio, action, names or [])
    if work:
        from rushes.cli.take_steps import work_off

        work_off(studio)
    states = () if everything else (JobState.RUNNING, JobState.QUEUED)
    limit = ALL if as_json else SHOWN + 1
    found = list_jobs(studio.desk, states, studio.project(project).id if project else "", limit)
    if as_json:
        print_json({"jobs": [asdict(job) for job in found], "paused": paused_lanes(studio.desk)})
        return
    for paused in paused_lanes(studio.desk):
        print(f"lane {paused} is paused")
    _print_jobs(studio, found)


def _print_jobs(studio: Studio, found: "Sequence[Job]") -> None:
    for job in found[:SHOWN]:
        print(_line(studio, job))
    if len(found) > SHOWN:
        print(f"and more: these are {SHOWN}, --json lists all")
    if not found:
        print("nothing waits or runs")


def _line(studio: Studio, job: "Job") -> str:
    from rushes.studio.takes import find_take

    code = find_take(studio.desk, job.take_id).code if job.take_id else ""
    state = "quarantined" if job.is_quarantined else "held" if job.is_held else str(job.state)
    doing = "stopping" if job.is_cancelled else job.doing
    progress = f"{job.progress:.0%} {doing}" if job.state == "running" else job.message
    return f"{job.id}  {code:<22} {job.lane:<12} {job.priority}  {state:<12} {progress}".rstrip()


def _act(studio: Studio, action: str, names: list[str]) -> None:
    from rushes.studio.jobs import queue as jobs
    from rushes.studio.jobs.job import Lane

    desk = studio.desk
    if action in ("pause", "resume"):
        for name in names or list(Lane):
            if name not in list(Lane):
                raise UsageError(f"there is no lane {name!r}: choose {', '.join(Lane)}")
            jobs.pause(desk, Lane(name), action == "pause")
        return
    for name in _jobs_named(studio, action, names):
        match action:
            case "cancel":
                jobs.cancel(desk, name)
            case "hold" | "release":
                jobs.hold(desk, name, action == "hold")
            case "first":
                jobs.move_first(desk, name)
            case "again":
                jobs.try_again(desk, name)


def _jobs_named(studio: Studio, action: str, names: list[str] | None) -> list[str]:
    """Ids of the jobs; UsageError for an action that there is not, or none named."""
    if action not in ACTIONS:
        raise UsageError(f"a queue cannot {action!r}: choose {', '.join(ACTIONS)}")
    if not names:
        raise UsageError(f"{action} what: name jobs or takes, as rushes queue lists them")
    return [_job_id(studio, name) for name in names]


def _job_id(studio: Studio, name: str) -> str:
    """A job by its id, the beginning of one, or the code of its take."""
    from rushes.studio.jobs.queue import job_of_take, list_jobs
    from rushes.studio.takes import find_take

    if not name.startswith("job_"):
        job = job_of_take(studio.desk, find_take(studio.desk, name).id)
        if job is None:
            raise UsageError(f"{name} has no job: it came with an import")
        return job.id
    found = [job.id for job in list_jobs(studio.desk, limit=ALL) if job.id.startswith(name)]
    if len(found) > 1:
        raise UsageError(f"{len(found)} jobs begin with {name!r}: write more of it")
    return found[0] if found else name


def _edit(studio: Studio, name: str, change: Change) -> None:
    """Other words make a new take: one never changes."""
    from rushes.cli.take_steps import estimator
    from rushes.studio.jobs.job import Lane
    from rushes.studio.jobs.queue import find_job, set_lane, set_priority
    from rushes.studio.shooting import edit_queued
    from rushes.studio.takes import find_take

    if change == UNCHANGED:
        raise UsageError("nothing was said: add --prompt, --priority or --lane")
    if change.lane and change.lane not in list(Lane):
        raise UsageError(f"there is no lane {change.lane!r}: choose {', '.join(Lane)}")
    job = find_job(studio.desk, name)
    if change.priority is not None:
        set_priority(studio.desk, job.id, change.priority)
    if change.lane:
        set_lane(studio.desk, job.id, Lane(change.lane))
    if change.prompt:
        if job.take_id is None:
            raise UsageError(f"{name} is made ahead of any take: cancel it and warm other words")
        take = find_take(studio.desk, job.take_id)
        request = replace(take.request, prompt=change.prompt)
        estimator(studio.files)(studio.desk, request, take.inputs)
        new = edit_queued(studio.desk, job.id, request)
        print(f"{take.code} is cancelled, {new.take.code} takes its place")
