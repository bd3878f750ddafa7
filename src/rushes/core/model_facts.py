"""What must be known of a model before its weights are loaded: what it makes and how it is driven."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from rushes.core.request import Sampling
from rushes.core.shapes import Compression
from rushes.core.vocabulary import TOLD


class FirstFrame(StrEnum):
    """How a given first picture enters a model.

    ``channels``: mask and encoded picture beside the noise on extra input channels (I2V-A14B); the picture is
    required. ``tokens``: its clean latents in place of the first latent frame, at timestep 0 (TI2V-5B).
    """

    NONE = "none"
    CHANNELS = "channels"
    TOKENS = "tokens"


@dataclass(frozen=True)
class ModelDefaults:
    """What the model makes when nothing else is asked.

    ``crop`` is the delivered part of the native ``height`` x ``width`` picture (top, left, height, width) in
    pixels; ``frame_limits`` are the fewest and most frames of a clip; ``seconds`` its usual length; ``sizes``
    the other native sizes it makes, (width, height); ``candidates`` the clips one take is chosen from. A
    still of ``sampling`` comes first only where the camera moves.
    """

    width: int
    height: int
    crop: tuple[int, int, int, int]
    frame_rate: Fraction
    frame_limits: tuple[int, int]
    seconds: Fraction
    sampling: Sampling
    negative_prompt: str = ""
    sizes: tuple[tuple[int, int], ...] = ()
    candidates: int = 1


@dataclass(frozen=True)
class ReframingHabit:
    """How much of its camera's path a model leaves to be made up for while a clip is made.

    The pictures are moved once, after the first step that ends at ``from_sigma`` or below, by so many times
    the asked ``pan``, ``tilt`` and ``zoom``.
    """

    from_sigma: float
    pan: float
    tilt: float
    zoom: float


@dataclass(frozen=True)
class Conventions:
    """How a model was trained to be driven.

    ``whole_timesteps``: 1000 sigma is cut to an integer before it enters the transformer, as the official
    Wan code does. ``decode_forwards``: decoding a clip and writing its file take about as long as so many
    forwards of the transformer; the time left is counted with that until the decoder has been timed.
    ``any_tokens``: trained with any of a clip's tokens given clean, so it goes on from clips, joins two
    pictures and repaints boxes. ``sliders``: names of the numbers in -1..1 it takes beside the words.
    ``motion_channels``: the last so many latent channels are not picture but how each cell moves.
    ``reads_captions``: trained on captions of a small vocabulary, so words are put into such a caption first;
    other models read any text. ``vocabulary``: slot -> ids those captions were made of; empty where it was
    not recorded. ``shared_noise``: share of the starting noise's variance, 0 to 1, that all frames of a clip
    have in common. ``latent_limits``: how far from zero the values of each channel of clean latents may lie
    while they are denoised, empty for any. ``reframing``: of clips whose camera moves, None for none.
    """

    whole_timesteps: bool = False
    first_frame: FirstFrame = FirstFrame.NONE
    any_tokens: bool = False
    sliders: tuple[str, ...] = ()
    motion_channels: int = 0
    decode_forwards: float = 1.0
    reads_captions: bool = False
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared_noise: float = 0.0
    latent_limits: tuple[float, ...] = ()
    reframing: ReframingHabit | None = None


# 61 frames on two cores: 16 forwards take 3 s, decoding and writing 720p 5.5 s.
MINI_CONVENTIONS = Conventions(decode_forwards=30, reads_captions=True, vocabulary=TOLD)


@dataclass(frozen=True)
class ModelFacts:
    """A model without its weights; enough to turn an order into a request."""

    name: str
    defaults: ModelDefaults
    conventions: Conventions
    compression: Compression
    has_upscaler: bool = False
    """Whether the model brings its own network for larger delivered pictures."""
