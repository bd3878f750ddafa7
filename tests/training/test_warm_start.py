"""A transformer that grew answers as the smaller one did, until it is trained."""

from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_transformer

from rushes.core.errors import UsageError
from rushes.models.transformer import WanTransformer
from rushes.training.warm_start import load_grown

GROWTH = {
    "the same": {},
    "motion channels": {"in_channels": 18, "out_channels": 18},
    "controls": {"num_controls": 5},
    "experts": {"num_ffn_experts": 3, "ffn_top_k": 2},
    "everything": {"in_channels": 18, "out_channels": 18, "num_controls": 5, "num_ffn_experts": 2},
}


@pytest.fixture(scope="module")
def small():
    return tiny_transformer(1, depth=2)


def grown_of(small, changes):
    torch.manual_seed(3)
    transformer = WanTransformer(replace(small.config, **changes))
    transformer.init_weights()
    load_grown(transformer, small.state_dict())
    return transformer.eval()


@pytest.mark.parametrize("changes", GROWTH.values(), ids=GROWTH)
def test_a_grown_transformer_answers_as_before(small, changes):
    grown = grown_of(small, changes)
    latents, context = torch.randn(1, 16, 3, 4, 6), torch.randn(1, 5, 16)
    more = grown.config.in_channels - 16
    with torch.no_grad():
        before = small(latents, torch.tensor([700.0]), context)
        beside = torch.randn(1, more, 3, 4, 6)
        after = grown(torch.cat([latents, beside], dim=1), torch.tensor([700.0]), context)
    torch.testing.assert_close(after[:, :16], before, rtol=0, atol=2e-6 * float(before.abs().max()))
    assert not after[:, 16:].any()


def test_more_controls_answer_to_the_old_ones_as_before(small):
    steered = grown_of(small, {"num_controls": 2})
    with torch.no_grad():
        steered.controls.down.weight.normal_()
        steered.controls.down.bias.normal_()
    wider = grown_of(steered, {"num_controls": 5})
    latents, context = torch.randn(1, 16, 3, 4, 6), torch.randn(1, 5, 16)
    told, nothing = torch.tensor([[0.5, -0.7]]), torch.full((1, 3), float("nan"))
    with torch.no_grad():
        before = steered(latents, torch.tensor([700.0]), context, told)
        after = wider(latents, torch.tensor([700.0]), context, torch.cat([told, nothing], dim=1))
        untold = steered(latents, torch.tensor([700.0]), context, torch.full((1, 2), float("nan")))
    torch.testing.assert_close(after, before, rtol=0, atol=2e-6 * float(before.abs().max()))
    assert not torch.allclose(untold, before, rtol=0, atol=1e-3 * float(before.abs().max()))


def test_what_is_new_learns(small):
    grown = grown_of(small, GROWTH["everything"]).train().requires_grad_(True)
    latents, context = torch.randn(1, 18, 3, 4, 6), torch.randn(1, 5, 16)
    told = torch.tensor([[0.5, -0.5, 1.0, float("nan"), 0.0]])
    grown(latents, torch.tensor([700.0]), context, told).square().sum().backward()
    assert grown.patch_embedding.weight.grad[:, 16:].any()
    assert grown.controls.down.weight.grad.any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 3}, "has no"),
        ({"depth": 1}, "this recipe's has not"),
        ({"ffn_size": 64}, "train from nothing"),
    ],
)
def test_another_transformer_is_refused(small, changes, message):
    transformer = WanTransformer(replace(small.config, **changes))
    with pytest.raises(UsageError, match=message):
        load_grown(transformer, small.state_dict())
