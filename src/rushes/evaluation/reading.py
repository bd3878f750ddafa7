"""What a clip shows, read by one of two networks that share no training scene: one chooses, one reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from rushes.models.judge import ReadOut, ReadOutConfig, middle_of, pair_indices

Clip = NDArray[np.uint8]
Vocabulary = Mapping[str, tuple[str, ...]]

UNSEEN = {"direction": ("action", "spin")}
"""Slot -> the value that hides it: whoever turns about himself faces left as often as right."""


class Role(StrEnum):
    """Who chose may not report: a network that picks the best of four would praise its own picks."""

    CHOOSER = "chooser"
    REPORTER = "reporter"


@dataclass(frozen=True)
class Reading:
    """Slot -> id -> log probability, over the ids that both network and caller know."""

    odds: Mapping[str, Mapping[str, float]]

    def shown(self) -> dict[str, str]:
        """Slot -> the likeliest id."""
        return {slot: max(odds, key=odds.__getitem__) for slot, odds in self.odds.items()}

    def agreement(self, wanted: Mapping[str, str]) -> float:
        """Log probability that everything in ``wanted`` is to be seen, slots taken as independent.

        What cannot be read counts nothing, neither for nor against.
        """
        return sum(
            self.odds[slot].get(value, 0.0) for slot, value in visible(wanted).items() if slot in self.odds
        )


def visible(attributes: Mapping[str, str]) -> dict[str, str]:
    """``attributes`` without those that the others hide."""
    return {
        slot: value
        for slot, value in attributes.items()
        if slot not in UNSEEN or attributes.get(UNSEEN[slot][0]) != UNSEEN[slot][1]
    }


def shared(known: Vocabulary, config: ReadOutConfig) -> dict[str, tuple[str, ...]]:
    """Slots and ids that a model and a network both know."""
    both = {
        slot: tuple(value for value in values if value in known[slot])
        for slot, values in config.slots.items()
        if slot in known
    }
    return {slot: values for slot, values in both.items() if values}


def looked_at(num_frames: int, config: ReadOutConfig) -> list[int]:
    """The frames of a clip that the network looks at, in order of time: their pairs are those of the clip."""
    chosen: list[int] = torch.stack(pair_indices(num_frames, config.num_pairs), dim=1).flatten().tolist()
    return chosen


def shrink(clip: Clip, config: ReadOutConfig) -> Clip:
    """The frames the network looks at, in order of time, cut and shrunk by area: (2 pairs, h, w, 3)."""
    top, left, tall, broad = middle_of(clip.shape[1], clip.shape[2], config.picture)
    size = config.picture[::-1]
    return np.stack(
        [
            cv2.resize(clip[index, top : top + tall, left : left + broad], size, interpolation=cv2.INTER_AREA)
            for index in looked_at(len(clip), config)
        ]
    )


def to_pixels(frames: NDArray[np.uint8]) -> Tensor:
    """uint8 (B, T, H, W, 3) -> float32 (B, 3, T, H, W) in [-1, 1]."""
    return rearrange(torch.from_numpy(frames.astype(np.float32)), "b t h w c -> b c t h w") / 127.5 - 1


@torch.inference_mode()
def read(network: ReadOut, clips: Sequence[Clip], known: Vocabulary) -> list[Reading]:
    """What each clip (T, H, W, 3) of any length and size shows, of what is ``known``."""
    both = shared(known, network.config)
    readings = []
    for clip in clips:
        logits = network(to_pixels(shrink(clip, network.config)[None]))
        odds = {}
        for slot, values in both.items():
            columns = [network.config.slots[slot].index(value) for value in values]
            likely = logits[slot][0, columns].log_softmax(-1).tolist()
            odds[slot] = dict(zip(values, likely, strict=True))
        readings.append(Reading(odds))
    return readings


@torch.inference_mode()
def features(network: ReadOut, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """(clips, hidden size): what the network's heads read."""
    rows = [network.features(to_pixels(shrink(clip, network.config)[None])) for clip in clips]
    return torch.cat(rows).double().numpy()


def judge_file(role: Role) -> Path:
    """Where the package keeps a trained network."""
    return Path(str(resources.files("rushes"))) / "weights" / "judge" / f"{role}.safetensors"
