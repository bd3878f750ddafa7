"""What the parity tests share: true float64 runs of reference code, random values, scaled errors."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class Float64(TorchFunctionMode):
    """Turn every explicit float32 of a reference (``.float()``, ``dtype=torch.float32``) into float64.

    Without it ``reference.double()`` still rounds norms, tables and the sinusoid to float32 inside.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def widen(value: Any) -> Any:
            return torch.float64 if value is torch.float32 else value

        if func is torch.Tensor.float:
            func = torch.Tensor.double
        return func(*map(widen, args), **{key: widen(value) for key, value in (kwargs or {}).items()})


@torch.no_grad()
def randomise(module: nn.Module, seed: int) -> None:
    """Give every parameter, norms and modulations too, values that change the result."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        parameter.normal_(generator=generator)
        if "norm" in name and parameter.ndim == 1:
            parameter.mul_(0.5).add_(1)
        elif (
            parameter.ndim > 1 and "table" not in name and "embed_tokens" not in name and "shared" not in name
        ):
            parameter.mul_(parameter[0].numel() ** -0.5)
        else:
            parameter.mul_(0.5)


def error(result: Tensor, reference: Tensor) -> float:
    """Largest difference over the largest absolute value of the reference."""
    return float((result.detach() - reference).abs().max() / reference.abs().max())
