"""The same numbers on several processes as on one, and the bytes they need for it."""

import numpy as np
import pytest
import torch
from tests.engine.parallel_work import Agreement, Clip, Decoding, Sum, Velocity, work
from tests.tiny_model import SHORT_REQUEST as REQUEST

from rushes.core.errors import UsageError
from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.ranks import Ranks, Site
from rushes.engine.parallel.theory import Forward, decoding_sent
from rushes.engine.parallel.tokens import TokenRange, even_shares
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

STATISTICS = {"mean": (0.1, 0.2, -0.1, 0.0), "std": (1.0, 2.0, 0.5, 1.5)}
CODECS = {
    "mini": MiniCodecConfig(4, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)),
    "wan2.1": WanVAE21Config(width=8, **STATISTICS),
    "wan2.2": WanVAE22Config(encoder_width=8, decoder_width=8, **STATISTICS),
}


def config(num_heads=4, num_ffn_experts=0, world_heads=0):
    return TransformerConfig(
        hidden_size=24, depth=2, num_heads=num_heads, ffn_size=32, in_channels=4, out_channels=4, text_dim=16,
        text_len=8, freq_dim=16, num_ffn_experts=num_ffn_experts, world_heads=world_heads,
    )  # fmt: skip


@pytest.fixture(scope="module")
def two():
    ranks = Ranks(work, None, Site("cpu", 2, 1))
    yield ranks
    ranks.close()


@pytest.fixture(scope="module")
def four():
    ranks = Ranks(work, None, Site("cpu", 4, 1))
    yield ranks
    ranks.close()


@pytest.fixture
def together(request, two, four):
    """Does a piece of work on as many ranks as its layout needs."""

    def do(layout, piece):
        ranks = {2: two, 4: four}[layout.devices]
        ranks.say((layout, piece))
        return ranks.hear_all()

    return do


SEQUENCE = [Layout(sequence=2), Layout(sequence=4)]
TENSOR = [
    Layout(tensor=2), Layout(tensor=4), Layout(sequence=2, tensor=2),
    Layout(guidance=2, tensor=2), Layout(guidance=2, sequence=2),
]  # fmt: skip
EXPERT = [
    Layout(expert=2), Layout(expert=4), Layout(sequence=2, expert=2), Layout(expert=2, tensor=2),
    Layout(sequence=2), Layout(tensor=2),
]  # fmt: skip


def check_velocity(together, layout, piece):
    expected = piece.alone()
    done = together(layout, piece)
    for each in done:
        torch.testing.assert_close(each.result, expected, rtol=0, atol=1e-5 * expected.abs().max().item())
        assert torch.equal(each.result, done[0].result)
    return done


def theory(layout, piece, rank):
    forward = Forward(piece.config, piece.members, piece.grid, piece.dtype.itemsize)
    return forward.sent(layout, rank // layout.tensor % (layout.sequence * layout.expert))


@pytest.mark.parametrize("num_heads", [1, 3, 4])
@pytest.mark.parametrize("layout", SEQUENCE, ids=str)
def test_tokens_and_heads_divide_whatever_their_number(together, layout, num_heads):
    piece = Velocity(config(num_heads))
    for rank, each in enumerate(check_velocity(together, layout, piece)):
        assert each.sent == theory(layout, piece, rank)


@pytest.mark.parametrize("layout", [*SEQUENCE, Layout(sequence=2, tensor=2)], ids=str)
def test_each_token_keeps_its_timestep(together, layout):
    check_velocity(together, layout, Velocity(config(), per_token=True))


@pytest.mark.parametrize("layout", TENSOR, ids=str)
def test_matrices_and_heads_divide(together, layout):
    piece = Velocity(config())
    for rank, each in enumerate(check_velocity(together, layout, piece)):
        assert each.sent == theory(layout, piece, rank)


@pytest.mark.parametrize("layout", [*SEQUENCE, *TENSOR], ids=str)
def test_heads_that_see_the_world_divide(together, layout):
    check_velocity(together, layout, Velocity(config(world_heads=1)))


@pytest.mark.parametrize("layout", EXPERT, ids=str)
def test_token_level_experts_divide(together, layout):
    piece = Velocity(config(num_ffn_experts=4))
    done = check_velocity(together, layout, piece)
    for rank, each in enumerate(done):
        sent, expected = dict(each.sent), dict(theory(layout, piece, rank))
        if layout.expert > 1:
            # routing is not even; that no row goes for nothing is a matter of all ranks together
            assert 0 < sent.pop("experts") < 4 * expected.pop("experts")
            sent.pop("matrices", None), expected.pop("matrices", None)
        assert sent == expected


def test_bfloat16_is_as_close_as_rounding_allows(together):
    piece = Velocity(config(), torch.bfloat16)
    exact, alone = piece.alone(torch.float32), piece.alone()
    own = (alone - exact).norm()
    for layout in (Layout(sequence=2), Layout(tensor=2)):
        for each in together(layout, piece):
            assert (each.result - exact).norm() < 1.5 * own


@pytest.mark.parametrize("kind", CODECS)
@pytest.mark.parametrize("size", [2, 4])
def test_decoders_divide_by_rows(together, kind, size):
    piece = Decoding(CODECS[kind], rows=5)
    expected = piece.alone()
    assert expected.std() > 0.1
    done = together(Layout(sequence=size), piece)
    for rank, each in enumerate(done):
        torch.testing.assert_close(each.result, expected, rtol=0, atol=1e-5)
        assert each.sent == decoding_sent(piece.codec(), piece.latents(), size, rank)
        assert torch.equal(each.result, done[0].result)


@pytest.mark.parametrize(
    "layout",
    [Layout(guidance=2), Layout(sequence=2), Layout(guidance=2, sequence=2), Layout(guidance=2, tensor=2)],
    ids=str,
)
def test_a_clip_is_the_same_clip(together, layout, tiny_model):
    piece = Clip(tiny_model, REQUEST)
    latents, frames = piece.alone()
    done = together(layout, piece)
    for each in done:
        torch.testing.assert_close(each.result[0], latents, rtol=0, atol=1e-5)
        assert torch.equal(each.result[0], done[0].result[0])
        for ours, alone in zip(each.result[1], frames, strict=True):
            assert np.abs(ours.astype(int) - alone).max() <= 1
        if layout.guidance == 2:
            assert each.sent["guidance"] == 4 * 4 * latents.numel()


def test_ranks_notice_when_they_hold_something_else(together):
    assert [each.result for each in together(Layout(sequence=2), Agreement(False))] == ["equal"] * 2
    for each in together(Layout(sequence=2), Agreement(True)):
        assert each.result.startswith("the devices hold different latents")


@pytest.mark.parametrize("size", [2, 4])
def test_sums_have_the_same_bits_everywhere(together, size):
    done = together(Layout(tensor=size), Sum())
    assert all(torch.equal(each.result, done[0].result) for each in done)
    assert done[0].sent == {"sum": 2 * (size - 1) * 4000 // size}


def test_groups_cover_every_rank_once():
    layout = Layout(guidance=2, sequence=3, tensor=2)
    assert layout.devices == 12
    assert list(layout.groups(("tensor",)))[:2] == [(0, 1), (2, 3)]
    assert list(layout.groups(("sequence", "expert")))[:2] == [(0, 2, 4), (1, 3, 5)]
    assert list(layout.groups(("guidance",)))[5] == (5, 11)
    for axes in [("guidance",), ("sequence", "expert"), ("tensor",), ("guidance", "sequence", "tensor")]:
        assert sorted(rank for group in layout.groups(axes) for rank in group) == list(range(12))


@pytest.mark.parametrize(
    ("devices", "guided", "layout"),
    [
        (1, True, Layout()), (2, True, Layout(guidance=2)), (2, False, Layout(sequence=2)),
        (3, True, Layout(sequence=3)), (8, True, Layout(guidance=2, sequence=4)),
    ],
)  # fmt: skip
def test_guidance_is_divided_first(devices, guided, layout):
    assert Layout.of(devices, guided) == layout


@pytest.mark.parametrize(
    ("layout", "num_experts", "message"),
    [
        (Layout(tensor=3), 0, "4 heads and feed-forward width 32 cannot be divided evenly by 3"),
        (Layout(expert=2), 0, "0 token-level experts"),
        (Layout(expert=3), 4, "4 token-level experts cannot be divided evenly by 3"),
    ],
)
def test_what_does_not_divide_is_refused(layout, num_experts, message):
    with pytest.raises(UsageError, match=message):
        layout.check(config(num_ffn_experts=num_experts))


def test_shares_cover_everything_once():
    assert even_shares(10, 4) == [3, 3, 2, 2]
    assert even_shares(1, 3) == [1, 0, 0]
    for count in range(1, 12):
        ranges = [TokenRange(count, 4, index) for index in range(4)]
        values = torch.arange(1, count + 1)
        cut = torch.cat([each.cut(values, 0) for each in ranges])
        assert len(cut) == 4 * ranges[0].length
        assert cut[cut > 0].tolist() == values.tolist()
