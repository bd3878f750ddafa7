"""Layers that keep Wan's precision rules: at least float32 inside, whatever dtype the weights have.

The rules (sinusoid, time path, norms, residual additions and head in float32) are those of the official
code, wan/modules/model.py.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def wide(dtype: torch.dtype) -> torch.dtype:
    """``dtype``, or float32 where it is narrower."""
    return torch.promote_types(dtype, torch.float32)


class WideLinear(nn.Linear):
    """A linear layer computed in at least float32, also under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any float dtype -> (..., out) in at least float32."""
        dtype = wide(self.weight.dtype)
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(x.to(dtype), self.weight.to(dtype), self.bias.to(dtype))


class WideLayerNorm(nn.LayerNorm):
    """LayerNorm over the last axis in at least float32; the result stays wide."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) -> (..., dim)."""
        x = x.to(wide(x.dtype))
        weight = None if self.weight is None else self.weight.to(x.dtype)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)


class WideRMSNorm(nn.Module):
    """x * rsqrt(mean(x^2) + eps) * weight in at least float32; the result stays wide."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) -> (..., dim)."""
        x = x.to(wide(x.dtype))
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)
