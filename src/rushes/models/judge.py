"""The read-out network: which value of every slot a clip shows. Chooses among clips, or measures them.

It sees pairs of neighbouring frames spread over the clip. Motion inside a pair and from one pair to the
next is estimated by least squares (Lucas and Kanade, IJCAI 1981): the near one tells gaits, the far one the
slow moves of a long shot. Slots and their values stand in the file of every network, so that the words of
the world may grow without it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from safetensors.torch import save
from torch import Tensor, nn

from rushes.core.errors import WeightsError
from rushes.core.strict_json import parse
from rushes.models.precision import wide
from rushes.models.tensor_source import REMEDY, SafetensorsFile, fill
from rushes.models.weights_file import DISK_DTYPE, write_atomically

FLOW_CELL = 8  # side of the squares motion is estimated in: the grid of the middle level
FAR_SHRINK = 4  # motion between pairs is large, so it is estimated on a smaller picture
RECORD = "judge"  # where the file keeps the configuration
NUM_MOTIONS = 4  # near and far, x and y
NUM_PLACES = 2  # x and y of a cell: a push and a pan differ by where things move how


@dataclass(frozen=True)
class ReadOutConfig:
    """What a network answers, and its sizes.

    ``slots``: slot -> ids. ``picture``: (height, width) it looks at, multiples of 8; a clip is cut to that
    shape around its middle. ``num_pairs`` of neighbouring frames. ``widths`` at 1/4, 1/8 and 1/16 of the
    picture.
    """

    slots: Mapping[str, tuple[str, ...]]
    picture: tuple[int, int]
    num_pairs: int
    widths: tuple[int, int, int]
    hidden_size: int


class FramePairs(NamedTuple):
    """First frames and their right neighbours, each (B, pairs, 3, h, w)."""

    first: Tensor
    second: Tensor


def pair_indices(num_frames: int, num_pairs: int) -> tuple[Tensor, Tensor]:
    """First frame and right neighbour of each pair, int64 (pairs,); a still picture is its own neighbour."""
    starts = torch.linspace(0, max(num_frames - 2, 0), num_pairs).round().long()
    return starts, (starts + 1).clamp(max=num_frames - 1)


def middle_of(height: int, width: int, picture: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest part of a clip that has the shape of ``picture``."""
    tall = min(height, round(width * picture[0] / picture[1]))
    broad = min(width, round(height * picture[1] / picture[0]))
    return (height - tall) // 2, (width - broad) // 2, tall, broad


def frame_pairs(frames: Tensor, config: ReadOutConfig) -> FramePairs:
    """(B, 3, T, H, W), any T from 1, -> pairs spread evenly, cut and shrunk to the network's picture."""
    indices = torch.cat(pair_indices(frames.shape[2], config.num_pairs)).to(frames.device)
    top, left, height, width = middle_of(frames.shape[3], frames.shape[4], config.picture)
    cut = frames[:, :, indices, top : top + height, left : left + width]
    chosen = rearrange(cut, "b c t h w -> (b t) c h w")
    small = chosen.to(wide(chosen.dtype))
    if (height, width) != config.picture:
        small = F.interpolate(small, size=config.picture, mode="area")
    halves = rearrange(small, "(b two p) c h w -> two b p c h w", two=2, p=config.num_pairs)
    return FramePairs(halves[0], halves[1])


def lucas_kanade(first: Tensor, second: Tensor, cell: int) -> Tensor:
    """Motion from ``first`` to ``second`` (N, 3, H, W) in pixels, (N, 2, H/cell, W/cell), x then y.

    Least squares of the brightness constancy in each cell; right for steps of up to about two pixels, zero
    where there is no texture, cut at 4.
    """
    before, after = first.mean(1, keepdim=True), second.mean(1, keepdim=True)
    middle = F.pad((before + after) / 2, (1, 1, 1, 1), mode="replicate")
    dx = (middle[..., 1:-1, 2:] - middle[..., 1:-1, :-2]) / 2
    dy = (middle[..., 2:, 1:-1] - middle[..., :-2, 1:-1]) / 2
    dt = after - before
    products = torch.cat([dx * dx, dx * dy, dy * dy, dx * dt, dy * dt], dim=1)
    xx, xy, yy, xt, yt = F.avg_pool2d(products, cell).chunk(5, dim=1)
    # the small diagonal keeps flat cells at zero instead of dividing noise by noise
    xx, yy = xx + 1e-4, yy + 1e-4
    determinant = xx * yy - xy * xy
    motion = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], dim=1) / determinant
    limited: Tensor = motion.clamp(-4, 4)
    return limited


def motions(pairs: FramePairs) -> Tensor:
    """(B * pairs, 4, h/8, w/8): motion inside each pair, and to the next pair on a smaller picture."""
    near = lucas_kanade(pairs.first.flatten(0, 1), pairs.second.flatten(0, 1), FLOW_CELL)
    small = F.avg_pool2d(pairs.first.flatten(0, 1), FAR_SHRINK)
    small = rearrange(small, "(b p) c h w -> b p c h w", b=len(pairs.first))
    following = torch.cat([small[:, 1:], small[:, -1:]], dim=1)  # the last has no next: it stands still
    far = lucas_kanade(small.flatten(0, 1), following.flatten(0, 1), FLOW_CELL // FAR_SHRINK)
    return torch.cat([near, far], dim=1)


class Mix(nn.Module):
    """Residual mixing of neighbours in the picture, then of neighbouring pairs in time."""

    def __init__(self, width: int, num_pairs: int) -> None:
        super().__init__()
        self.num_pairs = num_pairs
        self.space = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.space_norm = nn.BatchNorm2d(width)
        self.time = nn.Conv2d(width, width, (3, 1), padding=(1, 0), bias=False)
        self.time_norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B * pairs, C, h, w) -> same."""
        height = x.shape[2]
        x = x + F.relu(self.space_norm(self.space(x)))
        lines = rearrange(x, "(b p) c h w -> b c p (h w)", p=self.num_pairs)
        lines = F.relu(self.time_norm(self.time(lines)))
        mixed: Tensor = x + rearrange(lines, "b c p (h w) -> (b p) c h w", h=height)
        return mixed


class ReadOut(nn.Module):
    """Frames to logits per slot."""

    def __init__(self, config: ReadOutConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        extra, pairs = NUM_MOTIONS + NUM_PLACES, config.num_pairs
        self.stem = nn.Sequential(nn.Conv2d(6, fine, 4, stride=4), nn.BatchNorm2d(fine), nn.ReLU())
        self.fine = nn.Sequential(
            nn.Conv2d(fine, fine, 3, padding=1, bias=False), nn.BatchNorm2d(fine), nn.ReLU()
        )
        self.to_middle = nn.Conv2d(fine, middle - extra, 3, stride=2, padding=1)
        self.middle = nn.Sequential(nn.BatchNorm2d(middle), Mix(middle, pairs))
        self.to_coarse = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.coarse = nn.Sequential(nn.BatchNorm2d(coarse), Mix(coarse, pairs), Mix(coarse, pairs))
        self.hidden = nn.Linear(2 * coarse, config.hidden_size)
        self.heads = nn.Linear(config.hidden_size, sum(len(values) for values in config.slots.values()))

    def features(self, frames: Tensor) -> Tensor:
        """(B, 3, T, H, W) in [-1, 1], any T from 1, any size -> (B, hidden_size), what the heads read."""
        pairs = frame_pairs(frames, self.config)
        first, second = pairs.first.flatten(0, 1), pairs.second.flatten(0, 1)
        x = self.stem(torch.cat([first, second - first], dim=1))
        x = self.to_middle(x + self.fine(x))
        seen = torch.cat([motions(pairs), _places(x)], dim=1)
        x = self.middle(torch.cat([x, seen.to(x.dtype)], dim=1))
        x = self.coarse(self.to_coarse(x))
        x = rearrange(x, "(b p) c h w -> b c (p h w)", p=self.config.num_pairs)
        read: Tensor = F.relu(self.hidden(torch.cat([x.mean(-1), x.amax(-1)], dim=-1)))
        return read

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """(B, 3, T, H, W) in [-1, 1], any T from 1, any size -> slot -> (B, values of the slot) logits."""
        logits = self.heads(self.features(frames))
        slots = self.config.slots
        parts = torch.split(logits, [len(values) for values in slots.values()], dim=-1)
        return dict(zip(slots, parts, strict=True))


def _places(x: Tensor) -> Tensor:
    """(N, 2, h, w): x and y of every cell, -1 to 1."""
    rows = torch.linspace(-1, 1, x.shape[2], device=x.device).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, x.shape[3], device=x.device).view(1, 1, 1, -1)
    size = (len(x), 1, *x.shape[2:])
    return torch.cat([columns.expand(size), rows.expand(size)], dim=1)


def save_judge(network: ReadOut, path: Path) -> None:
    """Write weights (bfloat16) and configuration into one file, atomically."""
    buffers = dict(network.named_buffers())
    state = {
        name: (value if name in buffers else value.to(DISK_DTYPE)).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    record = asdict(replace(network.config, slots=dict(network.config.slots)))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, save(state, {RECORD: json.dumps(record)}))


def load_judge(path: Path) -> ReadOut:
    """The network of a file, in float32. Raises WeightsError when it is missing, cut off or no judge's."""
    if not path.exists():
        raise WeightsError(f"{path} is missing: train the judges with 'rushes eval --train-judge'")
    source = SafetensorsFile(path)
    try:
        config: ReadOutConfig = parse(ReadOutConfig, json.loads(source.metadata[RECORD]), RECORD)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path} does not say what its judge reads ({error}): {REMEDY}") from error
    with torch.device("meta"):
        network = ReadOut(config)
    fill(network, source, torch.float32, torch.device("cpu"))
    return network.eval()
