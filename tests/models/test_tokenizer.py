"""The tokenizer on a small SentencePiece model trained here: conventions, cleaning, cuts, bad files."""

import io

import pytest
import sentencepiece
import torch

from rushes.core.errors import WeightsError
from rushes.models.tokenizer import Tokenizer

TEXTS = [
    "a red fox leaps over the snow",
    "一位红斗篷女战士跃下古城墙",
    "赤い狐が雪を越えて跳ぶ",
    "붉은 여우가 눈 위를 뛴다",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20),
        model_writer=model,
        vocab_size=310,
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return Tokenizer(model.getvalue())


def test_appends_the_end_and_pads_with_zero(tokenizer: Tokenizer) -> None:
    ids, mask = tokenizer.encode([TEXTS[0], TEXTS[1]], length=40)
    assert ids.shape == mask.shape == (2, 40)
    assert ids.dtype == torch.int64
    assert mask.dtype == torch.bool
    for row, text in enumerate(TEXTS[:2]):
        count = tokenizer.num_tokens(text)
        assert mask[row].sum().item() == count
        assert ids[row, count - 1].item() == 1
        assert ids[row, count:].abs().sum().item() == 0
        assert (ids[row, : count - 1] > 2).all()


def test_a_cut_keeps_the_end_and_can_be_told_beforehand(tokenizer: Tokenizer) -> None:
    assert tokenizer.num_tokens(TEXTS[0]) > 5
    ids, mask = tokenizer.encode([TEXTS[0]], length=5)
    whole, _ = tokenizer.encode([TEXTS[0]], length=60)
    assert mask.all()
    assert ids[0, :4].tolist() == whole[0, :4].tolist()
    assert ids[0, 4].item() == 1


def test_unknown_characters_become_bytes_not_unknowns(tokenizer: Tokenizer) -> None:
    ids, mask = tokenizer.encode(["🦊 ڭ"], length=32)
    assert 2 not in ids[mask].tolist()


def test_empty_text_is_the_end_alone(tokenizer: Tokenizer) -> None:
    ids, mask = tokenizer.encode([""], length=4)
    assert ids[0].tolist() == [1, 0, 0, 0]
    assert mask[0].tolist() == [True, False, False, False]


def test_a_copy_from_bytes_is_the_same(tokenizer: Tokenizer, tmp_path) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(tokenizer.model_bytes)
    assert torch.equal(Tokenizer(path).encode(TEXTS, 30)[0], tokenizer.encode(TEXTS, 30)[0])
    assert Tokenizer(path).vocab_size == 310


@pytest.mark.parametrize("content", [None, b"", b"not a model at all"])
def test_a_missing_or_broken_file_is_named(content: bytes | None, tmp_path) -> None:
    path = tmp_path / "tokenizer.model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"tokenizer\.model is missing or not a SentencePiece model"):
        Tokenizer(path)
