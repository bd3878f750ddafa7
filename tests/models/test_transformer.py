"""The Wan transformer against diffusers' own, the traps of its layout, full-size shapes, precision."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from einops import rearrange
from tests.models.references import Float64, error, randomise
from torch import Tensor, nn

from rushes.core.errors import WeightsError
from rushes.models import attention, rope
from rushes.models.layouts import DIFFUSERS_TRANSFORMER
from rushes.models.precision import WideRMSNorm
from rushes.models.rope import RopeTables, axis_dims
from rushes.models.transformer import Block, TextMemory, TimeRows, TransformerConfig, WanTransformer, sinusoid

CONFIG = TransformerConfig(
    hidden_size=32,
    depth=2,
    num_heads=2,
    ffn_size=48,
    in_channels=6,
    out_channels=4,
    text_dim=24,
    text_len=12,
    freq_dim=32,
)

A14B = TransformerConfig(
    hidden_size=5120, depth=40, num_heads=40, ffn_size=13824,
    in_channels=16, out_channels=16, text_dim=4096, text_len=512,
)  # fmt: skip
TI2V_5B = TransformerConfig(
    hidden_size=3072, depth=30, num_heads=24, ffn_size=14336,
    in_channels=48, out_channels=48, text_dim=4096, text_len=512,
)  # fmt: skip
T2V_1_3B = TransformerConfig(
    hidden_size=1536, depth=30, num_heads=12, ffn_size=8960,
    in_channels=16, out_channels=16, text_dim=4096, text_len=512,
)  # fmt: skip


def build_reference() -> nn.Module:
    from diffusers import WanTransformer3DModel  # noqa: PLC0415 - slow to import

    return WanTransformer3DModel(
        patch_size=CONFIG.patch_size,
        num_attention_heads=CONFIG.num_heads,
        attention_head_dim=CONFIG.head_dim,
        in_channels=CONFIG.in_channels,
        out_channels=CONFIG.out_channels,
        text_dim=CONFIG.text_dim,
        freq_dim=CONFIG.freq_dim,
        ffn_dim=CONFIG.ffn_size,
        num_layers=CONFIG.depth,
        rope_max_seq_len=64,
    ).eval()


class Case:
    """Inputs, the reference's results in float32 and true float64, and our model with the same weights."""

    def __init__(self, timesteps: tuple[float, ...]) -> None:
        reference = build_reference()
        randomise(reference, seed=0)
        self.state = DIFFUSERS_TRANSFORMER.to_ours(reference.state_dict())
        generator = torch.Generator().manual_seed(1)
        self.timestep = torch.tensor(timesteps)
        batch = len(timesteps)
        self.latents = torch.randn(batch, CONFIG.in_channels, 3, 4, 8, generator=generator)
        self.context = torch.randn(batch, 7, CONFIG.text_dim, generator=generator)
        # the reference leaves padding to its pipeline
        padded = nn.functional.pad(self.context, (0, 0, 0, CONFIG.text_len - 7))
        with torch.no_grad():
            self.reference32 = reference(self.latents, self.timestep, padded).sample
            rounded = build_reference().bfloat16()
            rounded.load_state_dict(reference.state_dict())
            self.reference16 = rounded(self.latents.bfloat16(), self.timestep, padded.bfloat16()).sample
            with Float64():
                wide = build_reference().double()
                wide.load_state_dict(reference.state_dict())
                self.reference64 = wide(self.latents.double(), self.timestep.double(), padded.double()).sample

    def model(self) -> WanTransformer:
        model = WanTransformer(CONFIG)
        model.load_state_dict(self.state, strict=True)
        return model

    @torch.no_grad()
    def error_of(self, model: WanTransformer) -> float:
        """Error of our model, run in the dtype of its weights, against the true reference."""
        dtype = model.patch_embedding.weight.dtype
        result = model(self.latents.to(dtype), self.timestep, self.context.to(dtype))
        return error(result, self.reference64)


@pytest.fixture(scope="module")
def case() -> Case:
    return Case((1.0, 3.0, 7.0, 11.0, 17.0, 19.0, 23.0, 0.0))


@pytest.mark.parametrize("timesteps", [(1.0, 3.0, 7.0, 11.0, 17.0, 19.0), (999.0, 875.0, 500.0, 250.0, 60.0)])
def test_equals_diffusers_to_rounding(timesteps: tuple[float, ...]) -> None:
    case = Case(timesteps)
    assert case.error_of(case.model()) <= 2 * error(case.reference32, case.reference64)
    # in float64 nothing but the order of additions is left
    assert case.error_of(case.model().double()) < 1e-13


def test_bfloat16_weights_keep_a_wide_residual_stream(case: Case) -> None:
    model = case.model().bfloat16()
    result = model(case.latents.bfloat16(), case.timestep, case.context.bfloat16())
    assert result.dtype == torch.float32
    assert error(result, case.reference64) <= error(case.reference16, case.reference64)


def test_autocast_with_float32_masters_trains(case: Case) -> None:
    model = case.model()
    with torch.autocast("cpu", torch.bfloat16):
        result = model(case.latents, case.timestep, case.context)
    assert result.dtype == torch.float32
    assert error(result, case.reference64) < 0.05
    result.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.dtype == torch.float32
        assert parameter.grad.abs().max() > 0, name


# --- per-token timesteps (TI2V-5B) and remembered text


def test_per_token_timesteps_equal_diffusers(case: Case) -> None:
    timestep = case.timestep[:, None].repeat(1, 24)
    timestep[:, :8] = 0  # the first latent frame is given
    padded = nn.functional.pad(case.context, (0, 0, 0, CONFIG.text_len - 7))
    reference = build_reference()
    reference.load_state_dict(DIFFUSERS_TRANSFORMER.from_ours(case.state))
    with torch.no_grad():
        reference32 = reference(case.latents, timestep, padded).sample
        with Float64():
            reference64 = reference.double()(case.latents.double(), timestep.double(), padded.double()).sample
        ours = case.model()(case.latents, timestep, case.context)
        assert error(ours, reference64) <= 2 * error(reference32, reference64)
        assert error(case.model()(case.latents, case.timestep, case.context), reference64) > 1e-2


def test_equal_per_token_timesteps_are_a_timestep_per_member(case: Case) -> None:
    model = case.model()
    with torch.no_grad():
        per_token = model(case.latents, case.timestep[:, None].expand(-1, 24), case.context)
        per_member = model(case.latents, case.timestep, case.context)
    assert error(per_token, per_member) < 1e-6
    with pytest.raises(ValueError, match=r"timestep \(8, 23\) is neither \(8,\) nor \(8, 24\)"):
        model(case.latents, case.timestep[:, None].expand(-1, 23), case.context)


@pytest.mark.parametrize("length", [0, 7, 12], ids=["empty", "padded", "full"])
def test_a_remembered_text_equals_the_text(case: Case, length: int) -> None:
    model = case.model().double()
    context = torch.randn(8, length, CONFIG.text_dim, dtype=torch.float64)
    with torch.no_grad():
        plain = model(case.latents.double(), case.timestep, context)
        # zero rows within the context are padding too
        memory = model.remember(nn.functional.pad(context, (0, 0, 0, (12 - length) // 2)))
        assert error(model(case.latents.double(), case.timestep, memory), plain) < 1e-13
    assert memory.blocks[0].keys.shape[1] == length + (length < 12)


def test_one_remembered_text_serves_every_member(case: Case) -> None:
    model = case.model().double()
    context = case.context[:1].double()
    with torch.no_grad():
        plain = model(case.latents.double(), case.timestep, context.expand(8, -1, -1))
        memory = model.remember(context)
        assert error(model(case.latents.double(), case.timestep, memory), plain) < 1e-13
        unweighted = TextMemory(memory.embedded, None)
        assert error(model(case.latents.double(), case.timestep, unweighted), plain) > 1e-2


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_copies_of_a_key_weigh_like_all_pads(dtype: torch.dtype) -> None:
    for count in (1, 2, 3, 57, 400, 505, 512):
        biases = torch.tensor(attention.repeat_biases(count, dtype), dtype=dtype)
        assert biases.double().exp().sum().item() == pytest.approx(
            count, rel=3e-4 if dtype.itemsize == 2 else 1e-6
        )
    assert attention.repeat_biases(0, dtype) == []


def test_bfloat16_memory_stays_within_the_references_error(case: Case) -> None:
    model = case.model().bfloat16()
    with torch.no_grad():
        result = model(case.latents.bfloat16(), case.timestep, model.remember(case.context.bfloat16()))
    assert error(result, case.reference64) <= error(case.reference16, case.reference64)


# --- traps: each plants one mistake and must be far outside rounding


def swap_norms(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    for block in model.blocks:
        block.norm2, block.norm3 = block.norm3, block.norm2


def drop_padding(model: WanTransformer, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(nn.functional, "pad", lambda context, _amount: context)


def half_rotate(_model: WanTransformer, patch: pytest.MonkeyPatch) -> None:
    def rotate_halves(heads: Tensor, tables: RopeTables) -> Tensor:
        first, second = heads.chunk(2, dim=-1)
        cos, sin = tables
        return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)

    patch.setattr(attention, "rotate", rotate_halves)


def split_axes_evenly(_model: WanTransformer, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rope, "axis_dims", lambda _head_dim: (4, 6, 6))


def patch_before_channels(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    weight = model.patch_embedding.weight
    weight.data = rearrange(weight.data, "d c t h w -> d t h w c").reshape(weight.shape)


def channels_first_head(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    head = model.head.head
    for tensor in (head.weight, head.bias):
        tensor.data = rearrange(tensor.data, "(p c) ... -> (c p) ...", c=CONFIG.out_channels).contiguous()


def norm_per_head(_model: WanTransformer, patch: pytest.MonkeyPatch) -> None:
    def forward(self: WideRMSNorm, x: Tensor) -> Tensor:
        heads = nn.functional.rms_norm(
            x.unflatten(-1, (CONFIG.num_heads, -1)), (CONFIG.head_dim,), eps=self.eps
        )
        return heads.flatten(-2) * self.weight

    patch.setattr(WideRMSNorm, "forward", forward)


def sine_first(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    layer = model.time_embedding[0]
    layer.weight.data = layer.weight.data.roll(CONFIG.freq_dim // 2, dims=1)


def scale_before_shift(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    for block in model.blocks:
        block.modulation.data = block.modulation.data[:, [1, 0, 2, 4, 3, 5]]


def head_reads_projected_time(model: WanTransformer, _patch: pytest.MonkeyPatch) -> None:
    model.time_embedding.append(nn.SiLU())


TRAPS = [
    swap_norms,
    drop_padding,
    half_rotate,
    split_axes_evenly,
    patch_before_channels,
    channels_first_head,
    norm_per_head,
    sine_first,
    scale_before_shift,
    head_reads_projected_time,
]


@pytest.mark.parametrize("plant", TRAPS, ids=lambda plant: plant.__name__)
def test_every_planted_trap_is_seen(
    plant: Callable[[WanTransformer, pytest.MonkeyPatch], None], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = case.model()
    plant(model, monkeypatch)
    assert case.error_of(model) > 1e-2


# --- names and shapes


def test_layout_reads_back_what_it_wrote_and_refuses_the_rest(case: Case) -> None:
    foreign = DIFFUSERS_TRANSFORMER.from_ours(case.state)
    build_reference().load_state_dict(foreign, strict=True)
    assert DIFFUSERS_TRANSFORMER.to_ours(foreign).keys() == case.state.keys()
    with pytest.raises(WeightsError, match=r"blocks\.0\.norm3\.weight"):
        DIFFUSERS_TRANSFORMER.to_ours({"blocks.0.norm3.weight": torch.ones(1)})
    with pytest.raises(WeightsError, match=r"img_emb\.proj\.0\.bias"):
        DIFFUSERS_TRANSFORMER.from_ours({"img_emb.proj.0.bias": torch.ones(1)})


@pytest.mark.parametrize(
    ("config", "parameters", "tensors"),
    [
        (A14B, 14_288_491_584, 1095),
        (replace(A14B, in_channels=36), 14_288_901_184, 1095),
        (TI2V_5B, 4_999_787_712, 825),
        (T2V_1_3B, 1_418_996_800, 825),
    ],
    ids=["A14B", "I2V-A14B", "TI2V-5B", "1.3B"],
)
def test_full_size_counts(config: TransformerConfig, parameters: int, tensors: int) -> None:
    with torch.device("meta"):
        state = WanTransformer(config).state_dict()
    assert sum(value.numel() for value in state.values()) == parameters
    assert len(state) == tensors
    assert state["patch_embedding.weight"].shape == (config.hidden_size, config.in_channels, 1, 2, 2)
    assert state["head.modulation"].shape == (1, 2, config.hidden_size)


def test_published_head_width_splits_44_42_42() -> None:
    assert axis_dims(128) == (44, 42, 42)
    assert axis_dims(64) == (24, 20, 20)


def test_sinusoid_is_cosines_then_sines_in_float64() -> None:
    embedded = sinusoid(torch.tensor([0.0, 999.0]), 256)
    assert embedded.dtype == torch.float64
    assert embedded[0].tolist() == [1.0] * 128 + [0.0] * 128
    angle = torch.tensor(999.0 * 10000 ** (-5 / 128), dtype=torch.float64)
    torch.testing.assert_close(embedded[1, [5, 133]], torch.stack([angle.cos(), angle.sin()]))


def test_a_batch_equals_its_members(case: Case) -> None:
    model = case.model()
    with torch.no_grad():
        together = model(case.latents, case.timestep, case.context)
        alone = [
            model(case.latents[i : i + 1], case.timestep[i : i + 1], case.context[i : i + 1])
            for i in range(3)
        ]
    torch.testing.assert_close(together[:3], torch.cat(alone), rtol=1e-5, atol=1e-5)


def test_blocks_may_be_any_iterable_and_are_walked_in_order(case: Case) -> None:
    model = case.model()
    with torch.no_grad():
        expected = model(case.latents, case.timestep, case.context)
        streamed = list(model.blocks)
        del model.blocks
        model.blocks = tuple(streamed)
        assert torch.equal(model(case.latents, case.timestep, case.context), expected)
        model.blocks = tuple(streamed[::-1])
        assert error(model(case.latents, case.timestep, case.context), expected) > 1e-2


def test_plain_attention_equals_the_fused_kernel() -> None:
    q, k, v = (torch.randn(2, n, 3, 16, dtype=torch.float64) for n in (40, 24, 24))
    bias = torch.randn(24, dtype=torch.float64)
    with torch.no_grad():
        plain = attention.attend_plainly(*(x.transpose(1, 2) for x in (q, k, v)), bias)
        fused = attention.attend(q, attention.KeysValues(k, v, bias))
    torch.testing.assert_close(plain.transpose(1, 2).flatten(2), fused)


def test_init_starts_as_identity_with_a_zero_prediction() -> None:
    torch.manual_seed(0)
    model = WanTransformer(CONFIG)
    model.init_weights()
    latents = torch.randn(1, CONFIG.in_channels, 2, 4, 4)
    assert model(latents, torch.tensor([500.0]), torch.randn(1, 3, CONFIG.text_dim)).abs().max() == 0
    block = model.blocks[0]
    assert isinstance(block, Block)
    tokens = torch.randn(1, 8, CONFIG.hidden_size)
    rope = RopeTables(torch.ones(8, 1, 8), torch.zeros(8, 1, 8))
    text = block.cross_attn.keys_values(torch.randn(1, 3, CONFIG.hidden_size))
    time = TimeRows(torch.zeros(1, 6, CONFIG.hidden_size), None)
    assert torch.equal(block(tokens, text, time, rope), tokens)


# --- bad input


@pytest.mark.parametrize(
    ("latents", "context", "message"),
    [
        ((1, 5, 3, 4, 8), (1, 7, 24), r"\(1, 5, 3, 4, 8\) are not \(B, 6"),
        ((6, 3, 4, 8), (1, 7, 24), "are not"),
        ((1, 6, 3, 5, 8), (1, 7, 24), "do not divide"),
        ((1, 6, 3, 4, 8), (1, 13, 24), "up to 12"),
        ((1, 6, 3, 4, 8), (1, 7, 23), "up to 12, 24"),
    ],
)
def test_wrong_shapes_are_named(latents: tuple[int, ...], context: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WanTransformer(CONFIG)(torch.zeros(latents), torch.zeros(1), torch.zeros(context))


def test_impossible_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="hidden_size 30 over 4 heads"):
        TransformerConfig(30, 1, 4, 8, 4, 4, 8, 8)
    with pytest.raises(ValueError, match="freq_dim 31"):
        TransformerConfig(32, 1, 2, 8, 4, 4, 8, 8, freq_dim=31)
