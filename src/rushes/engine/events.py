"""What a generation says while it runs. The caller owns progress and saving; to cancel, stop iterating."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rushes.engine.texts import Texts


class StageName(StrEnum):
    """The engine's part of a recipe, in order."""

    ENCODE_TEXT = "encode_text"
    DENOISE = "denoise"
    DECODE = "decode"


@dataclass(frozen=True)
class StageStarted:
    """A stage begins."""

    stage: StageName


@dataclass(frozen=True)
class TextsEncoded:
    """The contexts of this run, which other runs of the same words may be given."""

    texts: Texts


@dataclass(frozen=True)
class Resumed:
    """A saved run goes on: ``step`` of ``total`` steps were done before."""

    step: int
    total: int


@dataclass(frozen=True)
class StepDone:
    """Step ``step`` (from 1) of ``total`` is done; ``expert`` counts from 0 at high noise.

    ``sigma`` is the level it began at, ``latents`` (B, C, T, H, W) where it led (the caller may write into
    them), ``denoised`` the clean latents as seen from its beginning. ``seconds_left`` is for the whole take.
    """

    step: int
    total: int
    expert: int
    sigma: float
    latents: Tensor
    denoised: Tensor
    seconds_left: float


@dataclass(frozen=True)
class Preview:
    """How the clip looks after ``step``: uint8 (up to 3, height, width, 3) RGB: beginning, middle, end.

    After step 0 it is the still that a clip starts from.
    """

    step: int
    pictures: NDArray[np.uint8]


@dataclass(frozen=True)
class FramesDecoded:
    """The next frames of a clip, uint8 (t, H, W, 3) RGB; ``done`` of ``total`` are out after these.

    ``member`` counts the clips of a batch; their frames come one clip after another, and ``done`` and
    ``total`` count the frames of this one. ``seconds_left`` is None while nothing is known of the pace.
    """

    frames: NDArray[np.uint8]
    done: int
    total: int
    member: int
    seconds_left: float | None


@dataclass(frozen=True)
class CandidateScored:
    """Candidate ``number`` (from 1) of ``total`` is decoded and judged.

    Those that are walked to the end are judged a second time, and the second score is theirs.
    """

    number: int
    total: int
    seed: int
    score: float


@dataclass(frozen=True)
class CandidateChosen:
    """The frames that follow are this one's: the finalist with the highest score, the first of equal ones."""

    seed: int
    finalists: tuple[int, ...]
    """Seeds of those that were walked to the end."""


@dataclass(frozen=True)
class StageDone:
    """A stage ended; ``seconds`` is its own work, without what the caller did between events."""

    stage: StageName
    seconds: float


@dataclass(frozen=True)
class Finished:
    """All is done. ``latents`` (B, C, T, H, W) float32 decode to the frames sent before."""

    latents: Tensor


Event = (
    StageStarted
    | TextsEncoded
    | Resumed
    | StepDone
    | Preview
    | FramesDecoded
    | CandidateScored
    | CandidateChosen
    | StageDone
    | Finished
)
