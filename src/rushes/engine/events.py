"""What a generation says while it runs. The caller owns progress and saving; to cancel, stop iterating."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


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
class StepDone:
    """Step ``step`` (from 1) of ``total`` is done; ``expert`` counts from 0 at high noise.

    ``sigma`` is the level it began at, ``denoised`` (1, C, T, H, W) the clean latents as seen from there.
    """

    step: int
    total: int
    expert: int
    sigma: float
    denoised: Tensor


@dataclass(frozen=True)
class FramesDecoded:
    """The next frames of the clip, uint8 (t, H, W, 3) RGB; ``done`` of ``total`` are out after these."""

    frames: NDArray[np.uint8]
    done: int
    total: int


@dataclass(frozen=True)
class StageDone:
    """A stage ended; ``seconds`` is its own work, without what the caller did between events."""

    stage: StageName
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The clip is complete. ``latents`` (1, C, T, H, W) float32 decode to the frames sent before."""

    latents: Tensor


Event = StageStarted | StepDone | FramesDecoded | StageDone | Finished
