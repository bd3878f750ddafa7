import torch
from torch import nn

from rushes.training.optimiser import BlockOptimiser, warmup_stable_decay


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8)])

    def forward(self, x):
        return self.blocks[0](self.stem(x).tanh())


def test_schedule_rises_stays_and_falls_to_zero():
    factors = [warmup_stable_decay(step, 1000) for step in range(1001)]
    assert factors[0] == 0.01
    assert factors[99] == factors[799] == 1.0
    assert 0.45 < factors[900] < 0.55
    assert factors[1000] == 0.0


def test_it_learns_and_resumes_to_the_same_weights():
    torch.manual_seed(0)
    inputs, targets = torch.randn(64, 4), torch.randn(64, 8)

    def steps(module, optimiser, count):
        for _ in range(count):
            loss = (module(inputs) - targets).square().mean()
            loss.backward()
            optimiser.step(1.0)
        return loss.item()

    whole = Tiny()
    start = {name: value.clone() for name, value in whole.state_dict().items()}
    optimiser = BlockOptimiser(whole, 1e-2)
    first = steps(whole, optimiser, 1)
    last = steps(whole, optimiser, 19)
    assert last < 0.9 * first

    halves = Tiny()
    halves.load_state_dict(start)
    before = BlockOptimiser(halves, 1e-2)
    steps(halves, before, 10)
    after = BlockOptimiser(halves, 1e-2)
    after.load_state_dict(before.state_dict())
    steps(halves, after, 10)
    assert torch.equal(halves.blocks[0].weight, whole.blocks[0].weight)
    assert torch.equal(halves.stem.weight, whole.stem.weight)
