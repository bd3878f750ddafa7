"""One solver update along dx/dsigma = velocity, and what a solver remembers of the steps before.

The multistep rules work on the estimate of the clean latents, m = x - sigma v, with alpha = 1 - sigma and
lambda = ln(alpha / sigma). Coefficients are float64 numbers, latents keep their dtype.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor


class StepRule(Protocol):
    """How latents move from one noise level to the next. One object serves one run."""

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """Latents at ``next_sigma``, from latents and velocity at ``sigma``."""

    def state_dict(self) -> dict[str, Tensor]:
        """Everything the coming steps need of the past ones."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state of :meth:`state_dict`."""


class EulerStep:
    """First order: follow the velocity in a straight line. Remembers nothing."""

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """x + (sigma' - sigma) v."""
        return latents + (next_sigma - sigma) * velocity

    def state_dict(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Nothing to load."""


@dataclass(frozen=True)
class Estimate:
    """Clean latents as estimated at ``sigma``."""

    sigma: float
    denoised: Tensor


class DPMStep:
    """DPM-Solver++(2M), midpoint (Lu et al. 2022, arXiv 2211.01095); first and last step are first order."""

    def __init__(self) -> None:
        self._past: tuple[Estimate, ...] = ()

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """One prediction from this estimate and the one before."""
        self._past = (*self._past[-1:], Estimate(sigma, latents - sigma * velocity))
        return _predict(latents, self._past, next_sigma)

    def state_dict(self) -> dict[str, Tensor]:
        """The last two estimates and their levels."""
        return _stored(self._past)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from :meth:`state_dict`."""
        self._past = _estimates(state)


class UniPCStep:
    """UniPC of order 2 with B(h) = exp(h) - 1, on clean estimates (Zhao et al. 2023, arXiv 2302.04867).

    The prediction is that of DPM-Solver++(2M); from the second step on, the estimate at the new level first
    corrects the step that led there.
    """

    def __init__(self) -> None:
        self._past: tuple[Estimate, ...] = ()
        self._start: Tensor | None = None
        self._order = 0

    def step(self, latents: Tensor, velocity: Tensor, sigma: float, next_sigma: float) -> Tensor:
        """Correct the step before, then predict."""
        now = Estimate(sigma, latents - sigma * velocity)
        if self._start is not None:
            latents = _correct(self._start, self._past, now, self._order)
        self._past = (*self._past[-1:], now)
        self._start, self._order = latents, _order(self._past, next_sigma)
        return _predict(latents, self._past, next_sigma)

    def state_dict(self) -> dict[str, Tensor]:
        """The last two estimates, where the last step began and its order."""
        if self._start is None:
            return {}
        return _stored(self._past) | {"start": self._start, "order": torch.tensor(self._order)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from :meth:`state_dict`."""
        self._past = _estimates(state)
        self._start = state.get("start")
        self._order = int(state["order"]) if state else 0


STEP_RULES: Mapping[str, Callable[[], StepRule]] = MappingProxyType(
    {"euler": EulerStep, "unipc": UniPCStep, "dpm++": DPMStep}
)


def _stored(past: tuple[Estimate, ...]) -> dict[str, Tensor]:
    if not past:
        return {}
    return {
        "sigmas": torch.tensor([estimate.sigma for estimate in past], dtype=torch.float64),
        "denoised": torch.stack([estimate.denoised for estimate in past]),
    }


def _estimates(state: Mapping[str, Tensor]) -> tuple[Estimate, ...]:
    if not state:
        return ()
    return tuple(
        Estimate(sigma, denoised)
        for sigma, denoised in zip(state["sigmas"].tolist(), state["denoised"].unbind(), strict=True)
    )


def _order(past: tuple[Estimate, ...], next_sigma: float) -> int:
    """2 where an earlier estimate is known, but 1 for the step that reaches the clean latents."""
    return 1 if next_sigma == 0 else len(past)


def _log_snr(sigma: float) -> float:
    return -math.inf if sigma == 1 else math.log((1 - sigma) / sigma)


def _decay(sigma: float, next_sigma: float) -> float:
    """alpha' (exp(-h) - 1) with h = lambda' - lambda, in a form that holds at sigma 1 and at 0."""
    return (1 - sigma) * next_sigma / sigma - (1 - next_sigma)


def _spacing(past: tuple[Estimate, ...], next_sigma: float) -> float:
    """Length in lambda of the step before over that of this one."""
    before, now = (_log_snr(estimate.sigma) for estimate in past)
    return (now - before) / (_log_snr(next_sigma) - now)


def _predict(latents: Tensor, past: tuple[Estimate, ...], next_sigma: float) -> Tensor:
    now = past[-1]
    decay = _decay(now.sigma, next_sigma)
    predicted = next_sigma / now.sigma * latents - decay * now.denoised
    if _order(past, next_sigma) == 2:
        slope = now.denoised - past[0].denoised
        predicted = predicted - 0.5 * decay / _spacing(past, next_sigma) * slope
    return predicted


def _correct(start: Tensor, past: tuple[Estimate, ...], now: Estimate, order: int) -> Tensor:
    """The step from ``start`` at ``past[-1].sigma`` to ``now.sigma``, taken again knowing where it leads."""
    before = past[-1]
    decay = _decay(before.sigma, now.sigma)
    corrected = now.sigma / before.sigma * start - decay * before.denoised
    change = now.denoised - before.denoised
    if order == 1:
        return corrected - 0.5 * decay * change
    # the 2x2 system of UniC-2 solved by hand: rows (1, 1) and (-spacing, 1), right side b1 and b2
    spacing = _spacing(past, now.sigma)
    h = _log_snr(now.sigma) - _log_snr(before.sigma)
    first = math.expm1(-h) / -h - 1
    b1, b2 = first / math.expm1(-h), 2 * (first / -h - 0.5) / math.expm1(-h)
    earlier = (b1 - b2) / (1 + spacing)
    slope = before.denoised - past[0].denoised
    return corrected - decay * (earlier / spacing * slope + (b1 - earlier) * change)
