"""The stages of a studio's takes, planned from what the take keeps; and the worker that makes them."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.cli.camera import Camera
from rushes.cli.desk import Studio, say
from rushes.cli.hosted_takes import hosted_camera
from rushes.cli.planned import CLIP, FIRST, FIRST_FRAME, LAST, LORA, Given, Wish
from rushes.cli.take_plan import estimate_take, plan_take
from rushes.core.errors import CancelledError, RushesError
from rushes.hosted.models import find_hosted

if TYPE_CHECKING:
    from rushes.studio.batches import Estimate
    from rushes.studio.child import Steps
    from rushes.studio.desk import Desk
    from rushes.studio.files import FileStore
    from rushes.studio.happening import Happening
    from rushes.studio.jobs.job import Job, Lane
    from rushes.studio.production import Step
    from rushes.studio.takes import Input, Take, TakeRequest

log = logging.getLogger("rushes.child")


class Filmer:
    """Gives the stages of takes, from their requests and inputs alone; as a context, lets go at its end."""

    def __init__(self, camera: Camera, files: "FileStore") -> None:
        self.camera, self._files = camera, files
        self._names = ExitStack()
        self._named: Path | None = None

    def __call__(self, take: "Take", job: "Job") -> "Sequence[Step]":
        """The stages of one take."""
        if find_hosted(take.request.model) is not None:
            return hosted_camera().steps(take, job)
        return self.camera.steps(plan_take(take.request, self.given(take, job.tenant_id)))

    def __enter__(self) -> "Filmer":
        return self

    def __exit__(self, *error: Any) -> bool | None:
        self._names.close()
        self._named = None
        return self.camera.__exit__(*error)

    def given(self, take: "Take", tenant_id: str) -> Given:
        """The take's inputs. LoRAs appear under their own names, which say what they are and how to read."""
        found = given_by(self._files, tenant_id, take.request, take.inputs)
        loras = []
        for source, use in zip(found.loras, take.request.settings.get("loras", ()), strict=True):
            self._named = self._named or self._names.enter_context(self._files.scratch())
            link = self._named / source.name / Path(use["name"]).name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(source.resolve())
            loras.append(link)
        return replace(found, loras=tuple(loras))


def given_by(files: "FileStore", tenant_id: str, request: "TakeRequest", inputs: "Sequence[Input]") -> Given:
    """The kept files a take starts from."""
    paths = {each.role: files.path(tenant_id, each.sha256) for each in inputs}
    count = len(request.settings.get("loras", ()))
    loras = tuple(paths[f"{LORA} {number}"] for number in range(1, count + 1))
    ends = (paths[FIRST], paths[LAST]) if FIRST in paths and LAST in paths else None
    return Given(paths.get(FIRST_FRAME), loras, paths.get(CLIP), ends)


def estimator(files: "FileStore") -> "Estimate":
    """Machine seconds of takes whose files are kept; UsageError for what a model cannot do."""

    def estimate(desk: "Desk", request: "TakeRequest", inputs: "tuple[Input, ...]") -> float:
        return estimate_take(desk, request, given_by(files, desk.tenant_id, request, inputs))

    return estimate


def build(model: str = "") -> "Steps":
    """What a worker's child calls. ``model`` is loaded at once, for clips of the length and size it likes."""
    from rushes.cli.desk import stored_files
    from rushes.cli.showing import Showing

    files = stored_files()
    showing = Showing(files)
    filmer = Filmer(Camera(showing), files)
    if model:
        _load(filmer.camera, model)

    def steps(take: "Take", job: "Job") -> "Sequence[Step]":
        showing.job = job
        return filmer(take, job)

    return steps


def _load(camera: Camera, model: str) -> None:
    """Have a model warm before anybody asks; who asks for what cannot be loaded is told why then."""
    try:
        camera.warm(plan_take(Wish("a fox", 0, model)))
    except RushesError as error:
        log.warning("%s is not loaded ahead of its first take: %s", model, error)


def _tell(studio: Studio, happening: "Happening") -> None:
    """A line for every attempt that ended, by the take's code where it is of this tenant."""
    from rushes.studio.takes import find_take

    if happening.kind != "ended":
        return
    job = happening.job
    is_ours = job.take_id is not None and job.tenant_id == studio.desk.tenant_id
    name = find_take(studio.desk, job.take_id).code if is_ours and job.take_id else job.id
    say(f"{name}: {happening.outcome} after {happening.seconds:.1f} s")


def work_off(studio: Studio, lanes: "Sequence[Lane] | None" = None) -> None:
    """Make takes until nothing is queued in ``lanes`` (None: all), in a process of its own."""
    from rushes.studio.folder import lay_out
    from rushes.studio.jobs.job import Lane
    from rushes.studio.projects import list_projects
    from rushes.studio.takes import takes_in
    from rushes.studio.worker import Worker

    worker = Worker(studio.desk.store, studio.files, build, lanes or tuple(Lane), tell=partial(_tell, studio))
    try:
        worker.work_off(say)
    except KeyboardInterrupt:
        raise CancelledError("stopped; what is not made stays in the queue") from None
    for project in list_projects(studio.desk):
        for take in takes_in(studio.desk, project.id):
            lay_out(studio.desk, studio.files, studio.folder, take)
