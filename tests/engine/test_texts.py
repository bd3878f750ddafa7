"""Contexts: the negative prompt's is made once a machine and never taken from a wrong or broken file."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from rushes.core.request import Request, Sampling
from rushes.core.settings import Settings
from rushes.engine import texts as texts_module
from rushes.engine.texts import encode_texts
from rushes.models.bundle import load_bundle

REQUEST = Request(
    prompt="a red fox",
    context_text="a red fox leaps over the snow",
    num_frames=9,
    frame_rate=Fraction(12),
    height=32,
    width=64,
    seed=3,
    sampling=Sampling(steps=2, guidance_high=4.0, guidance_low=3.0, shift=3.0),
    negative_prompt="snow",
)


class Counting(torch.nn.Module):
    """The real encoder, counting its calls."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.config = encoder.config
        self.calls = 0

    def forward(self, ids, mask):
        self.calls += 1
        return self.encoder(ids, mask)


@pytest.fixture
def bundle(tiny_model):
    bundle = load_bundle(tiny_model, torch.float32, "cpu")
    return replace(bundle, text_encoder=Counting(bundle.text_encoder))


def cached():
    return sorted(Settings.from_environment().cache.glob("texts/*"))


def test_the_negative_prompt_is_encoded_once_and_bit_for_bit_the_same(bundle):
    first = encode_texts(bundle, REQUEST)
    assert bundle.text_encoder.calls == 2
    second = encode_texts(bundle, replace(REQUEST, context_text="another shot"))
    assert bundle.text_encoder.calls == 3
    assert torch.equal(first.uncond, second.uncond)
    assert not torch.equal(first.cond, second.cond)
    assert first.uncond.shape == first.cond.shape == (1, 32, 16)
    assert len(cached()) == 1


def test_words_stay_off_the_disk(bundle):
    encode_texts(bundle, replace(REQUEST, negative_prompt="secret words"))
    for path in cached():
        assert b"secret" not in path.read_bytes()
        assert "secret" not in path.name


@pytest.mark.parametrize("damage", [b"", b"not tensors", None])
def test_a_broken_file_is_made_again(bundle, damage):
    whole = encode_texts(bundle, REQUEST).uncond
    (path,) = cached()
    content = path.read_bytes()
    changed = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes(changed if damage is None else damage)
    calls = bundle.text_encoder.calls
    assert torch.equal(encode_texts(bundle, REQUEST).uncond, whole)
    assert bundle.text_encoder.calls == calls + 2
    assert path.read_bytes() == content


def other_text(bundle, request):
    return bundle, replace(request, negative_prompt="rain")


def other_weights(bundle, request):
    return replace(bundle, sha256={**bundle.sha256, "text_encoder.safetensors": "0" * 64}), request


def other_dtype(bundle, request):
    for part in (bundle.text_encoder, *(expert.transformer for expert in bundle.experts)):
        part.to(torch.bfloat16)
    return bundle, request


@pytest.mark.parametrize("change", [other_text, other_weights, other_dtype], ids=lambda each: each.__name__)
def test_everything_that_decides_the_context_names_the_file(bundle, change):
    encode_texts(bundle, REQUEST)
    encode_texts(*change(bundle, REQUEST))
    assert len(cached()) == 2


def test_other_threads_may_end_with_other_bits_and_have_their_own_file(bundle):
    encode_texts(bundle, REQUEST)
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        encode_texts(bundle, REQUEST)
    finally:
        torch.set_num_threads(threads)
    assert len(cached()) == 2


def test_another_device_has_its_own_file(bundle, monkeypatch):
    encode_texts(bundle, REQUEST)
    monkeypatch.setattr(texts_module, "text_device", lambda _: torch.device("xpu"))
    encode_texts(bundle, REQUEST)
    assert len(cached()) == 2


def test_a_model_without_files_leaves_none(bundle):
    encode_texts(replace(bundle, sha256={}), REQUEST)
    assert not Path(Settings.from_environment().home, "cache").exists()


def test_without_guidance_there_is_no_negative_context(bundle):
    plain = replace(REQUEST, sampling=replace(REQUEST.sampling, guidance_high=1.0, guidance_low=1.0))
    assert encode_texts(bundle, plain).uncond is None
    assert bundle.text_encoder.calls == 1
    assert encode_texts(bundle, plain).serves(plain)
    assert not encode_texts(bundle, plain).serves(REQUEST)
    assert encode_texts(bundle, REQUEST).serves(plain)
    half = replace(REQUEST, sampling=replace(REQUEST.sampling, guidance_high=1.0))
    assert encode_texts(bundle, half).uncond is not None
