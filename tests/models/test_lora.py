"""LoRA in its four spellings, with alpha, differences and strength; what does not fit is named."""

import pytest
import torch
from tests.models.references import randomise

from rushes.core.errors import WeightsError
from rushes.models.layouts import DIFFUSERS_TRANSFORMER
from rushes.models.lora import Adapted, fit_lora
from rushes.models.tensor_source import TensorMap
from rushes.models.transformer import TransformerConfig, WanTransformer

CONFIG = TransformerConfig(
    hidden_size=24, depth=2, num_heads=2, ffn_size=40, in_channels=4, out_channels=4, text_dim=24, text_len=8
)
RANK = 4
LAYERS = ("blocks.0.self_attn.q", "blocks.1.cross_attn.o", "blocks.1.ffn.0", "head.head", "text_embedding.2")


@pytest.fixture(scope="module")
def base():
    module = WanTransformer(CONFIG)
    randomise(module, seed=3)
    return TensorMap(module.state_dict(), "base")


@pytest.fixture(scope="module")
def factors(base):
    """Layer -> (down, up)."""
    generator = torch.Generator().manual_seed(0)
    shapes = {layer: base.specs()[f"{layer}.weight"].shape for layer in LAYERS}
    return {
        layer: (
            torch.randn(RANK, inside, generator=generator),
            torch.randn(outside, RANK, generator=generator),
        )
        for layer, (outside, inside) in shapes.items()
    }


def diffusers(layer):
    [name] = DIFFUSERS_TRANSFORMER.from_ours({f"{layer}.weight": torch.empty(0)})
    return name.removesuffix(".weight")


SPELLINGS = {
    "official A B": lambda layer: (
        f"diffusion_model.{layer}.lora_A.weight",
        f"diffusion_model.{layer}.lora_B.weight",
    ),
    "official down up": lambda layer: (
        f"diffusion_model.{layer}.lora_down.weight",
        f"diffusion_model.{layer}.lora_up.weight",
    ),
    "kohya": lambda layer: (
        f"lora_unet_{layer.replace('.', '_')}.lora_down.weight",
        f"lora_unet_{layer.replace('.', '_')}.lora_up.weight",
    ),
    "peft": lambda layer: (
        f"transformer.{diffusers(layer)}.lora_A.weight",
        f"transformer.{diffusers(layer)}.lora_B.weight",
    ),
}


def spelled(factors, spelling):
    state = {}
    for layer, (down, up) in factors.items():
        below, above = SPELLINGS[spelling](layer)
        state |= {below: down, above: up}
    return state


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_adds_the_same(base, factors, spelling):
    lora = fit_lora(TensorMap(spelled(factors, spelling), "lora"), base.specs())
    adapted = Adapted(base, lora, strength=0.5)
    for name in base.specs():
        down, up = factors.get(name.removesuffix(".weight"), (None, None))
        expected = base.read(name) if down is None or ".bias" in name else base.read(name) + 0.5 * up @ down
        torch.testing.assert_close(adapted.read(name), expected)
    assert set(lora.patches) == {f"{layer}.weight" for layer in LAYERS}


@pytest.mark.parametrize("alpha", [torch.tensor(8), torch.tensor(8.0), torch.tensor([8.0])])
def test_alpha_scales_by_its_share_of_the_rank(base, factors, alpha):
    """The trap: Lightning stores an integer alpha of 8 at rank 64; missing it is eight times too strong."""
    layer = LAYERS[0]
    state = {**spelled(factors, "official down up"), f"diffusion_model.{layer}.alpha": alpha}
    lora = fit_lora(TensorMap(state, "lora"), base.specs())
    down, up = factors[layer]
    torch.testing.assert_close(lora.delta(f"{layer}.weight"), 8 / RANK * up @ down)
    down, up = factors[LAYERS[1]]
    torch.testing.assert_close(lora.delta(f"{LAYERS[1]}.weight"), up @ down)


def test_differences_of_weights_and_biases(base):
    state = {
        "diffusion_model.blocks.0.norm3.diff": torch.ones(24),
        "diffusion_model.blocks.0.norm3.diff_b": 2 * torch.ones(24),
    }
    adapted = Adapted(base, fit_lora(TensorMap(state, "lora"), base.specs()), strength=0.5)
    torch.testing.assert_close(
        adapted.read("blocks.0.norm3.weight"), base.read("blocks.0.norm3.weight") + 0.5
    )
    torch.testing.assert_close(adapted.read("blocks.0.norm3.bias"), base.read("blocks.0.norm3.bias") + 1)


def test_the_patch_embedding_can_be_adapted(base):
    state = {
        "diffusion_model.patch_embedding.lora_A.weight": torch.randn(RANK, 4, 1, 2, 2),
        "diffusion_model.patch_embedding.lora_B.weight": torch.randn(24, RANK, 1, 1, 1),
    }
    lora = fit_lora(TensorMap(state, "lora"), base.specs())
    expected = torch.einsum(
        "or,rcthw->octhw", state["diffusion_model.patch_embedding.lora_B.weight"].flatten(1),
        state["diffusion_model.patch_embedding.lora_A.weight"],
    )  # fmt: skip
    torch.testing.assert_close(lora.delta("patch_embedding.weight"), expected)


def test_the_picture_branch_of_an_older_model_is_skipped_and_named(base, factors):
    stranger = "diffusion_model.blocks.0.cross_attn.k_img.lora_A.weight"
    state = {**spelled(factors, "official A B"), stranger: torch.ones(RANK, 24)}
    lora = fit_lora(TensorMap(state, "lora"), base.specs())
    assert lora.skipped == (stranger,)
    assert len(lora.patches) == len(LAYERS)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"diffusion_model.blocks.7.ffn.0.lora_A.weight": torch.ones(4, 24)},
            r"adapts 'diffusion_model\.blocks\.7",
        ),
        ({"unet.down.lora_A.weight": torch.ones(4, 24)}, r"adapts 'unet\.down.* does not have"),
        (
            {"diffusion_model.blocks.0.ffn.0.diff": torch.ones(3)},
            r"'blocks\.0\.ffn\.0\.weight' in shape \(3,\)",
        ),
        ({"diffusion_model.blocks.0.self_attn.q.lora_B.weight": torch.ones(99, 4)}, r"in shape \(99, 24\)"),
        ({"diffusion_model.blocks.1.self_attn.q.lora_A.weight": torch.ones(4, 24)}, "only one factor for"),
    ],
)
def test_what_belongs_to_another_model_is_named(base, factors, extra, message):
    state = {**spelled(factors, "official A B"), **extra}
    with pytest.raises(WeightsError, match=message):
        fit_lora(TensorMap(state, "lora"), base.specs())
