"""A clip made larger by its model's own upscaler, while it is being decoded."""

from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from rushes.core.recipe import Stage
from rushes.media.picture import Picture
from rushes.models.upscaler import FACTOR, SEEN, STRIDE, Upscaler, to_pixels

REVISION = 1


class OwnUpscale:
    """Takes a clip's frames in order and gives each back larger, one frame late: it looks at both neighbours.

    One object per clip. The first frame of a clip stands for the one before it, the last for the one after.
    """

    def __init__(self, upscaler: Upscaler, device: torch.device) -> None:
        self._upscaler, self._device = upscaler.to(device), device
        self._waiting: list[Tensor] = []
        self.seconds = 0.0

    def push(self, frames: Picture) -> Picture:
        """The next frames, uint8 (t, H, W, 3) -> those ready by now, (t', FACTOR H, FACTOR W, 3)."""
        levels = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
        new = list(levels.float() / 127.5 - 1)
        if new and not self._waiting:
            self._waiting.append(new[0])
        return self._enlarge(self._waiting + new)

    def end(self) -> Picture:
        """The last frame."""
        return self._enlarge([*self._waiting, *self._waiting[-1:]])

    @torch.inference_mode()
    def _enlarge(self, frames: list[Tensor]) -> Picture:
        """All but the first and the last of ``frames``, which stay behind as neighbours."""
        started = perf_counter()
        # One by one: what several frames at once need at the large size does not stay in a CPU's cache.
        large = [self._levels(torch.stack(frames[index : index + SEEN])) for index in range(len(frames) - 2)]
        self._waiting = frames[-2:]
        self.seconds += perf_counter() - started
        height, width, _ = frames[0].shape
        none = np.empty((0, FACTOR * height, FACTOR * width, 3), np.uint8)
        return np.concatenate([none, *large])

    def _levels(self, seen: Tensor) -> Picture:
        """(SEEN, H, W, 3) in [-1, 1] -> uint8 (1, FACTOR H, FACTOR W, 3)."""
        _, height, width, _ = seen.shape
        cells = self._upscaler(_padded(seen)[None])[:, :height, :width]
        levels = cells.add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return to_pixels(levels).contiguous().cpu().numpy()


def upscale_stage(sha256: str) -> Stage:
    """What a recipe records: ``sha256`` is the digest of the upscaler's weights."""
    return Stage("upscale", REVISION, {"factor": FACTOR, "weights": sha256})


def _padded(seen: Tensor) -> Tensor:
    """Its last rows and columns repeated up to a multiple of STRIDE."""
    _, height, width, _ = seen.shape
    rows = torch.arange(height + -height % STRIDE).clamp(max=height - 1)
    columns = torch.arange(width + -width % STRIDE).clamp(max=width - 1)
    return seen if len(rows) == height and len(columns) == width else seen[:, rows][:, :, columns]
