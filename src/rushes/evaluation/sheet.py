"""Pictures of an evaluation: labelled sheets for the report, an unlabelled one for matching by eye."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rushes.evaluation.protocol import Case
from rushes.evaluation.reading import Clip

COLUMNS = 3
CELL_MOMENTS = 3
LINE_HEIGHT = 11
SHOWN = (("color", "subject", "action"), ("environment", "weather", "time"), ("style", "camera", "direction"))
MOMENTS = 4
TWELVE = 12
INK, PAPER = (222, 222, 222), 24

Picture = NDArray[np.uint8]


def evaluation_sheet(clips: Sequence[Clip], cases: Sequence[Case]) -> Picture:
    """RGB (H', W', 3): beginning, middle and end of each clip at half size, the asked ids under them."""
    cells = [_cell(_strip(clip), case.attributes) for clip, case in zip(clips, cases, strict=True)]
    cells += [np.full_like(cells[0], PAPER)] * (-len(cells) % COLUMNS)
    rows = [np.concatenate(cells[start : start + COLUMNS], axis=1) for start in range(0, len(cells), COLUMNS)]
    return np.concatenate(rows)


def _strip(clip: Clip) -> Picture:
    moments = np.linspace(0, len(clip) - 1, CELL_MOMENTS).round().astype(int)
    size = (clip.shape[2] // 2, clip.shape[1] // 2)
    return np.concatenate(
        [cv2.resize(clip[moment], size, interpolation=cv2.INTER_AREA) for moment in moments], axis=1
    )


def _cell(picture: Picture, asked: Mapping[str, str]) -> Picture:
    height, width = picture.shape[:2]
    cell = np.full((height + 3 * LINE_HEIGHT + 6, width + 4, 3), PAPER, np.uint8)
    cell[:height, :width] = picture
    for line, slots in enumerate(SHOWN):
        _write(cell, " ".join(asked[slot] for slot in slots), (2, height + (line + 1) * LINE_HEIGHT), 0.36)
    return cell


def _write(picture: Picture, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)


@dataclass(frozen=True)
class Matching:
    """A test by eye: ``sheet`` shows clips by number, ``prompts`` lists the words by letter; who holds the
    ``key`` (number -> letter, JSON) can tell how many were matched.
    """

    sheet: Picture
    prompts: str
    key: str


def matching_test(clips: Sequence[Clip], cases: Sequence[Case], seed: int = 0) -> Matching:
    """Of up to twelve clips of different cases, shuffled; four moments of each."""
    count = min(TWELVE, len(clips))
    random = np.random.default_rng(seed)
    order, letters = random.permutation(count).tolist(), random.permutation(count).tolist()
    named = {case: chr(ord("A") + letters[case]) for case in range(count)}
    rows = []
    for number, case in enumerate(order, 1):
        clip = clips[case]
        moments = np.linspace(0, len(clip) - 1, MOMENTS).round().astype(int)
        strip = np.concatenate([np.full((clip.shape[1], 44, 3), PAPER, np.uint8), *clip[moments]], axis=1)
        _write(strip, str(number), (8, clip.shape[1] // 2), 0.8)
        rows.append(strip)
    words = sorted(f"{named[case]}  {_english(cases[case])}" for case in range(count))
    key = {str(number): named[case] for number, case in enumerate(order, 1)}
    return Matching(np.concatenate(rows), "\n".join(words) + "\n", json.dumps(key, indent=1) + "\n")


def _english(case: Case) -> str:
    return case.prompts["en"]
