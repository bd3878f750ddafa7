"""From a take's words, settings and inputs to what the engine makes, and how long that may take."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.cli.choosing import candidates_of
from rushes.cli.framing import Upscale, frame
from rushes.cli.hosted_takes import estimate_hosted, plan_hosted
from rushes.cli.loras import with_preset
from rushes.cli.planned import NOTHING, Asked, Given, Planned, finishing, generating
from rushes.cli.published_times import published_seconds
from rushes.cli.remade import MADE_OF, plan_remake, sketch_remake
from rushes.core.errors import UsageError
from rushes.core.lora_use import LoraUse, Noise
from rushes.core.model_facts import ModelFacts
from rushes.core.shapes import parse_size
from rushes.core.timebase import DELIVERY_RATE, parse_seconds
from rushes.hosted.models import find_hosted

if TYPE_CHECKING:
    from rushes.studio.desk import Desk

# What a take's settings may hold; anything else would be dropped silently.
SETTINGS = (
    "seconds", "size", "steps", "guidance_high", "guidance_low", "negative", "upscale", "candidates",
    "sliders", "preset", "loras", "frame_rate", *MADE_OF,
)  # fmt: skip


def plan_take(asked: Asked, given: Given = NOTHING) -> Planned:
    """What the engine makes of a take; UsageError for what the model cannot do."""
    return _planned(asked, given, plan_remake)


def sketch_take(asked: Asked, given: Given = NOTHING) -> Planned:
    """:func:`plan_take` as far as an estimate needs it, which loads no torch."""
    return _planned(asked, given, sketch_remake)


def _planned(
    asked: Asked, given: Given, remake: Callable[[Path, ModelFacts, Asked, Given], Planned]
) -> Planned:
    from rushes.engine.catalogue import model_folder
    from rushes.engine.facts import open_facts

    settings = asked.settings
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise UsageError(f"a take cannot be told {', '.join(unknown)}: use {', '.join(SETTINGS)}")
    folder = model_folder(asked.model)
    facts, opened = open_facts(folder)
    plan = remake if set(settings) & set(MADE_OF) else _plan_words
    rate = Fraction(settings.get("frame_rate", DELIVERY_RATE))
    return replace(plan(folder, facts, asked, given), opened=opened, delivery_rate=rate)


def _plan_words(folder: Path, facts: ModelFacts, asked: Asked, given: Given) -> Planned:
    """A take of words, and perhaps of a first picture."""
    from rushes.cli.words import read_words
    from rushes.engine.plan import Order, plan

    settings = asked.settings
    preset, steps = settings.get("preset"), settings.get("steps")
    size, seconds, upscale = settings.get("size"), settings.get("seconds"), settings.get("upscale")
    length = None if seconds is None else parse_seconds(seconds)
    facts, loras = with_preset(preset, facts, steps, _loras(asked, given))
    framing = frame(
        facts,
        None if size is None else parse_size(size),
        given.first_frame,
        None if upscale is None else Upscale(upscale),
    )
    words = read_words(facts, asked.prompt)
    order = Order(
        asked.prompt, words.text, asked.seed, length, steps, settings.get("guidance_high"),
        settings.get("guidance_low"), settings.get("negative"), size=framing.native,
        first_frame=framing.digest,
        candidates=candidates_of(settings.get("candidates"), facts, devices=1),
        sliders=tuple(settings.get("sliders", {}).items()), told=words.told,
    )  # fmt: skip
    request, duration = plan(facts, order)
    return Planned(folder, facts, request, framing, loras, words.lines, duration.describe())


def lasting_name(model: str) -> str:
    """A model's name; a folder as an absolute path, since a take may be made again from elsewhere."""
    from rushes.engine.catalogue import model_folder

    if find_hosted(model) is not None:
        return model
    folder = model_folder(model)
    return str(folder.resolve()) if folder == Path(model) else model


def estimate_take(desk: "Desk", asked: Asked, given: Given = NOTHING) -> float:
    """Machine seconds for a take, by what was made here, else by what was published; 0 without either.

    Raises UsageError for a request the model cannot do.
    """
    if find_hosted(asked.model) is not None:
        return estimate_hosted(desk, plan_hosted(asked, len(given.roles())))
    return estimate_planned(desk, asked.model, sketch_take(asked, given))


def estimate_planned(desk: "Desk", model: str, planned: Planned) -> float:
    """:func:`estimate_take` of what is planned."""
    return used_here(desk, model, planned) or published_seconds(planned)


def used_here(desk: "Desk", model: str, planned: Planned) -> float:
    """Machine seconds for a take by takes made here; 0 while none of the model was."""
    from rushes.studio.jobs.estimate import estimate

    work = {"generate": generating(planned.request), "finish": finishing(planned)}
    return estimate(desk, model, work)


def rehearse(planned: Planned) -> float:
    """Machine seconds for a take of a model that was never used here, before its weights are loaded."""
    from rushes.engine.forecast import Needs
    from rushes.engine.placement import best_device, compute_dtype, passes_at_once
    from rushes.engine.rehearsal import seconds_expected

    request, device = planned.at_once, best_device()
    delivered = planned.framing.delivered
    needs = Needs(planned.files(), request, compute_dtype(device), delivered, request.candidates, device)
    return seconds_expected(needs, passes_at_once(device))


def _loras(asked: Asked, given: Given) -> tuple[LoraUse, ...]:
    uses = asked.settings.get("loras", ())
    if len(uses) != len(given.loras):
        raise UsageError(f"{len(uses)} LoRAs are named and {len(given.loras)} given: name each file once")
    return tuple(
        LoraUse(path, use["strength"], Noise(use["noise"]) if use["noise"] else None)
        for use, path in zip(uses, given.loras, strict=True)
    )
