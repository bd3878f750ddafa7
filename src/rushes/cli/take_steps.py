"""The real stages of a take, for the studio's production; and the worker that makes takes with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rushes
from rushes.cli.desk import Studio
from rushes.cli.framing import Framing, Upscale, frame
from rushes.cli.making import Maker, Making
from rushes.cli.screen import Screen
from rushes.core.errors import UsageError
from rushes.core.recipe import Stage
from rushes.core.request import Request
from rushes.core.settings import Settings
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds

if TYPE_CHECKING:
    from rushes.studio.desk import Desk
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.jobs.job import Job
    from rushes.studio.production import Made, Step, Work
    from rushes.studio.takes import Take, TakeRequest

# What a take's settings may hold; anything else would be dropped silently.
SETTINGS = ("seconds", "size", "steps", "guidance_high", "guidance_low", "negative")
GATE, CHECK, LABEL = "gate", "check", "label"


@dataclass(frozen=True)
class Planned:
    """A take's request as the engine wants it."""

    folder: Path
    request: Request
    framing: Framing


def plan_take(asked: "TakeRequest") -> Planned:
    """From a take's words and settings to the engine's request; UsageError for what the model cannot do."""
    from rushes.cli.words import read_words
    from rushes.engine.catalogue import model_folder
    from rushes.engine.facts import read_facts
    from rushes.engine.plan import Order, plan

    settings = asked.settings
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise UsageError(f"a take cannot be told {', '.join(unknown)}: use {', '.join(SETTINGS)}")
    folder = model_folder(asked.model)
    facts = read_facts(folder)
    size, seconds = settings.get("size"), settings.get("seconds")
    framing = frame(facts, None if size is None else parse_size(size), None, Upscale.LANCZOS)
    context_text, _ = read_words(facts, asked.prompt)
    order = Order(
        asked.prompt, context_text, asked.seed, None if seconds is None else parse_seconds(seconds),
        settings.get("steps"), settings.get("guidance_high"), settings.get("guidance_low"),
        settings.get("negative"), size=framing.native, first_frame=framing.digest,
    )  # fmt: skip
    return Planned(folder, plan(facts, order)[0], framing)


def estimate_take(desk: "Desk", asked: "TakeRequest") -> float:
    """Machine seconds for a take, by what was made here; 0 while nothing of the model was.

    Raises UsageError for a request the model cannot do.
    """
    from rushes.studio.jobs.estimate import estimate

    planned = plan_take(asked)
    work = {"generate": _generating(planned.request), "finish": float(planned.request.num_frames)}
    return estimate(desk, asked.model, work)


def _generating(request: Request) -> float:
    """What the generator's time goes with: steps times pixels."""
    return float(request.sampling.steps * request.num_frames * request.height * request.width)


class Filmer:
    """Gives the stages of takes, and keeps the model of the last one warm."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._open = ExitStack()
        self._key: tuple[Any, ...] = ()
        self._maker: Maker | None = None

    def __call__(self, take: "Take", job: "Job") -> "Sequence[Step]":
        """The stages of one take; gate, check and label are not installed yet."""
        from rushes.studio.production import Step

        del job
        planned = plan_take(take.request)
        making = partial(self._generate, planned)
        return (
            Step("enhance", lambda _: (_enhance(planned),), _note_words, weight=0.1),
            Step(GATE, _nothing, None, weight=0.0),
            Step("generate", lambda _: self._engine_stages(planned), making, ("master",), weight=10),
            Step("finish", lambda _: (_finish(planned),), partial(_deliver, planned), ("clip", "sheet")),
            Step(CHECK, _nothing, None, weight=0.0),
            Step(LABEL, _nothing, None, weight=0.0),
        )

    def close(self) -> None:
        """Let go of the model."""
        self._open.close()

    def _engine_stages(self, planned: Planned) -> tuple[Stage, ...]:
        from rushes.engine.provenance import engine_stages

        return engine_stages(self._warm(planned).bundle, planned.request)

    def _warm(self, planned: Planned) -> Maker:
        """The model, loaded for clips of this size; a new one only for another model, size or length."""
        request = planned.request
        key = (planned.folder, request.width, request.height, request.num_frames, planned.framing.delivered)
        if self._maker is None or key != self._key:
            self._open.close()
            making = Making(planned.folder, (), request, planned.framing.delivered, None, None)
            self._maker, self._key = self._open.enter_context(making.maker(self._screen)), key
        return self._maker

    def _generate(self, planned: Planned, work: "Work", folder: Path) -> "Iterator[Progress | Made]":
        from rushes.engine.events import FramesDecoded, StepDone
        from rushes.engine.provenance import engine_stages
        from rushes.engine.run import Run
        from rushes.engine.saved_run import SavedRun
        from rushes.studio.jobs.heartbeat import Progress
        from rushes.studio.master_file import master_writer
        from rushes.studio.production import Made

        maker, request = self._warm(planned), planned.request
        runs = Settings.from_environment().runs
        saved = SavedRun(runs, engine_stages(maker.bundle, request), maker.machine)
        run = Run(first_frame=planned.framing.picture, device=maker.device, saved=saved)
        path = folder / "master.mkv"
        with master_writer(path, request.frame_rate) as master:
            for event in maker.generate(request, run):
                if isinstance(event, StepDone):
                    yield Progress(0.8 * event.step / event.total, f"step {event.step} of {event.total}")
                elif isinstance(event, FramesDecoded):
                    master.write(event.frames)
                    yield Progress(0.8 + 0.2 * event.done / event.total, "decode")
        yield Made(
            {"master": path},
            model=work.take.request.model,
            work=_generating(request),
            recorded={"rushes": rushes.__version__, "machine": dict(maker.machine)},
        )
        saved.remove()


def build() -> Filmer:
    """What a worker's child calls."""
    return Filmer(Screen(quiet=True, as_json=True))


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


def _finish(planned: Planned) -> Stage:
    from rushes.media.delivery import REVISION

    return Stage("finish", REVISION, dict(_delivery(planned).settings()))


def _delivery(planned: Planned) -> Any:
    from rushes.cli.filming import DELIVERY_RATE
    from rushes.media.delivery import Delivery

    request, framing = planned.request, planned.framing
    num_frames = request.num_frames - request.trim
    return Delivery(num_frames, request.frame_rate, framing.crop, *framing.delivered, DELIVERY_RATE)


def _deliver(planned: Planned, work: "Work", folder: Path) -> "Iterator[Progress | Made]":
    from rushes.media.delivery import deliver
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.master_file import read_master
    from rushes.studio.production import Made

    clip, sheet = folder / "clip.mp4", folder / "sheet.png"
    total = planned.request.num_frames - planned.request.trim
    with deliver(clip, sheet, _delivery(planned)) as writer:
        for number, frames in enumerate(read_master(work.file("generate", "master"))):
            writer.write(frames)
            yield Progress(number / total, "finish")
    yield Made({"clip": clip, "sheet": sheet}, model=work.take.request.model, work=total)
