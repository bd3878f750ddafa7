"""A fast engine that makes no pictures: the same stages and files, in milliseconds, for tests and rehearsals.

Words in the prompt make it misbehave: ``poison`` kills its process, ``hang`` stops moving, ``fail`` raises,
``memory`` runs out unless it is degraded; the gate refuses ``refuse``, the check finds ``flicker``.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from time import sleep

from rushes.core.errors import OutOfMemoryError, RefusedError
from rushes.core.recipe import Stage
from rushes.studio.jobs.heartbeat import Progress
from rushes.studio.jobs.job import Job
from rushes.studio.production import Made, Step, Work
from rushes.studio.reviews import NewNote, Source
from rushes.studio.takes import Take

NUM_STEPS = 5


def fake_steps(_take: Take, _job: Job) -> Sequence[Step]:
    """The stages of a take; ``label`` is left out, as where it is not installed."""
    return (
        Step("enhance", _enhance_recipe, _enhance, weight=0.1),
        Step("gate", _gate_recipe, _gate, weight=0.1),
        Step("generate", _generate_recipe, _generate, ("master",), weight=10),
        Step("finish", _finish_recipe, _finish, ("clip", "sheet")),
        Step("check", _check_recipe, _check, weight=0.1),
        Step("label", _finish_recipe, None, ("clip",)),
    )


def build_fake() -> Callable[[Take, Job], Sequence[Step]]:
    """What a worker's child calls to load it."""
    return fake_steps


def _enhance_recipe(work: Work) -> tuple[Stage, ...]:
    return (Stage("enhance", 1, {"prompt": work.take.request.prompt}),)


def _enhance(work: Work, _folder: Path) -> Iterator[Progress | Made]:
    yield Made(value={"text": work.take.request.prompt.upper()})


def _gate_recipe(_work: Work) -> tuple[Stage, ...]:
    return (Stage("gate", 1, {}),)


def _gate(work: Work, _folder: Path) -> Iterator[Progress | Made]:
    if "refuse" in work.take.request.prompt:
        raise RefusedError("the gate refused 'refuse': say it in other words")
    yield Made()


def _generate_recipe(work: Work) -> tuple[Stage, ...]:
    """Text, denoising and decoding as one step, of three stages of the recipe."""
    request = work.take.request
    return (
        Stage("encode_text", 1, {"text": work.value("enhance")["text"]}),
        Stage("denoise", 1, {"seed": request.seed, **request.settings}),
        Stage("decode", 1, {"inputs": [each.sha256 for each in work.take.inputs]}),
    )


def _generate(work: Work, folder: Path) -> Iterator[Progress | Made]:
    """A file of a few kilobytes, from words and seed; ``step_s`` of the settings is a step's time."""
    request = work.take.request
    for step in range(NUM_STEPS):
        yield Progress(step / NUM_STEPS, f"step {step + 1} of {NUM_STEPS}")
        sleep(float(request.settings.get("step_s", 0.0)))
        if step == NUM_STEPS // 2:
            _misbehave(request.prompt, work.is_degraded)
    master = folder / "master.mkv"
    master.write_bytes(sha256(f"{request.prompt} {request.seed}".encode()).digest() * 100)
    yield Made({"master": master}, model=request.model, work=NUM_STEPS, recorded={"machine": "fake"})


def _misbehave(prompt: str, is_degraded: bool) -> None:
    if "poison" in prompt:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in prompt:
        sleep(3600)
    if "fail" in prompt:
        raise RuntimeError("the fake failed as its prompt says")
    if "memory" in prompt and not is_degraded:
        raise OutOfMemoryError("memory ran out in stage denoise")


def _finish_recipe(_work: Work) -> tuple[Stage, ...]:
    return (Stage("finish", 1, {"size": [1280, 720]}),)


def _finish(work: Work, folder: Path) -> Iterator[Progress | Made]:
    clip, sheet = folder / "clip.mp4", folder / "sheet.png"
    clip.write_bytes(b"clip of " + work.file("generate", "master").read_bytes())
    sheet.write_bytes(b"sheet of " + clip.read_bytes()[:40])
    yield Made({"clip": clip, "sheet": sheet})


def _check_recipe(_work: Work) -> tuple[Stage, ...]:
    return (Stage("check", 1, {}),)


def _check(work: Work, _folder: Path) -> Iterator[Progress | Made]:
    found = NewNote("flickers", Source.CHECK, "flicker", 3, 9)
    yield Made(notes=(found,) if "flicker" in work.take.request.prompt else ())
