"""Clips a person waits for: takes of the inbox, made here and now by production, and copied to files."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from rushes.cli.camera import GENERATE, USUAL, Camera, Machine
from rushes.cli.clip_files import ClipFiles, deliver_files
from rushes.cli.desk import Studio, open_studio, studio_in
from rushes.cli.planned import CLIP, FIRST, Given, Planned, Wish
from rushes.cli.take_plan import estimate_planned
from rushes.cli.watching import Watching
from rushes.core.errors import CancelledError, RushesError, UsageError

if TYPE_CHECKING:
    from rushes.studio.takes import Input, Origin, Take


@dataclass(frozen=True)
class Clip:
    """One clip a command was asked for, as planned, and where its files go."""

    wish: Wish
    planned: Planned
    files: ClipFiles


@dataclass(frozen=True)
class Source:
    """What the clips of a command start from, and how they come out of it, as a ``Relation`` says it."""

    given: Given
    relation: str = "first"


class Filming:
    """The clips of one command, one after another, with one warm model.

    Where ``RUSHES_HOME`` is full or cannot be written to, they are made all the same, in a studio that is
    gone afterwards.
    """

    def __init__(self, source: Source, watching: Watching, machine: Machine = USUAL) -> None:
        self._source, self._watching, self._screen = source, watching, watching.screen
        self._camera = Camera(watching, machine)
        self._studio: Studio | None = None
        self._is_kept = True
        self._inputs: tuple[Input, ...] | None = None
        self._open = ExitStack()

    def make(self, clips: Sequence[Clip]) -> list[dict[str, Any]]:
        """Make them; what ``--json`` says about each."""
        opening = Opening()
        try:
            with self._camera as camera:
                camera.warm(clips[0].planned)
                if clips[0].planned.length:
                    self._screen.say("length", clips[0].planned.length)
                self._studio = self._opened(opening)
                return [self._make_one(clip) for clip in clips]
        except KeyboardInterrupt:
            raise CancelledError("stopped; no unfinished file was left behind") from None
        finally:
            opening.wait()
            self._open.close()

    def _opened(self, opening: "Opening") -> Studio:
        try:
            return opening.result()
        except UsageError:
            raise
        except Exception as error:
            return self._improvise(error)

    def _make_one(self, clip: Clip) -> dict[str, Any]:
        seed = clip.wish.seed
        self._screen.say("seed", str(seed))
        self._watching.stem = clip.files.video.stem
        assert self._studio is not None
        try:
            try:
                take, is_found = self._produce(self._studio, clip)
            except Exception as error:
                if not self._is_kept or not _is_of_the_place(error):
                    raise
                self._studio = self._improvise(error)
                take, is_found = self._produce(self._studio, clip)
        except KeyboardInterrupt:
            raise CancelledError(self._watching.stopped(seed)) from None
        recipe = deliver_files(self._studio, take, clip.files)
        self._tell(clip, recipe["recorded"], is_found)
        return {
            "video": str(clip.files.video), "sheet": str(clip.files.sheet),
            "take": self._laid_out(self._studio, take) if self._is_kept else None, "recipe": recipe,
        }  # fmt: skip

    def _produce(self, studio: Studio, clip: Clip) -> "tuple[Take, bool]":
        """The made take, and whether its pictures were there already."""
        from rushes.studio.foreground import run_now
        from rushes.studio.production import StageEvent, ending
        from rushes.studio.shooting import Terms, submit_take
        from rushes.studio.takes import TakeRequest

        wish = clip.wish
        inputs = self._taken_in(studio)
        shot_id, origin = self._place(studio, wish, inputs)
        request = TakeRequest(wish.prompt, wish.seed, wish.model, wish.settings)
        terms = Terms(is_held=True, estimate_s=estimate_planned(studio.desk, wish.model, clip.planned))
        new = submit_take(studio.desk, shot_id, request, terms, origin, inputs)
        is_found = False
        steps = self._camera.steps(clip.planned)
        with ending(run_now(studio.desk, studio.files, new.job, steps)) as events:
            for event in events:
                if isinstance(event, StageEvent) and event.step == GENERATE:
                    is_found = event.outcome == "reused"
        return new.take, is_found

    def _taken_in(self, studio: Studio) -> "tuple[Input, ...]":
        """The files all clips start from, kept by their hashes once."""
        if self._inputs is None:
            self._inputs = take_in_all(studio, self._source.given)
        return self._inputs

    def _place(self, studio: Studio, wish: Wish, inputs: "Sequence[Input]") -> "tuple[str, Origin]":
        """The shot of the take this one comes out of; else the inbox's shot of these words."""
        from rushes.studio.shooting import inbox_shot
        from rushes.studio.takes import Origin, Relation, take_of_file

        relation = Relation(self._source.relation)
        sources = {each.role: each.sha256 for each in inputs if each.role in (CLIP, FIRST)}
        parent = next(
            (found for sha256 in sources.values() if (found := take_of_file(studio.desk, sha256))), None
        )
        if parent is None:
            return inbox_shot(studio.desk, wish.prompt), Origin(relation)
        return parent.shot_id, Origin(relation, parent.id)

    def _improvise(self, error: Exception) -> Studio:
        """A studio for this command alone."""
        self._screen.say(
            "note", f"{_reason(error)}; the clip is made, but no take, master or saved progress of it is kept"
        )
        home = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="rushes-")))
        studio = studio_in(home)
        self._open.callback(studio.desk.store.engine.dispose)
        self._is_kept, self._camera.saves, self._inputs = False, False, None
        return studio

    def _tell(self, clip: Clip, recorded: dict[str, Any], is_found: bool) -> None:
        seconds = recorded["seconds"]
        shares = ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items())
        if is_found:
            self._screen.say("found", f"the same pictures, made before ({recorded['made']})")
        else:
            self._screen.say("seconds", f"{sum(seconds.values()):.1f} ({shares})")
        if "candidates" in recorded:
            self._screen.say("picked", _picked(recorded["candidates"]))
        files = clip.files
        self._screen.say("wrote", f"{files.video}, {files.sheet.name}, {files.recipe.name}")

    def _laid_out(self, studio: Studio, take: "Take") -> str:
        """Let the take appear in the studio's folder; its code."""
        from rushes.studio.folder import lay_out

        try:
            lay_out(studio.desk, studio.files, studio.folder, take)
        except OSError as error:
            # The folder is a view of what is kept, and is laid out again by the next worker.
            self._screen.say("note", f"{studio.folder} could not be written ({error.strerror})")
        self._screen.say("take", take.code)
        return take.code


class Opening:
    """The studio, opened while the caller does other things: a database loads as slowly as a model."""

    def __init__(self) -> None:
        self._studio: Studio | None = None
        self._error: Exception | None = None
        self._thread = Thread(target=self._open, daemon=True)
        self._thread.start()

    def result(self) -> Studio:
        """The studio, with room to work in; raises what went wrong."""
        self.wait()
        if self._error is not None:
            raise self._error
        assert self._studio is not None
        return self._studio

    def wait(self) -> None:
        """Until it is opened, or cannot be."""
        self._thread.join()

    def _open(self) -> None:
        try:
            self._studio = open_studio()
            self._studio.files.check_room()
        except Exception as error:
            self._error = error


def take_in_all(studio: Studio, given: Given) -> "tuple[Input, ...]":
    """The files takes start from, kept by their hashes before any take names them."""
    from rushes.studio.inputs import take_in
    from rushes.studio.takes import Input

    return tuple(Input(role, take_in(studio.desk, studio.files, path).sha256) for role, path in given.roles())


def _is_of_the_place(error: Exception) -> bool:
    """Whether the studio's own disk or database is to blame, not the clip."""
    from rushes.studio.jobs.classify import classify
    from rushes.studio.jobs.job import Failure

    return classify(error) is Failure.HOST


def _reason(error: Exception) -> str:
    if isinstance(error, RushesError):
        return str(error)
    if isinstance(error, OSError):
        return f"RUSHES_HOME cannot be written to ({error.strerror})"
    return f"the studio cannot be used ({getattr(error, 'orig', error)})"


def _picked(choice: Mapping[str, Any]) -> str:
    """``"seed 7 of 7 -0.31, 8 -2.50; dropped early: 9 -4.00"``."""
    last = {str(seed) for seed in choice["finalists"]}
    told = {seed: f"{seed} {score:.2f}" for seed, score in choice["scores"].items()}
    dropped = ", ".join(text for seed, text in told.items() if seed not in last)
    walked = ", ".join(text for seed, text in told.items() if seed in last)
    return f"seed {choice['chosen_seed']} of {walked}" + (f"; dropped early: {dropped}" if dropped else "")
