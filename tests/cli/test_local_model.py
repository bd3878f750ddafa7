"""A tiny real model of transformers, taught one answer: what is taken, what is refused."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rushes.cli.local_model import LocalModel, _prompt
from rushes.core.errors import UsageError, WeightsError
from rushes.language.llm import Budget, EndpointError, as_data, enhance_with

TEXT = "A fox runs"
ANSWER = "A fox runs, in a forest, moonlight"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def parts():
    """Tokenizer by bytes and a model of 12 thousand weights."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["<end>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=0,
    )
    return wrapped, LlamaForCausalLM(config)


@pytest.fixture(scope="module")
def untaught(parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("untaught")
    for part in parts:
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def taught(parts, untaught, tmp_path_factory):
    tokenizer, _ = parts
    model = LlamaForCausalLM.from_pretrained(untaught)
    prompt = tokenizer(_prompt(tokenizer, as_data("Fill it.", "description", TEXT)))["input_ids"]
    ids = torch.tensor([prompt + tokenizer(ANSWER)["input_ids"] + [0]])
    labels = ids.clone()
    labels[:, : len(prompt)] = -100
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        optimizer.zero_grad()
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("taught")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_good_answer_is_taken(taught, monkeypatch):
    monkeypatch.setattr("rushes.language.llm._INSTRUCTIONS", "Fill it.")
    made = enhance_with(LocalModel(taught, Budget(1)), TEXT)
    assert made.after == ANSWER
    assert made.method == "llm"
    assert [each.concept for each in made.added] == ["forest", "moonlight"]


def test_noise_is_refused(untaught):
    with pytest.raises(EndpointError, match=r"changed the meaning|took longer"):
        enhance_with(LocalModel(untaught, Budget(1), timeout_s=5.0), TEXT)


def test_it_stops_at_its_time_and_at_its_budget(untaught):
    budget = Budget(1)
    with pytest.raises(EndpointError, match="longer than"):
        LocalModel(untaught, budget, timeout_s=0.01).write(as_data("Say.", "description", TEXT), 0)
    with pytest.raises(EndpointError, match="budget of 1"):
        LocalModel(untaught, budget).write(as_data("Say.", "description", TEXT), 0)


def test_a_folder_must_hold_a_model(tmp_path):
    with pytest.raises(UsageError, match=r"config\.json"):
        LocalModel(tmp_path, Budget(1))
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(WeightsError, match="cannot be read"):
        LocalModel(tmp_path, Budget(1)).write(as_data("Say.", "description", TEXT), 0)
