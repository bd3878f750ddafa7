"""What a take is asked to be beside its words: candidates and who chooses among them, sliders, devices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Request

if TYPE_CHECKING:
    from rushes.engine.parallel.layout import Layout
    from rushes.evaluation.picking import Picker


def read_sliders(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """``("strength=0.8",)`` -> names and values; of one said twice the last counts."""
    values = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            raise UsageError(f"slider {text!r} is not NAME=VALUE: write it like strength=0.8") from None
    return tuple(values.items())


def candidates_of(asked: int | None, facts: ModelFacts, devices: int) -> int:
    """How many clips are made of a take. Raises UsageError where none could be chosen."""
    if devices > 1:
        return candidates_shared(asked)
    if asked is None:
        return facts.defaults.candidates
    if asked > 1 and not facts.conventions.reads_captions:
        raise UsageError(
            f"candidates of {facts.name!r} cannot be compared, the judge knows mini's world: use --variants"
        )
    return asked


def candidates_shared(asked: int | None) -> int:
    """How many clips several devices make of a take: one. Raises UsageError for more."""
    if asked is not None and asked > 1:
        raise UsageError("candidates are made in one process: leave out --candidates or --devices")
    return 1


def picker_for(facts: ModelFacts, request: Request) -> "Picker | None":
    """Who chooses among the candidates of ``request``; None where there is but one."""
    if request.candidates == 1:
        return None
    from rushes.evaluation.picking import picker

    return picker(request.prompt, facts.conventions.vocabulary)


def layout_of(devices: int, facts: ModelFacts, request: Request) -> "Layout | None":
    """How ``devices`` share a take; None for one, which makes it alone."""
    if devices == 1:
        return None
    from rushes.engine.parallel.devices import layout_for

    return layout_for(devices, facts, request)
