"""The model a command films with: held in memory as its budget allows, or shared among devices."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from rushes.cli.planned import Planned
from rushes.cli.screen import Screen, duration
from rushes.core.errors import OutOfMemoryError
from rushes.core.memory_size import describe_memory
from rushes.core.request import Request

if TYPE_CHECKING:
    import torch

    from rushes.engine.events import Event
    from rushes.engine.parallel.layout import Layout
    from rushes.engine.run import Run
    from rushes.models.bundle import Bundle
    from rushes.models.model_files import ModelFiles


@dataclass(frozen=True)
class Maker:
    """What makes clips: ``generate`` with the model in this process or on several devices.

    ``bundle`` may be without its weights; ``machine`` is what a recipe records beside itself; ``device`` is
    where latents live.
    """

    bundle: "Bundle"
    machine: Mapping[str, str | int]
    generate: "Callable[[Request, Run], Iterator[Event]]"
    device: "torch.device"


@dataclass(frozen=True)
class Making:
    """What is made, and with what: ``memory_budget`` bytes (None: what is free), or devices.

    ``is_lean``: memory ran out before, so half of it has to do in this process, however slowly.
    """

    planned: Planned
    memory_budget: int | None
    layout: "Layout | None"
    is_lean: bool = False

    @contextmanager
    def maker(self, screen: Screen) -> Iterator[Maker]:
        """The model with its weights; says when the words are more than it reads."""
        files = self.planned.files()
        for use in self.planned.loras:
            screen.say("lora", f"{use.path.name} x {use.strength:g}, {use.noise or 'all'}")
        for line in files.notes:
            screen.say("note", line)
        started = perf_counter()
        with self._alone(files, screen) if self.layout is None else self._together(files) as maker:
            screen.say("model", f"{maker.bundle.name}, loaded in {perf_counter() - started:.1f} s")
            if self.layout is not None:
                screen.say("devices", f"{self.layout.devices}, sharing by {self.layout}")
            num_tokens = maker.bundle.tokenizer.num_tokens(self.planned.at_once.context_text)
            most = maker.bundle.experts[0].transformer.config.text_len
            if num_tokens > most:
                text = f"the model reads {most} tokens, these words are {num_tokens}: the end is cut off"
                screen.say("note", text)
            yield maker

    @contextmanager
    def _alone(self, files: "ModelFiles", screen: Screen) -> Iterator[Maker]:
        """In this process, as the forecast says that it fits."""
        from rushes.engine.budget import holding_within
        from rushes.engine.forecast import Needs
        from rushes.engine.generate import generate
        from rushes.engine.memory import free_memory, give_back_unused, own_memory, return_freed_memory
        from rushes.engine.placement import best_device, compute_dtype, machine_facts, passes_at_once
        from rushes.engine.rehearsal import seconds_expected
        from rushes.engine.side_by_side import beside

        device = best_device()
        return_freed_memory()
        give_back_unused(device)
        request, delivered = self.planned.at_once, self.planned.framing.delivered
        needs = Needs(files, request, compute_dtype(device), delivered, request.candidates, device)
        own = own_memory(device)
        budget = self.memory_budget or own + free_memory(device)
        holding = holding_within(needs, own, budget)
        if self.is_lean:
            holding = holding.halved(own)
        screen.say("memory", f"{holding.describe()}; {describe_memory(budget)} allowed")
        passes = passes_at_once(device) if holding.places is None else 1
        screen.say("time", f"about {duration(seconds_expected(needs, passes))} a take")
        try:
            bundle = holding.load(device)

            def make(request: Request, run: "Run") -> "Iterator[Event]":
                return generate(bundle, request, beside(run) if passes > 1 else run)

            yield Maker(bundle, machine_facts(bundle.dtype, device), make, device)
        except OutOfMemoryError as error:
            leaner = holding.leaner(own)
            if leaner is None:
                raise
            less = describe_memory(leaner.forecast.peak).replace(" ", "")
            raise OutOfMemoryError(
                f"{error}; with --memory-budget {less} the same command keeps fewer weights in memory and "
                "goes on from what was saved"
            ) from error

    @contextmanager
    def _together(self, files: "ModelFiles") -> Iterator[Maker]:
        """On several devices."""
        from rushes.engine.parallel.devices import Devices, SharedModel, outline, usual_dtype
        from rushes.engine.placement import CPU

        assert self.layout is not None
        dtype = usual_dtype(self.layout.devices)
        model = SharedModel(self.planned.folder, dtype, self.layout, self.planned.loras)
        with Devices(model) as devices:
            devices.start()
            yield Maker(outline(files, model.dtype), devices.machine, devices.generate, CPU)
