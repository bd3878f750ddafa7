"""From what a person asked, with gaps, to a complete request a model can make. Needs no weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from rushes.core.errors import UsageError
from rushes.core.model_facts import FirstFrame, ModelFacts
from rushes.core.request import Request
from rushes.core.timebase import Duration, frames_covering, frames_for
from rushes.core.vocabulary import CAMERA_MOVES, MOMENT


@dataclass(frozen=True)
class Order:
    """What a person asked; None leaves the choice to the model.

    The length is ``seconds``, met as nearly as the model can, or ``num_frames``, met exactly by cutting off
    what the model makes beyond. ``size`` is (width, height) in native pixels; ``first_frame`` the digest of a
    picture, empty for none; ``candidates`` clips are made and the best of them is delivered. ``told`` is what
    the words say in numbers: sliders where the model has them and ``sliders`` does not say otherwise.
    """

    prompt: str
    context_text: str
    seed: int
    seconds: Fraction | None = None
    steps: int | None = None
    guidance_high: float | None = None
    guidance_low: float | None = None
    negative_prompt: str | None = None
    num_frames: int | None = None
    size: tuple[int, int] | None = None
    first_frame: str = ""
    candidates: int = 1
    sliders: tuple[tuple[str, float], ...] = ()
    told: Mapping[str, float] = field(default_factory=dict)


def plan(facts: ModelFacts, order: Order) -> tuple[Request, Duration]:
    """The request, and how its duration came about.

    Raises UsageError for a duration, size, number of steps, guidance or first frame outside what the model
    makes.
    """
    check_first_frame(facts, bool(order.first_frame))
    check_sliders(facts, dict(order.sliders))
    sliders = _sliders(facts, order)
    defaults, usual = facts.defaults, facts.defaults.sampling
    duration = _duration(facts, order)
    width, height = order.size or (defaults.width, defaults.height)
    sampling = replace(
        usual,
        steps=usual.steps if order.steps is None else order.steps,
        guidance_high=usual.guidance_high if order.guidance_high is None else order.guidance_high,
        guidance_low=usual.guidance_low if order.guidance_low is None else order.guidance_low,
        # a camera that moves on from a still keeps its path; the rest of a clip is no better for one
        still_shift=usual.still_shift if moves_camera(sliders) else 0.0,
    )
    request = Request(
        prompt=order.prompt,
        context_text=order.context_text,
        num_frames=duration.num_frames,
        frame_rate=defaults.frame_rate,
        height=height,
        width=width,
        seed=order.seed,
        sampling=sampling,
        negative_prompt=defaults.negative_prompt if order.negative_prompt is None else order.negative_prompt,
        trim=duration.trim,
        first_frame=order.first_frame,
        sliders=sliders,
        candidates=order.candidates,
    )
    return request, duration


def check_first_frame(facts: ModelFacts, is_given: bool) -> None:
    """Raise UsageError when a model gets a first picture it cannot use, or lacks one it needs."""
    way = facts.conventions.first_frame
    if is_given and way is FirstFrame.NONE:
        raise UsageError(f"model {facts.name!r} cannot start from a picture: leave out the first frame")
    if not is_given and way is FirstFrame.CHANNELS:
        raise UsageError(f"model {facts.name!r} starts from a picture: give a first frame")


def check_any_tokens(name: str, any_tokens: bool) -> None:
    """Raise UsageError for a model that was never trained with parts of a clip given."""
    if not any_tokens:
        raise UsageError(
            f"model {name!r} was not trained to go on from clips, join pictures or repaint boxes: choose one "
            "whose record says any_tokens"
        )


def check_sliders(facts: ModelFacts, sliders: Mapping[str, float]) -> None:
    """Raise UsageError for numbers that do not steer a model's clips."""
    known = [name for name in facts.conventions.sliders if name != MOMENT]
    for name in sliders:
        if not known:
            raise UsageError(f"model {facts.name!r} has no sliders: say it in words, or choose another model")
        if name == MOMENT:
            raise UsageError(f"slider {MOMENT!r} is of single pictures and steers no clip: leave it out")
        if name not in known:
            raise UsageError(f"slider {name!r} is unknown to {facts.name!r}: choose {', '.join(known)}")


def moves_camera(sliders: Sequence[tuple[str, float]]) -> bool:
    """Whether any of the numbers of a clip moves its camera."""
    return any(value for name, value in sliders if name in CAMERA_MOVES)


def _sliders(facts: ModelFacts, order: Order) -> tuple[tuple[str, float], ...]:
    """What the words tell, as far as the model has sliders for it, unless another number was asked for."""
    told = {name: value for name, value in order.told.items() if name in facts.conventions.sliders}
    return tuple({**told, **dict(order.sliders)}.items())


def _duration(facts: ModelFacts, order: Order) -> Duration:
    defaults, step = facts.defaults, facts.compression.time
    if order.num_frames is not None:
        if order.seconds is not None:
            raise UsageError(f"{order.num_frames} frames and a duration were asked: leave one of them out")
        return frames_covering(order.num_frames, defaults.frame_rate, step, defaults.frame_limits)
    seconds = defaults.seconds if order.seconds is None else order.seconds
    return frames_for(seconds, defaults.frame_rate, step, defaults.frame_limits)
