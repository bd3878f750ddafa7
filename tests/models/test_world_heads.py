"""Heads that see the world: a thing that stands keeps its place for them while the picture goes over it."""

from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_transformer

from rushes.models.rope import rope_tables, rope_tables_under, rotate
from rushes.models.transformer import WanTransformer

GRID, DIM = (3, 5, 8), 24


def scores(camera, heads=(2, 1)):
    """How each head scores equal queries and keys at every pair of tokens: (heads, tokens, tokens)."""
    tables = rope_tables_under(camera, GRID, DIM, heads, torch.float64)
    alike = torch.randn(1, 1, 1, DIM, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    turned = rotate(alike.expand(1, 3 * 5 * 8, heads[0], DIM), tables)[0]
    return torch.einsum("ihd,jhd->hij", turned, turned)


def token(time, row, column):
    return (time * 5 + row) * 8 + column


def test_a_camera_at_rest_turns_like_none():
    still = rope_tables(GRID, DIM, torch.float32, torch.device("cpu"))
    under = rope_tables_under(torch.zeros(2, 3, 3), GRID, DIM, (4, 2), torch.float32)
    for plain, each in zip(still, under, strict=True):
        assert each.shape == (2, 120, 4, DIM // 2)
        torch.testing.assert_close(each, plain.expand_as(each), rtol=0, atol=1e-6)


def test_after_a_pan_the_world_is_two_columns_to_the_left():
    pan = torch.zeros(1, 3, 3)
    pan[0, 1:, 0] = 2 / 8
    picture, world = scores(pan)
    stays, goes = (token(0, 2, 5), token(1, 2, 5)), (token(0, 2, 5), token(1, 2, 3))
    own_place = scores(torch.zeros(1, 3, 3))[1][stays]
    torch.testing.assert_close(world[goes], own_place)
    assert abs(world[stays] - own_place) > 0.1
    torch.testing.assert_close(picture[stays], own_place)


def test_a_tilt_goes_by_rows_and_a_push_in_away_from_the_middle():
    tilt = torch.zeros(1, 3, 3)
    tilt[0, 1:, 1] = 1 / 5
    push = torch.zeros(1, 3, 3)
    push[0, 1:, 2] = torch.tensor(7 / 3).log()
    own_place = scores(torch.zeros(1, 3, 3))[1][token(0, 2, 2), token(1, 2, 2)]
    torch.testing.assert_close(scores(tilt)[1][token(0, 3, 2), token(1, 2, 2)], own_place)
    # 3.5 columns from the middle are then 1.5 of the beginning's
    torch.testing.assert_close(scores(push)[1][token(0, 2, 2), token(1, 2, 0)], own_place)


@pytest.fixture(scope="module")
def seeing():
    plain = tiny_transformer(1, depth=2)
    seeing = WanTransformer(replace(plain.config, world_heads=1))
    seeing.load_state_dict(plain.state_dict())
    return plain, seeing.eval().requires_grad_(False)


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    context = torch.randn(2, 7, 16, generator=generator)
    return torch.randn(2, 16, 3, 4, 6, generator=generator), torch.tensor([700.0, 200.0]), context


def test_a_path_matters_only_to_a_network_with_such_heads(seeing, inputs):
    plain, own = seeing
    path = torch.tensor([[0.0, 0.0, 0.0], [0.2, 0.0, 0.1], [0.4, 0.1, 0.2]]).expand(2, -1, -1)
    with torch.no_grad():
        before = plain(*inputs)
        assert torch.equal(plain(*inputs, camera=path), before)
        assert torch.equal(own(*inputs), before)
        torch.testing.assert_close(own(*inputs, camera=0 * path), before)
        assert (own(*inputs, camera=path) - before).abs().max() > 1e-3


def test_a_memory_keeps_the_path(seeing, inputs):
    latents, timestep, context = inputs
    own, path = seeing[1], torch.rand(1, 3, 3, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        whole = own(latents, timestep, context[:1].expand(2, -1, -1), camera=path.expand(2, -1, -1))
        remembered = own(latents, timestep, own.remember(context[:1], camera=path))
    torch.testing.assert_close(remembered, whole, rtol=0, atol=2e-6 * float(whole.abs().max()))


def test_a_short_path_is_refused_and_of_a_long_one_the_beginning_counts(seeing, inputs):
    path = torch.rand(1, 5, 3, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        assert torch.equal(seeing[1](*inputs, camera=path), seeing[1](*inputs, camera=path[:, :3]))
    with pytest.raises(ValueError, match="camera"):
        seeing[1](*inputs, camera=path[:, :2])


def test_more_heads_than_there_are_are_refused():
    with pytest.raises(ValueError, match="world"):
        replace(tiny_transformer(1, depth=2).config, world_heads=99)
