"""The umT5 encoder against transformers' own, padding, buckets, full-size counts."""

import pytest
import torch
from tests.models.references import Float64, error, randomise
from torch import Tensor, nn

from rushes.core.errors import WeightsError
from rushes.models.layouts import TRANSFORMERS_UMT5
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder, relative_buckets

CONFIG = TextEncoderConfig(vocab_size=90, hidden_size=32, depth=3, num_heads=2, head_dim=20, ffn_size=48)
XXL = TextEncoderConfig(
    vocab_size=256384, hidden_size=4096, depth=24, num_heads=64, head_dim=64, ffn_size=10240
)


def build_reference() -> nn.Module:
    from transformers import UMT5Config, UMT5EncoderModel  # noqa: PLC0415 - slow to import

    config = UMT5Config(
        vocab_size=CONFIG.vocab_size,
        d_model=CONFIG.hidden_size,
        d_kv=CONFIG.head_dim,
        d_ff=CONFIG.ffn_size,
        num_layers=CONFIG.depth,
        num_heads=CONFIG.num_heads,
        relative_attention_num_buckets=CONFIG.num_buckets,
        relative_attention_max_distance=CONFIG.max_distance,
    )
    return UMT5EncoderModel(config).eval()


class Case:
    """Two texts, one shorter and padded, long enough for every distance bucket."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(3)
        self.ids = torch.randint(2, CONFIG.vocab_size, (2, 150), generator=generator)
        self.mask = torch.ones(2, 150, dtype=torch.bool)
        self.mask[1, 61:] = False
        self.ids[1, 61:] = 0
        reference = build_reference()
        randomise(reference, seed=2)
        self.foreign = reference.state_dict()
        self.state = TRANSFORMERS_UMT5.to_ours(self.foreign)
        with torch.no_grad():
            self.reference32 = self.run(reference)
            rounded = build_reference().bfloat16()
            rounded.load_state_dict(self.foreign)
            self.reference16 = self.run(rounded)
            with Float64():
                wide = build_reference().double()
                wide.load_state_dict(self.foreign)
                self.reference64 = self.run(wide)

    def run(self, reference: nn.Module) -> Tensor:
        # the reference leaves states at the padding: Wan cuts them off
        states: Tensor = reference(self.ids, attention_mask=self.mask.long()).last_hidden_state
        return states * self.mask.unsqueeze(-1)

    def model(self) -> UMT5Encoder:
        model = UMT5Encoder(CONFIG)
        model.load_state_dict(self.state, strict=True)
        return model


@pytest.fixture(scope="module")
def case() -> Case:
    return Case()


@torch.no_grad()
def test_equals_transformers_to_rounding(case: Case) -> None:
    ours = error(case.model()(case.ids, case.mask), case.reference64)
    assert ours <= 2 * error(case.reference32, case.reference64)
    assert error(case.model().double()(case.ids, case.mask), case.reference64) < 1e-13


@torch.no_grad()
def test_padding_is_zero_and_changes_nothing(case: Case) -> None:
    model = case.model()
    padded = model(case.ids, case.mask)
    assert padded[1, 61:].abs().max() == 0
    alone = model(case.ids[1:, :61], case.mask[1:, :61])
    torch.testing.assert_close(padded[1:, :61], alone)
    tampered = case.ids.clone()
    tampered[1, 61:] = 5
    torch.testing.assert_close(model(tampered, case.mask), padded)


@pytest.mark.parametrize("trap", ["scaled attention", "one shared bias table", "biases of the far side"])
@torch.no_grad()
def test_every_planted_trap_is_seen(trap: str, case: Case) -> None:
    model = case.model()
    for block in model.blocks:
        if trap == "scaled attention":
            block.attn.q.weight.mul_(CONFIG.head_dim**-0.5)
        elif trap == "one shared bias table":
            block.pos_embedding = model.blocks[0].pos_embedding
        else:
            table = block.pos_embedding.embedding.weight
            table.copy_(table.roll(CONFIG.num_buckets // 2, dims=0))
    assert error(model(case.ids, case.mask), case.reference64) > 1e-2


def test_bfloat16_keeps_a_wide_residual_stream(case: Case) -> None:
    result = case.model().bfloat16()(case.ids, case.mask)
    assert result.dtype == torch.float32
    assert error(result, case.reference64) <= error(case.reference16, case.reference64)


def test_buckets_are_signed_exact_near_and_logarithmic_far() -> None:
    buckets = dict(
        zip(range(-299, 300), relative_buckets(300, 32, 128, torch.device("cpu")).tolist(), strict=True)
    )
    assert buckets[-7] == 7
    assert buckets[7] == 16 + 7
    assert buckets[0] == 0
    assert buckets[-8] == 8
    assert buckets[-299] == 15
    assert max(buckets.values()) == 31


def test_layout_reads_back_what_it_wrote_and_refuses_the_rest(case: Case) -> None:
    foreign = TRANSFORMERS_UMT5.from_ours(case.state)
    build_reference().load_state_dict(foreign, strict=True)
    assert foreign.keys() == case.foreign.keys()
    with pytest.raises(WeightsError, match=r"decoder\.final_layer_norm"):
        TRANSFORMERS_UMT5.to_ours({"decoder.final_layer_norm.weight": torch.ones(1)})


def test_full_size_counts() -> None:
    with torch.device("meta"):
        state = UMT5Encoder(XXL).state_dict()
    assert sum(value.numel() for value in state.values()) == 5_680_910_336
    assert len(state) == 242


def test_init_gives_contexts_of_about_unit_size() -> None:
    torch.manual_seed(0)
    model = UMT5Encoder(CONFIG)
    model.init_weights()
    ids = torch.randint(0, CONFIG.vocab_size, (4, 20))
    context = model(ids, torch.ones(4, 20, dtype=torch.bool))
    assert 0.5 < context.std().item() < 2
