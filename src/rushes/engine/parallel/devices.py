"""One model on several devices, as its caller sees it: requests in, events out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from rushes.core.errors import CancelledError, GenerationError, UsageError
from rushes.core.lora_use import LoraUse
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Request
from rushes.engine.events import Event, Finished, StepDone, TextsEncoded
from rushes.engine.forecast import Needs
from rushes.engine.generate import generate
from rushes.engine.parallel.deadline import Deadline
from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.mesh import join_mesh
from rushes.engine.parallel.ranks import Rank, Ranks, Site, site_for
from rushes.engine.parallel.share import share_bundle, share_run
from rushes.engine.placement import compute_dtype, machine_facts
from rushes.engine.rehearsal import seconds_expected
from rushes.engine.run import CPU, PLAIN_RUN, Run
from rushes.models.bundle import Bundle, Expert, load_files, load_upscaler, open_model
from rushes.models.codecs import build_codec
from rushes.models.model_files import ModelFiles
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import WanTransformer

POLL = 0.1
"""Seconds between two questions to a run's ``is_cancelled``."""


def layout_for(devices: int, facts: ModelFacts, request: Request) -> Layout:
    """How a request is best divided over so many devices.

    Raises UsageError for a number that cannot work, before anything is loaded.
    """
    site_for(devices)
    rows = request.height // facts.compression.height
    if devices > rows:
        raise UsageError(
            f"{devices} devices are too many for pictures of {request.height} lines, which make {rows} rows "
            f"of latents to divide: use at most {rows}"
        )
    sampling = request.sampling
    return Layout.of(devices, guided=1 not in (sampling.guidance_high, sampling.guidance_low))


def usual_dtype(devices: int) -> torch.dtype:
    """bfloat16 on GPUs, on the CPU where it is faster (:func:`rushes.engine.placement.compute_dtype`)."""
    return torch.bfloat16 if site_for(devices).kind == "cuda" else compute_dtype()


@dataclass(frozen=True)
class SharedModel:
    """What every rank loads, and into what shares the ranks divide it."""

    folder: Path
    dtype: torch.dtype
    layout: Layout
    loras: tuple[LoraUse, ...] = ()


@dataclass(frozen=True)
class _Clip:
    request: Request
    run: Run


def outline(files: ModelFiles, dtype: torch.dtype) -> Bundle:
    """The bundle without its weights, on the meta device: enough for recipes, and for reading prompts.

    Only the upscaler is there: it enlarges in the caller's process what the devices made.
    """
    with torch.device("meta"):
        transformer = WanTransformer(files.transformer).to(dtype)
        text_encoder = UMT5Encoder(files.text_encoder.config).to(dtype)
        codec = build_codec(files.codec.config)
    return Bundle(
        name=files.name,
        licence=files.licence,
        tokenizer=Tokenizer(files.tokenizer),
        text_encoder=text_encoder,
        experts=tuple(Expert(transformer, each.from_sigma) for each in files.experts),
        codec=codec,
        defaults=files.defaults,
        sha256=files.sha256,
        conventions=files.conventions,
        upscaler=load_upscaler(files, dtype, CPU),
    )


class Devices:
    """Processes that hold one model together. Each loads it whole and then keeps its share.

    They start with the first clip, or with :meth:`start`, and stay for the next ones. A clip that is given up
    or goes wrong ends them; the next one starts them anew. Use as a context, so that they end. As with all
    processes of Python, a script that is run itself needs ``if __name__ == "__main__"``.
    """

    def __init__(self, model: SharedModel) -> None:
        """Raises UsageError when this machine has too few GPUs."""
        self._model = model
        self.site: Site = site_for(model.layout.devices)
        self._ranks: Ranks | None = None
        self._is_filming = False

    def __enter__(self) -> "Devices":
        """Nothing yet: the first clip starts the processes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them."""
        if self._ranks is not None and not self._is_filming:
            self._ranks.close()
            self._ranks = None
        self._give_up()

    @property
    def machine(self) -> Mapping[str, str | int]:
        """What decides the last bits of a clip made so (:func:`rushes.engine.placement.machine_facts`)."""
        facts = machine_facts(self._model.dtype)
        return {
            **facts,
            "backend": self.site.kind,
            "threads": self.site.threads,
            "devices": str(self._model.layout),
        }

    def start(self) -> Ranks:
        """Return when every process holds its share of the model. Raises what loading it raises."""
        if self._ranks is None:
            ranks = Ranks(_film, self._model, self.site)
            try:
                ranks.hear_all()
            except BaseException:
                ranks.end()
                raise
            self._ranks = ranks
        return self._ranks

    def generate(self, request: Request, run: Run = PLAIN_RUN) -> Iterator[Event]:
        """As :func:`rushes.engine.generate.generate`, within rounding; tensors are copies on the CPU.

        Raises GenerationError within seconds when a device fails, after all were stopped.
        """
        ranks = self.start()
        self._is_filming = True
        try:
            ranks.say(_Clip(request, replace(run, is_cancelled=None)))
            expected = self._next(ranks, run, Deadline(0.0))
            deadline = Deadline(expected)
            while not isinstance(event := self._next(ranks, run, deadline), Finished):
                yield event
                deadline.resume()
        except BaseException:
            self._give_up()
            raise
        self._is_filming = False
        yield event

    def _next(self, ranks: Ranks, run: Run, deadline: Deadline) -> Any:
        """What the first rank says next."""
        while run.is_cancelled is None or not run.is_cancelled():
            heard = ranks.hear(POLL)
            if heard is not None:
                deadline.heard()
                return heard[1]
            if silence := deadline.overdue():
                raise GenerationError(
                    f"the {self.site.size} devices have said nothing for {silence:.0f} seconds, so one of "
                    "them hangs and all were stopped: shoot again, which goes on from what was saved"
                )
        raise CancelledError("stopped in mid-step as asked")

    def _give_up(self) -> None:
        if self._ranks is not None:
            self._ranks.call_off()
        self._ranks, self._is_filming = None, False


def _film(rank: Rank, model: SharedModel) -> None:
    """What every rank does: load, take its share, and make clips; the first one tells the caller."""
    mesh = join_mesh(model.layout)
    files = open_model(model.folder, model.loras)
    bundle = load_files(files, model.dtype, rank.device)
    share_bundle(bundle, mesh)
    rank.say("ready")
    for clip in rank.orders():
        run = share_run(replace(clip.run, device=rank.device), mesh)
        if rank.index == 0:
            needs = Needs(
                files, clip.request, model.dtype, members=1 + len(run.more_seeds), device=rank.device
            )
            rank.say(seconds_expected(needs) / clip.request.sampling.steps)
            run = replace(run, is_cancelled=rank.is_called)
        elif run.saved is not None:
            run = replace(run, saved=run.saved.for_reading())
        for event in generate(bundle, clip.request, run):
            if isinstance(event, StepDone):
                mesh.check_equal(event.latents)
            if rank.index == 0:
                rank.say(_for_caller(event))


def _for_caller(event: Event) -> Event:
    match event:
        case StepDone():
            return replace(event, latents=event.latents.cpu(), denoised=event.denoised.cpu())
        case Finished(latents):
            return Finished(latents.cpu())
        case TextsEncoded(texts):
            return TextsEncoded(texts.to(CPU))
    return event
