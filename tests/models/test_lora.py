"""LoRA in its four spellings, with alpha, differences and strength; what does not fit is named."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from tests.models.references import randomise
from tests.models.test_foreign import WRITERS, Parts
from tests.models.test_naming import float8, write_gguf
from tests.tiny_model import tiny_bundle

from rushes.core.errors import UsageError, WeightsError
from rushes.core.lora_use import LoraUse, Noise
from rushes.models.bundle import load_bundle, open_model, save_bundle, stream_files
from rushes.models.layouts import DIFFUSERS_TRANSFORMER
from rushes.models.lora import Adapted, fit_lora, with_loras
from rushes.models.naming import open_file, transformer_source
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


def test_a_lora_of_numbers_that_are_not_finite_is_named(base, factors):
    """The LoRA, not the model, which would be fetched again for nothing."""
    layer = LAYERS[0]
    state = spelled(factors, "official A B")
    broken = state[f"diffusion_model.{layer}.lora_A.weight"].clone()
    broken[0, 0] = torch.nan
    lora = fit_lora(
        TensorMap({**state, f"diffusion_model.{layer}.lora_A.weight": broken}, "lora"), base.specs()
    )
    with pytest.raises(WeightsError, match=rf"^lora changes '{layer}\.weight' by values that are no finite"):
        Adapted(base, lora, strength=0.5).read(f"{layer}.weight")


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
        (
            {"diffusion_model.blocks.0.self_attn.q.lora_A.weight": torch.ones(3, 24)},
            r"factors of ranks 4 and 3 for 'blocks\.0\.self_attn\.q\.weight'",
        ),
        ({"diffusion_model.head.head.diff": torch.ones(16, 24)}, "a difference and factors for 'head.head'"),
    ],
)
def test_what_belongs_to_another_model_is_named(base, factors, extra, message):
    state = {**spelled(factors, "official A B"), **extra}
    with pytest.raises(WeightsError, match=message):
        fit_lora(TensorMap(state, "lora"), base.specs())


def test_a_file_that_changes_nothing_is_no_lora_for_this_model(base):
    state = {"diffusion_model.blocks.0.cross_attn.k_img.lora_A.weight": torch.ones(RANK, 24)}
    with pytest.raises(WeightsError, match="changes nothing in this model"):
        fit_lora(TensorMap(state, "lora"), base.specs())


LAYER = "blocks.1.ffn.0"


def write_lora(path, layer=LAYER, seed=0, inside=128, outside=96):
    """A LoRA of rank 4 with an integer alpha of 2; what strength 1 adds to its layer."""
    generator = torch.Generator().manual_seed(seed)
    down, up = (torch.randn(size, generator=generator) for size in ((4, inside), (outside, 4)))
    names = {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(2)}
    path.parent.mkdir(exist_ok=True)
    save_file({f"diffusion_model.{layer}.{name}": value for name, value in names.items()}, path)
    return 0.5 * up @ down


@pytest.fixture(scope="module")
def parts():
    return Parts()


@pytest.fixture
def models(parts, tmp_path):
    """Layout -> folder of the same tiny model."""
    for layout, write in WRITERS.items():
        (tmp_path / layout).mkdir()
        write(tmp_path / layout, parts)
    return tmp_path


def values(files, name=f"{LAYER}.weight"):
    return [expert.source.read(name) for expert in files.experts]


@pytest.mark.parametrize("layout", WRITERS)
def test_loras_go_into_the_experts_they_are_for_in_every_layout(layout, models):
    plain = open_model(models / layout)
    both, high, low = (
        write_lora(models / f"{name}.safetensors", seed=seed) for seed, name in enumerate(("a", "b", "c"))
    )
    uses = [
        LoraUse(models / "a.safetensors", 0.5),
        LoraUse(models / "b.safetensors", -2.0, Noise.HIGH),
        LoraUse(models / "c.safetensors", noise=Noise.LOW),
    ]
    adapted = with_loras(plain, uses)
    before, after = values(plain), values(adapted)
    torch.testing.assert_close(after[0], before[0] + 0.5 * both - 2 * high)
    torch.testing.assert_close(after[1], before[1] + 0.5 * both + low)
    assert torch.equal(values(adapted, "head.head.bias")[0], values(plain, "head.head.bias")[0])
    # loaded whole or streamed, the networks hold these numbers
    loaded = load_bundle(models / layout, torch.float32, "cpu", uses)
    assert torch.equal(loaded.experts[0].transformer.get_parameter(f"{LAYER}.weight"), after[0])
    streamed = stream_files(adapted, torch.float32, "cpu", places=2)
    latents, context = torch.randn(1, 16, 2, 4, 4), torch.randn(1, 7, 32)
    for one, other in zip(loaded.experts, streamed.experts, strict=True):
        results = [each.transformer(latents, torch.tensor([900.0]), context) for each in (one, other)]
        assert torch.equal(*results)


def test_what_decides_is_among_the_digests(models):
    plain = open_model(models / "official")
    write_lora(models / "a.safetensors")
    write_lora(models / "b.safetensors", seed=1)

    def digests(*uses):
        return dict(with_loras(plain, [LoraUse(models / name, *rest) for name, *rest in uses]).sha256)

    one = digests(("a.safetensors", 0.5))
    assert digests(("a.safetensors", 0.5)) == one
    assert one.items() > plain.sha256.items()
    (models / "moved").mkdir()
    (models / "moved" / "x.safetensors").write_bytes((models / "a.safetensors").read_bytes())
    assert digests(("moved/x.safetensors", 0.5)) == one
    others = [
        digests(("a.safetensors", 0.25)), digests(("b.safetensors", 0.5)), dict(plain.sha256),
        digests(("a.safetensors", 0.5, Noise.HIGH)), digests(("a.safetensors", 0.5, Noise.LOW)),
        digests(("a.safetensors", 0.5), ("b.safetensors", 0.5)),
        digests(("b.safetensors", 0.5), ("a.safetensors", 0.5)),
    ]  # fmt: skip
    assert all(mine != theirs for index, mine in enumerate([one, *others]) for theirs in others[index:])


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("style_high_noise.safetensors", [True, False]),
        ("Style-LOW.safetensors", [False, True]),
        ("highlands.safetensors", [True, True]),
    ],
)
def test_a_file_named_after_an_expert_goes_there_and_that_is_said(models, name, changed):
    plain = open_model(models / "official")
    write_lora(models / "loras" / name)
    adapted = with_loras(plain, [LoraUse(models / "loras" / name)])
    different = [not torch.equal(*pair) for pair in zip(values(plain), values(adapted), strict=True)]
    assert different == changed
    side = "high" if changed[0] else "low"
    said = () if all(changed) else (f"{name} goes to the {side}-noise expert alone, as its name says",)
    assert adapted.notes == said
    # given for an expert, its name says nothing
    chosen = with_loras(plain, [LoraUse(models / "loras" / name, noise=Noise.LOW)])
    assert chosen.notes == ()
    assert torch.equal(values(chosen)[0], values(plain)[0])


def test_what_an_older_lora_brings_too_much_is_named_once_for_all_blocks(models):
    write_lora(models / "a.safetensors")
    state = {f"diffusion_model.{LAYER}.diff_b": torch.ones(96)}
    for block in (0, 1):
        for part in ("k_img", "v_img"):
            state[f"diffusion_model.blocks.{block}.cross_attn.{part}.lora_A.weight"] = torch.ones(4, 128)
    save_file(state, models / "i2v.safetensors")
    adapted = with_loras(open_model(models / "official"), [LoraUse(models / "i2v.safetensors")])
    assert adapted.notes == (
        "i2v.safetensors: 4 tensors of Wan2.1's picture branch are skipped, this model has none: "
        "diffusion_model.blocks.N.cross_attn.k_img, diffusion_model.blocks.N.cross_attn.v_img",
    )
    assert torch.equal(
        values(adapted, f"{LAYER}.bias")[0], values(open_model(models / "official"), f"{LAYER}.bias")[0] + 1
    )


def test_a_lora_for_another_model_is_refused_before_a_weight_is_read(models):
    write_lora(models / "a.safetensors", inside=64)
    with pytest.raises(
        WeightsError, match=r"a.safetensors changes 'blocks.1.ffn.0.weight' in shape \(96, 64\)"
    ):
        open_model(models / "official", [LoraUse(models / "a.safetensors")])


def test_one_expert_of_a_single_model_is_refused(models):
    write_lora(models / "a.safetensors")
    files = open_model(models / "official")
    single = replace(files, experts=files.experts[1:])
    with pytest.raises(UsageError, match=r"the high-noise expert, but wan2.2-t2v-a14b is a single model"):
        with_loras(single, [LoraUse(models / "a.safetensors", noise=Noise.HIGH)])
    write_lora(models / "x_high.safetensors")
    assert with_loras(single, [LoraUse(models / "x_high.safetensors")]).notes == ()


def test_experts_that_share_their_weights_share_the_adapted_ones(tmp_path):
    bundle = tiny_bundle()
    shared = tuple(replace(each, transformer=bundle.experts[0].transformer) for each in bundle.experts)
    save_bundle(replace(bundle, experts=shared), tmp_path / "model")
    write_lora(tmp_path / "a.safetensors", inside=24, outside=32)
    for uses, are_shared in (((None,), True), ((Noise.HIGH,), False), ((None, None), True)):
        loras = [LoraUse(tmp_path / "a.safetensors", noise=noise) for noise in uses]
        high, low = load_bundle(tmp_path / "model", torch.float32, "cpu", loras).experts
        assert (high.transformer is low.transformer) == are_shared


@pytest.mark.parametrize("form", ["float8", "gguf"])
def test_quantised_weights_are_adapted_as_the_numbers_they_mean(parts, form, tmp_path):
    state = {name: value.clone() for name, value in parts.high.state_dict().items()}
    if form == "gguf":
        kind = pytest.importorskip("gguf").GGMLQuantizationType.Q8_0
        meant = write_gguf(tmp_path / "m.gguf", state, kind, lambda name, _: name == f"{LAYER}.weight")
    else:
        stored, meant, _ = float8(state, "old")
        stored["scaled_fp8"] = torch.zeros(0, dtype=torch.float8_e4m3fn)
        save_file(stored, tmp_path / "m.float8.safetensors")
    delta = write_lora(tmp_path / "a.safetensors")
    [path] = tmp_path.glob("m.*")
    base = transformer_source(open_file(path))
    adapted = Adapted(base, fit_lora(open_file(tmp_path / "a.safetensors"), base.specs()), 0.5)
    assert not torch.equal(meant[f"{LAYER}.weight"], state[f"{LAYER}.weight"])
    torch.testing.assert_close(adapted.read(f"{LAYER}.weight"), meant[f"{LAYER}.weight"] + 0.5 * delta)
