"""How camera and subject move in a clip, by optical flow: no network has a say in it.

The background's motion is one similarity a frame pair, fitted by RANSAC to dense flow (Kroeger et al., ECCV
2016); what moves otherwise is the subject. CameraBench (arXiv 2504.15376): a follow shot is told by the
subject, which stays in place while everything else drifts.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from rushes.evaluation.reading import Clip

WIDTH, HEIGHT = 256, 160
GRID = 8  # pixels between the points flow is read at
STILL, MOVED = 6.0, 10.0  # pixels over a shot: less is standing still, more is a move
ZOOMED = 0.06  # log scale over a shot
SHAKEN = 0.12  # pixels a frame squared: how unevenly hands move
FOLLOWED = 0.55  # what a camera keeps to drifts by less than this share of the background
SUBJECT_BOX = (24.0, 32.0)  # half width and height of the middle, where a followed subject is
GROUND = 132.0  # below this row there is only what the subject stands on
BUSIEST = 0.15  # share of the points whose motion is the subject's

Array = NDArray[np.float64]


class Flow(NamedTuple):
    """``motion`` (T, rows, columns, 2): pixels a frame at points 8 apart; ``textured`` (T, rows, columns):
    the half of them where it can be measured best, since a flat sky seems to stand still.
    """

    motion: Array
    textured: NDArray[np.bool_]


@dataclass(frozen=True)
class CameraMotion:
    """Of a whole shot, in pixels of a picture 256 wide: how far the background moved on the screen, right and
    down positive; log of its magnification; how uneven it was; how far the middle, where a followed subject
    is, and the ground drifted sideways.
    """

    right: float
    down: float
    zoom: float
    unevenness: float
    subject_right: float
    ground_right: float

    def shows(self, move: str) -> bool:
        """Whether the shot can pass for the asked camera move of the vocabulary."""
        sideways, upright = abs(self.right), abs(self.down)
        level = upright < max(MOVED, 0.6 * sideways)
        behind = max(sideways, abs(self.ground_right))
        rules = {
            "static": max(sideways, upright) < STILL and abs(self.zoom) < ZOOMED,
            "pan_left": level and self.right > MOVED,
            "pan_right": level and self.right < -MOVED,
            "tilt_up": sideways < max(MOVED, 0.6 * upright) and self.down > MOVED,
            "tilt_down": sideways < max(MOVED, 0.6 * upright) and self.down < -MOVED,
            "push_in": self.zoom > ZOOMED,
            "pull_out": self.zoom < -ZOOMED,
            "track": behind > MOVED and abs(self.subject_right) < FOLLOWED * behind,
            # what stands behind sweeps past, the ground the subject is on turns in place
            "orbit": level and sideways > MOVED and abs(self.ground_right) < FOLLOWED * sideways,
            "handheld": self.unevenness > SHAKEN and abs(self.zoom) < 3 * ZOOMED,
        }
        return rules[move]


def flows(clip: Clip, *, calmed: bool) -> Flow:
    """Motion from each frame to the next of a clip of at least four.

    ``calmed``: a median over three frames takes out rain, snow and sand, which move otherwise than everything
    they fall on, and with them whatever trembles.
    """
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    gray = [cv2.medianBlur(cv2.resize(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), (WIDTH, HEIGHT)), 5) for f in clip]
    if calmed:
        gray = [np.sort(gray[i : i + 3], axis=0)[1] for i in range(len(gray) - 2)]
    half = GRID // 2
    motion, textured = [], []
    for before, after in pairwise(gray):
        field = finder.calc(before, after, np.zeros((HEIGHT, WIDTH, 2), np.float32))
        motion.append(field[half::GRID, half::GRID])
        corner = cv2.cornerMinEigenVal(before, 9)[half::GRID, half::GRID]
        textured.append(corner >= np.median(corner))
    return Flow(np.stack(motion).astype(np.float64), np.stack(textured))


def camera_motion(flow: Flow) -> CameraMotion:
    """The camera of a clip from its calmed :func:`flows`."""
    rows, columns = np.mgrid[: flow.motion.shape[1], : flow.motion.shape[2]] * GRID + GRID / 2
    points = np.stack([columns, rows], -1)
    centre = (abs(columns - WIDTH / 2) < SUBJECT_BOX[0]) & (abs(rows - HEIGHT / 2) < SUBJECT_BOX[1])
    ground = rows > GROUND
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    shifts, zooms, subject, floor = [], [], [], []
    for motion, textured in zip(flow.motion, flow.textured, strict=True):
        similarity = _similarity(points[textured], (points + motion)[textured])
        shifts.append(similarity[:, :2] @ middle + similarity[:, 2] - middle)
        zooms.append(float(np.log(np.sqrt(abs(np.linalg.det(similarity[:, :2]))) + 1e-9)))
        subject.append(_sideways(motion, textured & centre))
        floor.append(_sideways(motion, textured & ground))
    path = np.array(shifts)
    uneven = float(np.abs(np.diff(path, axis=0)).mean()) if len(path) > 1 else 0.0
    right, down = path.sum(axis=0).tolist()
    return CameraMotion(right, down, float(sum(zooms)), uneven, float(sum(subject)), float(sum(floor)))


def _sideways(motion: Array, chosen: NDArray[np.bool_]) -> float:
    """Median pixels to the right."""
    return float(np.median(motion[chosen][:, 0])) if chosen.any() else 0.0


def _similarity(points: Array, moved: Array) -> Array:
    """(2, 3): the turn, scale and shift that most points share; none where no such can be found."""
    cv2.setRNGSeed(0)
    found, _ = cv2.estimateAffinePartial2D(
        points, moved, method=cv2.RANSAC, ransacReprojThreshold=0.3, maxIters=500
    )
    return np.eye(2, 3) if found is None else np.asarray(found, np.float64)


def jerkiness(flow: Flow) -> float:
    """Mean length of the second difference of velocity where most moves, pixels a frame cubed.

    Taken over generated and over rendered clips of the same scenes their ratio is the kinematic score: 1 is
    right, less is frozen, more is jittery (after FVMD, arXiv 2407.16124). Takes flows that were not calmed.
    """
    fields = flow.motion
    own = fields - np.median(fields, axis=(1, 2), keepdims=True)
    energy = np.linalg.norm(own, axis=-1).mean(axis=0)
    busiest = energy >= np.quantile(energy, 1 - BUSIEST)
    bends = fields[2:] - 2 * fields[1:-1] + fields[:-2]
    return float(np.linalg.norm(bends[:, busiest], axis=-1).mean())
