"""Fewer products, the same convolution: beside the direct sum, over block edges, where it must not serve."""

import pytest
import torch
import torch.nn.functional as F
from tests.models.references import error
from torch import Tensor

from rushes.models import winograd


def drawn(frames: int, height: int, width: int, channels: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(frames)
    x = torch.randn(frames + 2, height, width, channels, generator=generator, dtype=torch.float64)
    weight = torch.randn(6, channels, 3, 3, 3, generator=generator, dtype=torch.float64)
    bias = torch.randn(6, generator=generator, dtype=torch.float64)
    return x.to(dtype), (weight * (27 * channels) ** -0.5).to(dtype), bias.to(dtype)


def convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    made = x.new_empty(len(x) - weight.shape[2] + 1, *x.shape[1:3], len(bias))
    winograd.convolve(list(x), weight, bias, made, winograd.Scratch())
    return made


def direct(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    made = F.conv3d(x.permute(3, 0, 1, 2)[None], weight, bias, padding=(0, 1, 1))
    return made[0].permute(1, 2, 3, 0)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(2, 2), (32, 32), (34, 4), (6, 70)])
def test_it_is_the_convolution(frames: int, height: int, width: int) -> None:
    x, weight, bias = drawn(frames, height, width, 5, torch.float64)
    assert error(convolve(x, weight, bias), direct(x, weight, bias)) < 1e-14


@pytest.mark.parametrize("frames", [1, 4])
def test_it_rounds_about_as_the_direct_sum(frames: int) -> None:
    """Which of the two rounds less depends on the processor: how it sums, and in which order."""
    exact = drawn(frames, 32, 32, 96, torch.float64)
    x, weight, bias = (value.float() for value in exact)
    truth = direct(*(value.double() for value in (x, weight, bias)))
    ours = convolve(x, weight, bias).double() - truth
    assert ours.norm() <= 1.5 * (direct(x, weight, bias).double() - truth).norm()


def test_it_serves_only_where_it_can() -> None:
    x, weight, _ = drawn(4, 64, 64, 4, torch.float32)
    x = x[None, 2:]
    assert winograd.suits(x, weight)
    assert not winograd.suits(x[:, :, :63], weight)
    assert not winograd.suits(x[:, :, :, :63], weight)
    assert not winograd.suits(x[:, :, :8, :8], weight)
    assert not winograd.suits(x, weight.bfloat16())
    assert not winograd.suits(x, weight[..., :1, :1])
    assert not winograd.suits(x, weight.to("meta"))
    assert not winograd.suits(x, torch.nn.Parameter(weight))
    with torch.no_grad():
        assert winograd.suits(x, torch.nn.Parameter(weight))
