"""From what a person asked, with gaps, to a complete request a model can make."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from rushes.core.request import Request, Sampling
from rushes.core.timebase import Duration, frames_for

if TYPE_CHECKING:
    from rushes.models.bundle import Bundle


@dataclass(frozen=True)
class Order:
    """What a person asked; None leaves the choice to the model."""

    prompt: str
    context_text: str
    seed: int
    seconds: Fraction | None = None
    steps: int | None = None
    guidance_high: float | None = None
    guidance_low: float | None = None


def plan(bundle: "Bundle", order: Order) -> tuple[Request, Duration]:
    """The request, and how its duration came about.

    Raises UsageError for a duration, number of steps or guidance outside what the model makes.
    """
    defaults = bundle.defaults
    seconds = defaults.seconds if order.seconds is None else order.seconds
    duration = frames_for(seconds, defaults.frame_rate, bundle.codec.compression.time, defaults.frame_limits)
    usual = defaults.sampling
    sampling = Sampling(
        steps=usual.steps if order.steps is None else order.steps,
        guidance_high=usual.guidance_high if order.guidance_high is None else order.guidance_high,
        guidance_low=usual.guidance_low if order.guidance_low is None else order.guidance_low,
        shift=usual.shift,
    )
    request = Request(
        prompt=order.prompt,
        context_text=order.context_text,
        num_frames=duration.num_frames,
        frame_rate=defaults.frame_rate,
        height=defaults.height,
        width=defaults.width,
        seed=order.seed,
        sampling=sampling,
    )
    return request, duration
