"""Exponential moving average of weights in power form: the half-life is a fixed share of the steps so far."""

import math

import torch
from torch import Tensor, nn

HALF_LIFE_SHARE = 0.05


class Ema:
    """Averages a module's parameters and buffers into fp32 copies (power form, arXiv 2312.02696)."""

    def __init__(self, module: nn.Module) -> None:
        self.weights = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Blend in the weights after optimiser step ``step`` (0-based)."""
        share = min(1.0, math.log(2) / HALF_LIFE_SHARE / (step + 1))
        for name, value in module.state_dict().items():
            average = self.weights[name]
            if average.is_floating_point():
                average.lerp_(value.to(average.dtype), share)
            else:
                average.copy_(value)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Restore saved averages; the names must be the same."""
        if weights.keys() != self.weights.keys():
            raise ValueError("averaged weights belong to another architecture: remove the training state")
        self.weights = {name: value.to(self.weights[name].device) for name, value in weights.items()}
