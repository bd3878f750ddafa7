"""Attention by rows against the fused kernel, ranges of tokens against the whole, rotation in both forms."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from tests.models.references import randomise
from torch import Tensor

from rushes.models import attention, rope
from rushes.models.attention import KeysValues, attend, attend_by_rows, attend_plainly
from rushes.models.rope import RopeTables, rope_tables, rotate
from rushes.models.transformer import Block, TimeRows, TransformerConfig


def draw(kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """Queries (float32), keys and values (bfloat16), (2, 2, 700, 64), with flat to very peaked scores."""
    generator = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 2, 700, 64, generator=generator) for _ in range(3))
    if kind == "own key":  # every query strongly prefers the key at its own place
        queries = 4 * keys
    elif kind == "hidden keys":  # a few keys that all queries prefer, outside of any sample
        favourite = 1.5 * torch.randn(64, generator=generator)
        keys[:, :, [5, 117, 371, 490]] = favourite + 0.3 * keys[:, :, [5, 117, 371, 490]]
        queries += favourite
    else:
        queries *= {"flat": 0.1, "usual": 1.0, "steep": 4.0}[kind]
    return queries, keys.bfloat16(), values.bfloat16()


@pytest.mark.parametrize("kind", ["flat", "usual", "steep", "own key", "hidden keys"])
@torch.no_grad()
def test_rows_are_about_as_exact_as_the_fused_kernel(kind: str) -> None:
    queries, keys, values = draw(kind)
    queries = queries / queries.shape[-1] ** 0.5
    truth = attend_plainly(queries.double(), keys.double(), values.double())

    def error(result: Tensor) -> float:
        return float((result.double() - truth).norm() / truth.norm())

    fused = error(F.scaled_dot_product_attention(queries.bfloat16(), keys, values, scale=1))
    rows = error(attend_by_rows(queries.bfloat16(), keys, values))
    naive = error((queries.bfloat16() @ keys.transpose(-1, -2)).softmax(-1) @ values)
    assert rows <= 1.5 * fused
    if kind not in ("flat", "own key"):
        assert naive > 1.25 * rows


@pytest.mark.parametrize("heads", [1, 3])
def test_attend_takes_the_rows_where_they_serve(heads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(attention, "attend_by_rows", lambda q, *_others: seen.append(q.shape) or q)
    for dtype, tokens in ((torch.bfloat16, 512), (torch.bfloat16, 511), (torch.float32, 512)):
        q = torch.randn(1, tokens, heads, 8).to(dtype)
        attend(q, KeysValues(q, q))
        with torch.no_grad():
            attend(q, KeysValues(q, q))
    assert seen == [(1, heads, 512, 8)]


def test_both_forms_of_the_rotation_are_one() -> None:
    heads = torch.randn(2, 24, 3, 16, dtype=torch.float64)
    tables = rope_tables((2, 3, 4), 16, torch.float64, heads.device)
    plain = rope.rotate_plainly(heads.unflatten(-1, (-1, 2)), tables)
    torch.testing.assert_close(rotate(heads, tables), plain, rtol=0, atol=1e-15)
    assert rotate(heads.bfloat16(), tables).dtype == torch.float64


@pytest.mark.parametrize("per_token", [False, True])
def test_ranges_of_tokens_equal_the_whole(per_token: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TransformerConfig(32, 1, 2, 48, 4, 4, 8, 8)
    block = Block(config).double()
    randomise(block, seed=0)
    tokens = torch.randn(2, 30, 32, dtype=torch.float64)
    text = block.cross_attn.keys_values(torch.randn(2, 8, 32, dtype=torch.float64))
    of_token = torch.randint(0, 2, (2, 30)) if per_token else None
    time = TimeRows(torch.randn(2, 6, 32, dtype=torch.float64), of_token)
    tables = rope_tables((2, 3, 5), 16, torch.float64, tokens.device)
    whole = block(tokens, text, time, tables)  # as in training: nothing in place
    monkeypatch.setattr(attention, "PIECE", 14)  # seven tokens of either member
    with torch.no_grad():
        torch.testing.assert_close(block(tokens.clone(), text, time, tables), whole, rtol=1e-12, atol=1e-12)
        swapped = RopeTables(tables.cos.roll(7, 0), tables.sin.roll(7, 0))  # a range read at another's place
        assert (block(tokens.clone(), text, time, swapped) - whole).abs().max() > 1e-2


def test_pieces_cover_every_token_once_and_only_outside_of_training() -> None:
    tokens = torch.empty(3, 1000, 1)
    assert attention.pieces(tokens) == [slice(None)]
    with torch.no_grad():
        bounds = [(piece.start, min(piece.stop, 1000)) for piece in attention.pieces(tokens)]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 1000
    assert all(a[1] == b[0] for a, b in pairwise(bounds))
