"""The mixture of experts against the loop over tokens it replaces: values, gradients, balance, in a model."""

import pytest
import torch
from tests.models.references import error, randomise
from torch import Tensor, nn

from rushes.models.moe import MixtureOfExperts, balance_loss, load_balance
from rushes.models.transformer import TransformerConfig, WanTransformer


class TokenLoop(nn.Module):
    """The layer as articles print it: for every token, for every chosen expert, one call."""

    def __init__(self, mixture: MixtureOfExperts) -> None:
        super().__init__()
        experts = mixture.experts
        num_experts, ffn_size, hidden_size = experts.up_weight.shape
        self.top_k = mixture.top_k
        self.gate = nn.Linear(hidden_size, num_experts, bias=False)
        self.gate.weight = nn.Parameter(mixture.router.detach().clone())
        self.experts = nn.ModuleList()
        for index in range(num_experts):
            up, down = nn.Linear(hidden_size, ffn_size), nn.Linear(ffn_size, hidden_size)
            for layer, name in ((up, "up"), (down, "down")):
                layer.weight = nn.Parameter(getattr(experts, f"{name}_weight")[index].detach().clone())
                layer.bias = nn.Parameter(getattr(experts, f"{name}_bias")[index].detach().clone())
            self.experts.append(nn.Sequential(up, nn.GELU(approximate="tanh"), down))

    def forward(self, tokens: Tensor) -> Tensor:
        outputs = []
        for token in tokens.flatten(0, -2):
            top, chosen = self.gate(token).topk(self.top_k)
            weights = top.softmax(dim=-1)
            picked = [weight * self.experts[int(i)](token) for weight, i in zip(weights, chosen, strict=True)]
            outputs.append(torch.stack(picked).sum(dim=0))
        return torch.stack(outputs).view(tokens.shape)


def build(num_experts: int = 5, top_k: int = 2) -> MixtureOfExperts:
    mixture = MixtureOfExperts(num_experts, top_k, hidden_size=24, ffn_size=40)
    randomise(mixture, seed=0)
    return mixture


@torch.no_grad()
@pytest.mark.parametrize(("num_experts", "top_k"), [(5, 1), (5, 2), (5, 5), (1, 1)])
def test_equals_the_loop_over_tokens(num_experts: int, top_k: int) -> None:
    mixture = build(num_experts, top_k)
    tokens = torch.randn(2, 30, 24)
    assert error(mixture(tokens), TokenLoop(mixture)(tokens)) < 1e-6
    mixture.double()
    assert error(mixture(tokens.double()), TokenLoop(mixture)(tokens.double())) < 1e-14


@torch.no_grad()
def test_experts_without_tokens_and_a_single_token_are_fine() -> None:
    mixture = build(num_experts=9, top_k=2)
    mixture.router[3:] = -mixture.router[:6].abs()
    token = torch.rand(1, 24)
    assert error(mixture(token), TokenLoop(mixture)(token)) < 1e-6


def test_gradients_equal_the_loops() -> None:
    mixture = build().double()
    loop = TokenLoop(mixture)
    ours, theirs = (torch.randn(7, 24, dtype=torch.float64, requires_grad=True) for _ in range(2))
    theirs.data = ours.detach().clone()
    mixture(ours).square().sum().backward()
    loop(theirs).square().sum().backward()
    assert error(ours.grad, theirs.grad) < 1e-12
    assert error(mixture.router.grad, loop.gate.weight.grad) < 1e-12
    for index, expert in enumerate(loop.experts):
        for layer, name in ((expert[0], "up"), (expert[2], "down")):
            for kind in ("weight", "bias"):
                expected = getattr(layer, kind).grad
                grad = getattr(mixture.experts, f"{name}_{kind}").grad[index]
                assert (grad == 0).all() if expected is None else error(grad, expected) < 1e-12


@torch.no_grad()
def test_bfloat16_routes_in_float32_and_sums_wide() -> None:
    mixture = build().bfloat16()
    tokens = torch.randn(200, 24).bfloat16()
    truth = TokenLoop(mixture).double()(tokens.double())
    result = mixture(tokens)
    assert result.dtype == torch.float32
    assert error(result, truth) < 0.02
    with torch.autocast("cpu", torch.bfloat16):
        assert error(mixture.float()(tokens.float()), truth) < 0.02


def test_balance_is_one_when_even_and_the_number_of_experts_when_not() -> None:
    even = torch.eye(4).repeat(10, 1) * 50
    assert load_balance(even, even.argmax(-1, keepdim=True)).item() == pytest.approx(1)
    crowded = torch.tensor([[50.0, 0, 0, 0]]).expand(40, -1)
    assert load_balance(crowded, crowded.argmax(-1, keepdim=True)).item() == pytest.approx(4)


def test_the_balance_loss_evens_the_load() -> None:
    torch.manual_seed(0)
    mixture = build(num_experts=4, top_k=1)
    tokens = torch.randn(256, 24) + 1
    optimiser = torch.optim.Adam([mixture.router], lr=0.02)
    losses = []
    for _ in range(60):
        mixture(tokens)
        losses.append(balance_loss(mixture))
        optimiser.zero_grad()
        losses[-1].backward()
        optimiser.step()
    assert losses[0] > 1.2
    assert losses[-1] < 1.05


def test_is_the_feed_forward_of_any_transformer() -> None:
    config = TransformerConfig(24, 2, 2, 40, 4, 4, 8, 8, num_ffn_experts=4)
    model = WanTransformer(config)
    model.init_weights()
    inputs = (torch.randn(2, 4, 2, 4, 4), torch.tensor([500.0, 20.0]), torch.randn(2, 3, 8))
    assert model(*inputs).abs().max() == 0
    randomise(model, seed=0)
    result = model(*inputs)
    (result.square().mean() + 0.01 * balance_loss(model)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with torch.no_grad():
        assert error(model(*inputs), result.detach()) < 1e-5
        for block in model.blocks:
            block.ffn = TokenLoop(block.ffn)
        assert error(model(*inputs), result.detach()) < 1e-5


def test_impossible_routing_is_refused() -> None:
    with pytest.raises(ValueError, match="ffn_top_k 5 of 4 experts"):
        TransformerConfig(24, 2, 2, 40, 4, 4, 8, 8, num_ffn_experts=4, ffn_top_k=5)
