"""The stages of planned takes, for the studio's production; the model of the last one is kept warm."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import rushes
from rushes.cli.choosing import layout_of, picker_for
from rushes.cli.framing import Framing, Upscale
from rushes.cli.kept_stages import KeptStages
from rushes.cli.making import Maker, Making
from rushes.cli.planned import Planned, finishing, generating
from rushes.cli.watching import Watching
from rushes.core.recipe import Stage
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.engine.chain import Generate
    from rushes.engine.events import CandidateChosen, Event
    from rushes.engine.saved_run import SavedRun
    from rushes.evaluation.picking import Picker
    from rushes.finish.upscale import OwnUpscale
    from rushes.studio.jobs.heartbeat import Progress
    from rushes.studio.production import Made, Part, Step, Work

GENERATE, FINISH, CHECK, LABEL = "generate", "finish", "check", "label"


@dataclass(frozen=True)
class Machine:
    """How this machine makes takes, not what: ``memory_budget`` in bytes (None: what is free), devices.

    Progress is saved every ``save_every`` steps (None: every minute).
    """

    memory_budget: int | None = None
    devices: int = 1
    save_every: int | None = None


USUAL = Machine()


@dataclass
class Account:
    """What happened while a take was made."""

    resumed_after: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage of the recipe."""
    scores: dict[int, float] = field(default_factory=dict)
    """Candidate's seed -> its score; the later one of those walked to the end."""
    choice: "CandidateChosen | None" = None
    reused: tuple[str, ...] = ()
    """Stages of the recipe that were found, not made."""

    def see(self, event: "Event") -> "Progress | None":
        """Take note; how far the stage is, where ``event`` says so."""
        from rushes.engine.events import (
            CandidateChosen,
            CandidateScored,
            FramesDecoded,
            Resumed,
            StageDone,
            StepDone,
        )
        from rushes.studio.jobs.heartbeat import Progress

        match event:
            case StepDone(step=step, total=total):
                return Progress(0.8 * step / total, f"step {step} of {total}")
            case CandidateScored(number=number, total=total, seed=seed, score=score):
                self.scores[seed] = score
                return Progress(0.8 + 0.2 * number / total, f"candidate {number}")
            case CandidateChosen():
                self.choice = event
            case FramesDecoded(done=done, total=total):
                return Progress(0.8 + 0.2 * done / total, "decode")
            case StageDone(stage, seconds):
                self.seconds[stage] = seconds
            case Resumed(step=step):
                self.resumed_after = step
        return None

    def recorded(self, machine: Mapping[str, str | int]) -> dict[str, Any]:
        """What stands beside the recipe."""
        facts: dict[str, Any] = {
            "rushes": rushes.__version__,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": dict(machine),
            "resumed_after_step": self.resumed_after,
        }
        if self.choice is not None:
            scores = {str(seed): score for seed, score in self.scores.items()}
            finalists = list(self.choice.finalists)
            facts["candidates"] = {
                "scores": scores, "finalists": finalists, "chosen_seed": self.choice.seed
            }  # fmt: skip
        if self.reused:
            facts["reused"] = list(self.reused)
        return facts


class Camera:
    """Makes takes by their plans; as a context, lets go of the model at its end.

    What goes wrong passes through the context, which knows what to advise when memory ran out. ``saves`` may
    be set to False where progress cannot be written.
    """

    def __init__(self, watching: Watching, machine: Machine = USUAL) -> None:
        self._watching, self._machine, self.saves = watching, machine, True
        self._open = ExitStack()
        self._key: tuple[Any, ...] = ()
        self._maker: Maker | None = None

    def steps(self, planned: Planned) -> "tuple[Step, ...]":
        """The stages of a take, whose words were judged at submit; check and label are not installed."""
        from rushes.studio.production import Step

        chooser = picker_for(planned.facts, planned.request)
        making, delivering = partial(self._generate, planned, chooser), partial(self._deliver, planned)
        is_watched = self._watching.previews is not None
        return (
            Step("enhance", lambda _: (_enhance(planned),), _note_words, weight=0.1),
            Step(
                GENERATE, partial(self._making_stages, planned, chooser), making, ("master",), 10, is_watched,
            ),
            Step(FINISH, lambda work: self._finish(planned, work), delivering, ("clip", "sheet")),
            Step(CHECK, _nothing, None, weight=0.0),
            Step(LABEL, _nothing, None, weight=0.0),
        )  # fmt: skip

    def __enter__(self) -> "Camera":
        return self

    def __exit__(self, *error: Any) -> bool | None:
        self._key, self._maker = (), None
        return self._open.__exit__(*error)

    def warm(self, planned: Planned, is_lean: bool = False) -> Maker:
        """The model, loaded for clips of this size; a new one only for another model, size or length.

        ``is_lean``: memory ran out before; it is held in half of it.
        """
        most = planned.at_once
        size = (most.width, most.height, most.num_frames, most.candidates)
        key = (planned.folder, planned.loras, *size, planned.framing.delivered, is_lean)
        if self._maker is None or key != self._key:
            # The old one has to be gone before the new one comes, and is measured against what is free.
            self._maker = None
            self._open.close()
            layout = layout_of(self._machine.devices, planned.facts, planned.request)
            budget = self._machine.memory_budget
            making = Making(planned, budget, layout, is_lean)
            self._maker, self._key = self._open.enter_context(making.maker(self._watching.screen)), key
        return self._maker

    def _making_stages(self, planned: Planned, chooser: "Picker | None", work: "Work") -> tuple[Stage, ...]:
        """Who chooses among candidates decides where denoising leads, and stands before it."""
        from rushes.engine.provenance import engine_stages

        words, *rest = engine_stages(self.warm(planned, work.is_degraded).bundle, planned.request)
        picked = (Stage("pick", 1, chooser.settings()),) if chooser else ()
        return (words, *picked, *rest)

    def _generate(
        self, planned: Planned, chooser: "Picker | None", work: "Work", folder: Path
    ) -> "Iterator[Progress | Part | Made]":
        """Pictures go into the master and are finished as they come: the clip is ready when the master is."""
        from rushes.engine.events import FramesDecoded
        from rushes.engine.run import Run
        from rushes.studio.master_file import master_writer
        from rushes.studio.production import Made, ending

        maker, stages = self.warm(planned, work.is_degraded), self._making_stages(planned, chooser, work)
        watching = self._watching
        saved = self._saved_run(stages, maker)
        kept = KeptStages(planned, maker, stages, work, folder)
        # Somebody who watches wants to see it being made.
        latents = kept.latents() if watching.previews is None else None
        run = Run(
            texts=kept.texts() if latents is None else None, latents=latents,
            first_frame=planned.framing.picture, given=planned.given, device=maker.device,
            previews=watching.every(planned.request), saved=saved, score=chooser,
        )  # fmt: skip
        account = Account(reused=kept.found)
        path, finisher = folder / "master.mkv", Finisher(planned, maker, folder)
        writing = master_writer(path, planned.request.frame_rate)
        events = self._generator(planned, maker)(planned.request, run)
        with watching.take(saved), finisher, writing as master, ending(events):
            for event in events:
                watching.see(event)
                if isinstance(event, FramesDecoded):
                    master.write(event.frames)
                    finisher.write(event.frames)
                part, progress = kept.see(event), account.see(event)
                if part is not None:
                    yield part
                if progress is not None:
                    yield progress
        # What was only decoded says nothing of how long a take takes.
        model, amount = work.take.request.model, generating(planned.request) if latents is None else 0.0
        finished = finisher.made(model)
        recorded = account.recorded(maker.machine)
        yield Made(
            {"master": path}, model=model, work=amount, recorded=recorded, seconds=account.seconds,
            ahead={FINISH: finished}, parts=kept.keys,
        )  # fmt: skip
        if saved is not None:
            saved.remove()

    def _generator(self, planned: Planned, maker: Maker) -> "Generate":
        """What makes the clip: the model at once, or window by window."""
        if planned.window is None:
            return maker.generate
        from rushes.engine.chain import Continuation

        rate = planned.facts.defaults.frame_rate

        def seam(frame: int, ratio: float) -> None:
            text = f"at {float(frame / rate):.2f} s: {ratio:.2f} of the change around it"
            self._watching.screen.say("seam", text)

        limit = planned.facts.defaults.frame_limits[1]
        return Continuation(maker.generate, limit, planned.facts.compression, seam)

    def _saved_run(self, stages: tuple[Stage, ...], maker: Maker) -> "SavedRun | None":
        from rushes.engine.saved_run import SavedRun

        if not self.saves:
            return None
        runs = Settings.from_environment().runs
        return SavedRun(runs, stages, maker.machine, self._machine.save_every)

    def _finish(self, planned: Planned, work: "Work") -> tuple[Stage, ...]:
        from rushes.finish.upscale import upscale_stage
        from rushes.media.delivery import REVISION
        from rushes.models.model_files import UPSCALER

        finish = Stage("finish", REVISION, dict(planned.delivery().settings()))
        if planned.framing.upscale is Upscale.LANCZOS:
            return (finish,)
        return (upscale_stage(self.warm(planned, work.is_degraded).bundle.sha256[UPSCALER]), finish)

    def _deliver(self, planned: Planned, work: "Work", folder: Path) -> "Iterator[Progress | Made]":
        """Finish a master that is there already: another size of the same pictures."""
        from rushes.studio.jobs.heartbeat import Progress
        from rushes.studio.master_file import read_master

        total = finishing(planned)
        finisher = Finisher(planned, self.warm(planned, work.is_degraded), folder)
        with finisher:
            for number, frames in enumerate(read_master(work.file(GENERATE, "master"))):
                finisher.write(frames)
                yield Progress(number / total, "finish")
        yield finisher.made(work.take.request.model)


class Finisher:
    """Clip and contact sheet of one take, from its native frames in order; as a context, whole at its end."""

    def __init__(self, planned: Planned, maker: Maker, folder: Path) -> None:
        from rushes.media.delivery import deliver

        self._planned = planned
        self._files = {"clip": folder / "clip.mp4", "sheet": folder / "sheet.png"}
        self._enlarger = _own_enlarger(planned.framing, maker)
        self._delivering = deliver(
            self._files["clip"], self._files["sheet"], planned.delivery(), self._enlarger
        )
        self._spent = 0.0

    def __enter__(self) -> None:
        self._writer = self._delivering.__enter__()

    def __exit__(self, *error: Any) -> None:
        started = perf_counter()
        self._delivering.__exit__(*error)
        self._spent += perf_counter() - started

    def write(self, frames: Any) -> None:
        """The next native frames, uint8 (t, H, W, 3)."""
        started = perf_counter()
        self._writer.write(frames)
        self._spent += perf_counter() - started

    def made(self, model: str) -> "Made":
        """What came of it."""
        from rushes.studio.production import Made

        enlarging = {} if self._enlarger is None else {"upscale": self._enlarger.seconds}
        seconds = {**enlarging, "finish": self._spent - sum(enlarging.values())}
        return Made(self._files, model=model, work=finishing(self._planned), seconds=seconds)


def _own_enlarger(framing: Framing, maker: Maker) -> "OwnUpscale | None":
    """The model's own upscaler, where it is used; None leaves it to Lanczos."""
    from rushes.finish.upscale import OwnUpscale

    upscaler = maker.bundle.upscaler
    if framing.upscale is Upscale.LANCZOS or upscaler is None:
        return None
    return OwnUpscale(upscaler, maker.device)


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
