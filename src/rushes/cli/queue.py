"""``rushes queue``: what waits and runs; change it, pause it, work it off."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, open_studio_when_there, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.studio.jobs.job import Job

ACTIONS = ("cancel", "hold", "release", "first", "again", "pause", "resume")


def queue(
    action: Annotated[str, typer.Argument(help=f"{', '.join(ACTIONS)}; none: list.")] = "",
    names: Annotated[list[str] | None, typer.Argument(help="Jobs; lanes for pause and resume.")] = None,
    *,
    work: Annotated[bool, typer.Option("--work", help="Make takes until nothing is left.")] = False,
    project: ProjectCode = "",
    everything: Annotated[bool, typer.Option("--all", help="Ended jobs too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List jobs that wait or run, change them, or work them off."""
    from rushes.studio.jobs.job import JobState
    from rushes.studio.jobs.queue import list_jobs, paused_lanes

    studio = open_studio_when_there() if work else open_studio()
    if action:
        _act(studio, action, names or [])
    if work:
        from rushes.cli.take_steps import work_off

        work_off(studio)
    states = () if everything else (JobState.RUNNING, JobState.QUEUED)
    found = list_jobs(studio.desk, states, studio.project(project).id if project else "")
    if as_json:
        print_json({"jobs": [asdict(job) for job in found], "paused": paused_lanes(studio.desk)})
        return
    for lane in paused_lanes(studio.desk):
        print(f"lane {lane} is paused")
    for job in found:
        print(_line(studio, job))
    if not found:
        print("nothing waits or runs")


def _line(studio: Studio, job: "Job") -> str:
    from rushes.studio.takes import find_take

    code = find_take(studio.desk, job.take_id).code if job.take_id else ""
    state = "quarantined" if job.is_quarantined else "held" if job.is_held else str(job.state)
    progress = f"{job.progress:.0%} {job.doing}" if job.state == "running" else job.message
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
    if action not in ACTIONS or not names:
        raise UsageError(
            f"{action!r} {' '.join(names)} cannot be done: choose {', '.join(ACTIONS)} and name jobs"
        )
    for name in names:
        match action:
            case "cancel":
                jobs.cancel(desk, name)
            case "hold" | "release":
                jobs.hold(desk, name, action == "hold")
            case "first":
                jobs.move_first(desk, name)
            case "again":
                jobs.try_again(desk, name)
