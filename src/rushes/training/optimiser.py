"""One optimiser out of two: Muon for the matrices inside the blocks, AdamW for everything else."""

from typing import Any

import torch
from torch import nn


class BlockOptimiser:
    """Muon with RMS-matched updates shares AdamW's learning rate (Moonlight, arXiv 2502.16982)."""

    def __init__(self, module: nn.Module, learning_rate: float) -> None:
        matrices, rest = _split(module)
        self.learning_rate = learning_rate
        self._parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(rest, lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01),
            torch.optim.Muon(
                matrices, lr=learning_rate, momentum=0.95, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
            ),
        ]

    def step(self, scale: float) -> None:
        """One update at ``scale`` times the learning rate; gradients are cleared."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = self.learning_rate * scale
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, Any]]:
        """State of both parts."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Restore both parts."""
        for part, saved in zip(self._parts, state, strict=True):
            part.load_state_dict(saved)


def _split(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        inside = ".blocks." in f".{name}" and parameter.dim() == 2
        (matrices if inside else rest).append(parameter)
    return matrices, rest


def warmup_stable_decay(step: int, steps: int, warmup: int = 100, decay_share: float = 0.2) -> float:
    """Factor on the learning rate: linear up, constant, linear to zero over the last ``decay_share``."""
    decay = max(1, round(steps * decay_share))
    return max(0.0, min(1.0, (step + 1) / warmup, (steps - step) / decay))
