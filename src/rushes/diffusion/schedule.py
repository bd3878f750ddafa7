"""Noise levels of a run: functions that return ``steps + 1`` sigmas, decreasing, the last one 0.

They are float64 and computed in the order of operations of the reference code, because models that read whole
timesteps cut 1000 sigma down to an integer, and many levels lie on one or a rounding error below it.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor

# 0.999 as the float32 the official scheduler keeps it in (FlowUniPCMultistepScheduler of Wan2.2).
_OFFICIAL_TOP = float(torch.tensor(0.999, dtype=torch.float32))


def flow_sigmas(steps: int, shift: float) -> Tensor:
    """Evenly spaced levels from 1 to 0, moved towards noise by ``shift``; shape (steps + 1,).

    Mini's grid, and the one the official code uses with DPM++ (``get_sampling_sigmas`` of Wan2.2).
    """
    return _shifted(_even(1, 0, steps), shift)


def official_sigmas(steps: int, shift: float) -> Tensor:
    """The grid of the official UniPC scheduler (wan/utils/fm_solvers_unipc.py): from 0.999 instead of 1."""
    return _shifted(_even(_OFFICIAL_TOP, 0, steps), shift)


def diffusers_sigmas(steps: int, shift: float) -> Tensor:
    """The flow grid of diffusers' UniPCMultistepScheduler: from just under 1 towards 0.001, then 0.

    It ends higher than the official one, so equal settings give other clips.
    """
    sigmas = _shifted(_even(1, 1 / 1000, steps), shift)
    sigmas[0] -= 1e-6
    sigmas[-1] = 0
    return sigmas


def explicit_sigmas(levels: Sequence[float]) -> Tensor:
    """Levels given one by one, as distilled models need them."""
    return torch.tensor(levels, dtype=torch.float64)


SCHEDULES: Mapping[str, Callable[[int, float], Tensor]] = MappingProxyType(
    {"flow": flow_sigmas, "official": official_sigmas, "diffusers": diffusers_sigmas}
)


def _even(top: float, bottom: float, steps: int) -> Tensor:
    if steps < 1:
        raise ValueError(f"need steps >= 1, got steps={steps}")
    levels = torch.arange(steps + 1, dtype=torch.float64) * ((bottom - top) / steps) + top
    levels[-1] = bottom
    return levels


def _shifted(levels: Tensor, shift: float) -> Tensor:
    """sigma' = shift * sigma / (1 + (shift - 1) * sigma): Esser et al. 2024, arXiv 2403.03206, eq. 23."""
    if shift <= 0:
        raise ValueError(f"need shift > 0, got shift={shift}")
    return shift * levels / (1 + (shift - 1) * levels)
