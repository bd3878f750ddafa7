"""Numbers beside the words: read where they are told, without effect at the start, alike in a memory."""

from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_transformer

from rushes.models.transformer import WanTransformer

NAN = float("nan")


@pytest.fixture(scope="module")
def plain():
    return tiny_transformer(1, depth=2)


def steered_of(plain, zero):
    """The same network with two controls, at their start or with weights that matter."""
    torch.manual_seed(5)
    steered = WanTransformer(replace(plain.config, num_controls=2))
    steered.init_weights()
    own = {name: value for name, value in steered.state_dict().items() if name.startswith("controls.")}
    steered.load_state_dict({**plain.state_dict(), **own})
    if not zero:
        torch.nn.init.normal_(steered.controls.down.weight, std=0.5)
    return steered.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def steered(plain):
    return steered_of(plain, zero=False)


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    context = torch.zeros(2, 32, 16)
    context[0, :20] = torch.randn(20, 16, generator=generator)
    context[1, :7] = torch.randn(7, 16, generator=generator)
    return torch.randn(2, 16, 3, 4, 6, generator=generator), torch.tensor([700.0, 200.0]), context


def test_new_controls_leave_the_answer_as_it_was(plain, inputs):
    steered, told = steered_of(plain, zero=True), torch.tensor([[0.5, -1.0], [NAN, 1.0]])
    with torch.no_grad():
        assert torch.equal(steered(*inputs), plain(*inputs))
        assert torch.equal(steered(*inputs, told), plain(*inputs))


def test_told_and_untold_values_are_different_things(steered, inputs):
    values = torch.tensor([[[0.0, NAN]], [[NAN, NAN]], [[0.7, NAN]], [[NAN, 0.7]]]).expand(-1, 2, -1)
    with torch.no_grad():
        answers = [steered(*inputs, each) for each in values]
        assert torch.equal(steered(*inputs), answers[1])
    pairs = [(a, b) for i, a in enumerate(answers) for b in answers[:i]]
    assert all((a - b).abs().max() > 1e-4 for a, b in pairs)


@pytest.mark.parametrize("rows", [0, 7, 31, 32], ids=lambda rows: f"{rows} rows of text")
def test_a_memory_answers_as_the_text_and_its_controls_do(steered, inputs, rows):
    latents, timestep, _ = inputs
    context = torch.zeros(1, 32, 16)
    context[:, :rows] = torch.randn(1, rows, 16, generator=torch.Generator().manual_seed(2))
    told = torch.tensor([[0.5, NAN]])
    with torch.no_grad():
        whole = steered(latents, timestep, context.expand(2, -1, -1), told.expand(2, -1))
        remembered = steered(latents, timestep, steered.remember(context, told))
    torch.testing.assert_close(remembered, whole, rtol=0, atol=2e-6 * float(whole.abs().max()))


def test_controls_of_another_number_are_refused(steered, inputs):
    with pytest.raises(ValueError, match="are not"):
        steered(*inputs, torch.zeros(2, 3))
