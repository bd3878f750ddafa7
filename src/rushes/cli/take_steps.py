"""The real stages of a take, for the studio's production; and the worker that makes takes with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rushes
from rushes.cli.choosing import layout_of, picker_for
from rushes.cli.desk import Studio
from rushes.cli.filming import own_enlarger
from rushes.cli.framing import Upscale
from rushes.cli.making import Maker, Making
from rushes.cli.screen import Screen
from rushes.cli.take_plan import FIRST_FRAME, LORA, Given, Planned, finishing, generating, plan_take
from rushes.core.recipe import Stage
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.evaluation.picking import Picker
    from rushes.studio.files import FileStore
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.jobs.job import Job
    from rushes.studio.production import Made, Step, Work
    from rushes.studio.takes import Take

GATE, CHECK, LABEL = "gate", "check", "label"


class Filmer:
    """Gives the stages of takes, and keeps the model of the last one warm.

    ``memory_budget`` in bytes (None: what is free) and ``devices`` say how this machine makes them, not what.
    """

    def __init__(
        self, screen: Screen, files: "FileStore", memory_budget: int | None = None, devices: int = 1
    ) -> None:
        self._screen, self._files = screen, files
        self._budget, self._devices = memory_budget, devices
        self._open = ExitStack()
        self._key: tuple[Any, ...] = ()
        self._maker: Maker | None = None
        self._names = ExitStack()
        self._named: Path | None = None

    def __call__(self, take: "Take", job: "Job") -> "Sequence[Step]":
        """The stages of one take; gate, check and label are not installed yet."""
        from rushes.studio.production import Step

        planned = plan_take(take.request, self._given(take, job))
        chooser = picker_for(planned.facts, planned.request)
        picked = (Stage("pick", 1, chooser.settings()),) if chooser else ()
        making, delivering = partial(self._generate, planned, chooser), partial(self._deliver, planned)
        return (
            Step("enhance", lambda _: (_enhance(planned),), _note_words, weight=0.1),
            Step(GATE, _nothing, None, weight=0.0),
            Step("generate", lambda _: (*self._engine_stages(planned), *picked), making, ("master",), 10),
            Step("finish", lambda _: self._finish(planned), delivering, ("clip", "sheet")),
            Step(CHECK, _nothing, None, weight=0.0),
            Step(LABEL, _nothing, None, weight=0.0),
        )

    def close(self) -> None:
        """Let go of the model."""
        self._open.close()
        self._key, self._maker = (), None
        self._names.close()
        self._named = None

    def _given(self, take: "Take", job: "Job") -> Given:
        """The take's inputs. LoRAs appear under their own names, which say what they are and how to read."""
        paths = {each.role: self._files.path(job.tenant_id, each.sha256) for each in take.inputs}
        loras = []
        for number, use in enumerate(take.request.settings.get("loras", ()), 1):
            source = paths[f"{LORA} {number}"]
            self._named = self._named or self._names.enter_context(self._files.scratch())
            link = self._named / source.name / Path(use["name"]).name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(source.resolve())
            loras.append(link)
        return Given(paths.get(FIRST_FRAME), tuple(loras))

    def _engine_stages(self, planned: Planned) -> tuple[Stage, ...]:
        from rushes.engine.provenance import engine_stages

        return engine_stages(self._warm(planned).bundle, planned.request)

    def _warm(self, planned: Planned) -> Maker:
        """The model, loaded for clips of this size; a new one only for another model, size or length."""
        request = planned.request
        size = (request.width, request.height, request.num_frames, request.candidates)
        key = (planned.folder, planned.loras, *size, planned.framing.delivered)
        if self._maker is None or key != self._key:
            self._open.close()
            layout = layout_of(self._devices, planned.facts, request)
            making = Making(
                planned.folder, planned.loras, request, planned.framing.delivered, self._budget, layout
            )
            self._maker, self._key = self._open.enter_context(making.maker(self._screen)), key
        return self._maker

    def _generate(
        self, planned: Planned, chooser: "Picker | None", work: "Work", folder: Path
    ) -> "Iterator[Progress | Made]":
        from rushes.engine.events import CandidateScored, FramesDecoded, StepDone
        from rushes.engine.provenance import engine_stages
        from rushes.engine.run import Run
        from rushes.engine.saved_run import SavedRun
        from rushes.studio.jobs.heartbeat import Progress
        from rushes.studio.master_file import master_writer
        from rushes.studio.production import Made

        maker, request = self._warm(planned), planned.request
        runs = Settings.from_environment().runs
        saved = SavedRun(runs, engine_stages(maker.bundle, request), maker.machine)
        run = Run(first_frame=planned.framing.picture, device=maker.device, saved=saved, score=chooser)
        path = folder / "master.mkv"
        scores: dict[int, float] = {}
        with master_writer(path, request.frame_rate) as master:
            for event in maker.generate(request, run):
                if isinstance(event, StepDone):
                    yield Progress(0.8 * event.step / event.total, f"step {event.step} of {event.total}")
                elif isinstance(event, CandidateScored):
                    scores[event.seed] = event.score
                    yield Progress(0.8 + 0.2 * event.number / event.total, f"candidate {event.number}")
                elif isinstance(event, FramesDecoded):
                    master.write(event.frames)
                    yield Progress(0.8 + 0.2 * event.done / event.total, "decode")
        yield Made(
            {"master": path},
            model=work.take.request.model,
            work=generating(request),
            recorded={"rushes": rushes.__version__, "machine": dict(maker.machine), **_choice(scores)},
        )
        saved.remove()

    def _finish(self, planned: Planned) -> tuple[Stage, ...]:
        from rushes.finish.upscale import upscale_stage
        from rushes.media.delivery import REVISION
        from rushes.models.model_files import UPSCALER

        finish = Stage("finish", REVISION, dict(_delivery(planned).settings()))
        if planned.framing.upscale is Upscale.LANCZOS:
            return (finish,)
        return (upscale_stage(self._warm(planned).bundle.sha256[UPSCALER]), finish)

    def _deliver(self, planned: Planned, work: "Work", folder: Path) -> "Iterator[Progress | Made]":
        from rushes.media.delivery import deliver
        from rushes.studio.jobs.heartbeat import Progress
        from rushes.studio.master_file import read_master
        from rushes.studio.production import Made

        clip, sheet = folder / "clip.mp4", folder / "sheet.png"
        total = planned.request.num_frames - planned.request.trim
        enlarger = own_enlarger(planned.framing, self._warm(planned))
        with deliver(clip, sheet, _delivery(planned), enlarger) as writer:
            for number, frames in enumerate(read_master(work.file("generate", "master"))):
                writer.write(frames)
                yield Progress(number / total, "finish")
        yield Made({"clip": clip, "sheet": sheet}, model=work.take.request.model, work=finishing(planned))


def _choice(scores: "Mapping[int, float]") -> dict[str, Any]:
    """What stands beside a recipe of candidates: their scores, and the seed of the delivered one."""
    if not scores:
        return {}
    chosen = max(scores, key=scores.__getitem__)
    return {"candidates": {"scores": {str(k): v for k, v in scores.items()}, "chosen_seed": chosen}}


def build() -> Filmer:
    """What a worker's child calls."""
    from rushes.cli.desk import stored_files

    return Filmer(Screen(quiet=True, as_json=True), stored_files())


def work_off(studio: Studio) -> None:
    """Make takes until nothing is queued, in a process of its own."""
    from rushes.studio.folder import lay_out
    from rushes.studio.takes import takes_in
    from rushes.studio.worker import Worker

    worker = Worker(studio.desk.store, studio.files, build)
    try:
        while worker.run_one():
            pass
    finally:
        worker.close()
    from rushes.studio.projects import list_projects

    for project in list_projects(studio.desk):
        for take in takes_in(studio.desk, project.id):
            lay_out(studio.desk, studio.files, studio.folder, take)


def _nothing(_work: "Work") -> tuple[Stage, ...]:
    return ()


def _enhance(planned: Planned) -> Stage:
    words: Mapping[str, Any] = {
        "prompt": planned.request.prompt,
        "context_text": planned.request.context_text,
    }
    return Stage("enhance", 1, words)


def _note_words(work: "Work", _folder: Path) -> "Iterator[Progress | Made]":
    from rushes.studio.production import Made

    yield Made(value={"prompt": work.take.request.prompt})


def _delivery(planned: Planned) -> Any:
    from rushes.cli.filming import DELIVERY_RATE
    from rushes.media.delivery import Delivery

    request, framing = planned.request, planned.framing
    num_frames = request.num_frames - request.trim
    return Delivery(num_frames, request.frame_rate, framing.crop, *framing.delivered, DELIVERY_RATE)
