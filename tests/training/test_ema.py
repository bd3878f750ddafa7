import pytest
import torch
from torch import nn

from rushes.training.ema import Ema


def test_first_update_takes_the_weights_and_later_ones_follow():
    layer = nn.Linear(2, 2)
    ema = Ema(layer)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    ema.update(layer, step=0)
    assert torch.equal(ema.weights["weight"], torch.ones(2, 2))


def test_half_life_is_a_twentieth_of_the_steps():
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    ema = Ema(layer)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    for step in range(10_000, 10_500):
        ema.update(layer, step)
    assert ema.weights["weight"].item() == pytest.approx(0.5, abs=0.02)


def test_foreign_averages_are_refused():
    ema = Ema(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="another architecture"):
        ema.load({"other": torch.zeros(1)})
