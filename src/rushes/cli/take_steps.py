"""The stages of a studio's takes, planned from what the take keeps; and the worker that makes them."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.cli.camera import Camera
from rushes.cli.desk import Studio, say
from rushes.cli.hosted_takes import hosted_camera
from rushes.cli.planned import CLIP, FIRST, FIRST_FRAME, LAST, LORA, Given
from rushes.cli.take_plan import plan_take
from rushes.hosted.models import find_hosted

if TYPE_CHECKING:
    from rushes.studio.child import Steps
    from rushes.studio.files import FileStore
    from rushes.studio.jobs.job import Job, Lane
    from rushes.studio.production import Step
    from rushes.studio.takes import Take


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
        paths = {each.role: self._files.path(tenant_id, each.sha256) for each in take.inputs}
        loras = []
        for number, use in enumerate(take.request.settings.get("loras", ()), 1):
            source = paths[f"{LORA} {number}"]
            self._named = self._named or self._names.enter_context(self._files.scratch())
            link = self._named / source.name / Path(use["name"]).name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(source.resolve())
            loras.append(link)
        ends = (paths[FIRST], paths[LAST]) if FIRST in paths and LAST in paths else None
        return Given(paths.get(FIRST_FRAME), tuple(loras), paths.get(CLIP), ends)


def build() -> "Steps":
    """What a worker's child calls."""
    from rushes.cli.desk import stored_files
    from rushes.cli.showing import Showing

    files = stored_files()
    showing = Showing(files)
    filmer = Filmer(Camera(showing), files)

    def steps(take: "Take", job: "Job") -> "Sequence[Step]":
        showing.job = job
        return filmer(take, job)

    return steps


def work_off(studio: Studio, lanes: "Sequence[Lane] | None" = None) -> None:
    """Make takes until nothing is queued in ``lanes`` (None: all), in a process of its own."""
    from rushes.studio.folder import lay_out
    from rushes.studio.jobs.job import Lane
    from rushes.studio.projects import list_projects
    from rushes.studio.takes import takes_in
    from rushes.studio.worker import Worker

    worker = Worker(studio.desk.store, studio.files, build, lanes or tuple(Lane))
    worker.work_off(say)
    for project in list_projects(studio.desk):
        for take in takes_in(studio.desk, project.id):
            lay_out(studio.desk, studio.files, studio.folder, take)
