"""Every layout of the wild, written from one random model and read back equal."""

import json

import pytest
import torch
from safetensors.torch import save_file
from tests.models.references import randomise

from rushes.core.errors import WeightsError
from rushes.models.layouts import DIFFUSERS_TRANSFORMER, GGUF_UMT5, TRANSFORMERS_UMT5
from rushes.models.naming import (
    codec_source,
    embedded_tokenizer,
    open_file,
    text_encoder_source,
    transformer_source,
)
from rushes.models.tensor_source import fill
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.vae_layouts import wan_vae21_layout, wan_vae22_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config

CPU = torch.device("cpu")
CONFIG = TransformerConfig(
    hidden_size=128,
    depth=2,
    num_heads=1,
    ffn_size=160,
    in_channels=4,
    out_channels=4,
    text_dim=24,
    text_len=8,
)
TEXT = TextEncoderConfig(vocab_size=40, hidden_size=32, depth=2, num_heads=2, head_dim=16, ffn_size=64)


def random_state(module):
    randomise(module, seed=3)
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


@pytest.fixture(scope="module")
def state():
    return random_state(WanTransformer(CONFIG))


def read_back(path):
    with torch.device("meta"):
        loaded = WanTransformer(CONFIG)
    fill(loaded, transformer_source(open_file(path)), torch.float32, CPU)
    return loaded.state_dict()


def assert_same(loaded, state):
    assert loaded.keys() == state.keys()
    for name, value in state.items():
        assert torch.equal(loaded[name], value), name


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model.", "diffusion_model.", "model."])
def test_single_files_with_their_prefixes(state, prefix, tmp_path):
    others = {"text_encoders.x": torch.ones(1)} if prefix else {}
    save_file(
        {**{prefix + name: value for name, value in state.items()}, **others}, tmp_path / "m.safetensors"
    )
    assert_same(read_back(tmp_path / "m.safetensors"), state)


def test_a_folder_of_diffusers_shards(state, tmp_path):
    theirs = DIFFUSERS_TRANSFORMER.from_ours(state)
    names = sorted(theirs)
    places = {name: f"d-{position % 2}.safetensors" for position, name in enumerate(names)}
    for file in ("d-0.safetensors", "d-1.safetensors"):
        save_file({name: theirs[name] for name in names if places[name] == file}, tmp_path / file)
    (tmp_path / "d.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert_same(read_back(tmp_path), state)


def test_a_pickle_in_official_names(state, tmp_path):
    torch.save(state, tmp_path / "m.pth")
    assert_same(read_back(tmp_path / "m.pth"), state)


def float8(state, form):
    """Linear weights inside the blocks as scaled float8, in the old or the new form, and what they mean."""
    stored, meant, layers = {}, dict(state), {}
    for name, value in state.items():
        stored[name] = value
        if not (name.startswith("blocks.") and value.ndim == 2 and name.endswith(".weight")):
            continue
        layer = name.removesuffix(".weight")
        scale = value.abs().max() / 448
        stored[name] = (value / scale).to(torch.float8_e4m3fn)
        meant[name] = stored[name].float() * scale
        stored[layer + (".scale_weight" if form == "old" else ".weight_scale")] = scale
        stored[layer + (".scale_input" if form == "old" else ".input_scale")] = torch.tensor(1.0)
        layers[layer] = {"format": "float8_e4m3fn"}
    return stored, meant, layers


@pytest.mark.parametrize("form", ["old", "metadata", "tensors"])
def test_scaled_float8(state, form, tmp_path):
    stored, meant, layers = float8(state, form)
    metadata = {}
    if form == "old":
        stored["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    elif form == "metadata":
        metadata["_quantization_metadata"] = json.dumps({"layers": layers})
    else:
        for layer, note in layers.items():
            stored[f"{layer}.comfy_quant"] = torch.tensor(list(json.dumps(note).encode()), dtype=torch.uint8)
    save_file(stored, tmp_path / "m.safetensors", metadata=metadata)
    assert_same(read_back(tmp_path / "m.safetensors"), meant)


@pytest.mark.parametrize("form", ["old", "metadata", "tensors", "scales alone"])
def test_float8_without_its_scale_is_refused(state, form, tmp_path):
    """Trap 10: the weight alone is noise."""
    stored, _, layers = float8(state, "old" if form == "old" else "new")
    metadata = {}
    if form == "old":
        stored["scaled_fp8"] = torch.zeros(0, dtype=torch.float8_e4m3fn)
    elif form == "metadata":
        metadata["_quantization_metadata"] = json.dumps({"layers": layers})
    elif form == "tensors":
        stored |= {
            f"{layer}.comfy_quant": torch.tensor(list(json.dumps(note).encode()), dtype=torch.uint8)
            for layer, note in layers.items()
        }
    del stored[f"blocks.1.ffn.0.{'scale_weight' if form == 'old' else 'weight_scale'}"]
    save_file(stored, tmp_path / "m.safetensors", metadata=metadata)
    with pytest.raises(WeightsError, match=r"lacks the scale of 'blocks\.1\.ffn\.0\.weight'"):
        read_back(tmp_path / "m.safetensors")


def test_a_scale_for_each_row(state, tmp_path):
    """As a column it is one; lying down it would scale the columns of a square weight instead."""
    stored, meant, _ = float8(state, "new")
    name = "blocks.0.self_attn.q"
    rows = torch.arange(1.0, 129.0)[:, None]
    meant[f"{name}.weight"] = stored[f"{name}.weight"].float() * rows
    save_file({**stored, f"{name}.weight_scale": rows}, tmp_path / "m.safetensors")
    assert_same(read_back(tmp_path / "m.safetensors"), meant)
    save_file({**stored, f"{name}.weight_scale": rows[:, 0].clone()}, tmp_path / "m.safetensors")
    with pytest.raises(
        WeightsError, match=r"scales 'blocks\.0.*' in shape \(128,\), neither one nor one a row"
    ):
        read_back(tmp_path / "m.safetensors")


@pytest.mark.parametrize("note", ["{", '{"layers": {"blocks.0.ffn.0": {}}}', '{"layers": [1]}', "[]"])
def test_a_quantisation_that_does_not_say_what_it_is_is_refused(state, note, tmp_path):
    save_file(state, tmp_path / "m.safetensors", metadata={"_quantization_metadata": note})
    with pytest.raises(
        WeightsError, match=r"m\.safetensors does not say how it is quantised: use a bfloat16"
    ):
        read_back(tmp_path / "m.safetensors")


def test_another_quantisation_is_refused(state, tmp_path):
    note = json.dumps({"layers": {"blocks.0.ffn.0": {"format": "nvfp4"}}})
    save_file(state, tmp_path / "m.safetensors", metadata={"_quantization_metadata": note})
    with pytest.raises(
        WeightsError, match=r"stores 'blocks\.0\.ffn\.0' as nvfp4: use a bfloat16, float8 or GGUF"
    ):
        read_back(tmp_path / "m.safetensors")


def write_gguf(path, state, kind, packed):
    import gguf  # noqa: PLC0415  an extra

    writer = gguf.GGUFWriter(path, "wan")
    meant = {}
    for name, value in state.items():
        values = value.numpy()
        meant[name] = value
        if packed(name, value):
            blocks = gguf.quantize(values, kind)
            meant[name] = torch.from_numpy(gguf.dequantize(blocks, kind)).view(value.shape)
            writer.add_tensor(name, blocks, raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return meant


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "BF16"])
def test_gguf_with_its_five_dimensional_patch_embedding(state, kind, tmp_path):
    gguf = pytest.importorskip("gguf")
    meant = write_gguf(
        tmp_path / "m.gguf",
        state,
        gguf.GGMLQuantizationType[kind],
        lambda name, value: value.ndim == 2 and name.endswith(".weight") and value.shape[1] % 32 == 0,
    )
    assert any(not torch.equal(meant[name], state[name]) for name in state)
    assert_same(read_back(tmp_path / "m.gguf"), meant)


def test_text_encoders_in_all_names(tmp_path):
    state = random_state(UMT5Encoder(TEXT))
    tokenizer = b"pieces of sentences"
    theirs = {name: value.clone() for name, value in TRANSFORMERS_UMT5.from_ours(state).items()}
    embedded = {**theirs, "spiece_model": torch.tensor(list(tokenizer), dtype=torch.uint8)}
    del embedded["encoder.embed_tokens.weight"]
    torch.save(state, tmp_path / "official.pth")
    save_file(theirs, tmp_path / "transformers.safetensors")
    save_file(embedded, tmp_path / "comfy.safetensors")
    paths = [tmp_path / name for name in ("official.pth", "transformers.safetensors", "comfy.safetensors")]
    gguf = pytest.importorskip("gguf")
    write_gguf(
        tmp_path / "m.gguf", GGUF_UMT5.from_ours(state), gguf.GGMLQuantizationType.F32, lambda *_: False
    )
    for path in (*paths, tmp_path / "m.gguf"):
        with torch.device("meta"):
            loaded = UMT5Encoder(TEXT)
        fill(loaded, text_encoder_source(open_file(path)), torch.float32, CPU)
        assert_same(loaded.state_dict(), state)
    assert embedded_tokenizer(open_file(paths[2])) == tokenizer
    assert embedded_tokenizer(open_file(paths[1])) is None


@pytest.mark.parametrize("kind", ["2.1", "2.2"])
def test_codecs_in_both_names(kind, tmp_path):
    statistics = {"mean": (0.0, 0.1), "std": (1.0, 2.0)}

    def build():
        if kind == "2.1":
            return WanVAE21(WanVAE21Config(width=4, **statistics))
        return WanVAE22(WanVAE22Config(encoder_width=4, decoder_width=4, **statistics))

    layout = wan_vae21_layout(4, 2) if kind == "2.1" else wan_vae22_layout(4, 2)
    state = random_state(build())
    torch.save({"model_state": state}, tmp_path / "official.pth")
    save_file(layout.from_ours(state), tmp_path / "diffusers.safetensors")
    for name in ("official.pth", "diffusers.safetensors"):
        with torch.device("meta"):
            loaded = build()
        fill(loaded, codec_source(open_file(tmp_path / name)), torch.float32, CPU)
        assert_same(loaded.state_dict(), state)


def test_swapped_norms_are_seen(state, tmp_path):
    """The trap: the affine norm is number 3 officially and number 2 in diffusers."""
    theirs = DIFFUSERS_TRANSFORMER.from_ours(state)
    for leaf in ("weight", "bias"):
        theirs[f"blocks.0.norm3.{leaf}"] = theirs.pop(f"blocks.0.norm2.{leaf}")
    save_file(theirs, tmp_path / "m.safetensors")
    with pytest.raises(
        WeightsError, match=r"'blocks\.0\.norm3.*' has no place in the diffusers Wan transformer"
    ):
        read_back(tmp_path / "m.safetensors")


@pytest.mark.parametrize("read", [transformer_source, text_encoder_source, codec_source])
def test_a_file_of_something_else_is_refused(read, tmp_path):
    save_file({"x": torch.ones(1)}, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match=r"m\.safetensors is no "):
        read(open_file(tmp_path / "m.safetensors"))


def test_a_path_without_weights_says_what_to_give(tmp_path):
    with pytest.raises(WeightsError, match=r"holds no weights: give the folder"):
        open_file(tmp_path)
    (tmp_path / "m.txt").write_text("x")
    with pytest.raises(WeightsError, match=r"is no weight file: give a \.safetensors"):
        open_file(tmp_path / "m.txt")
    for name in ("a", "b"):
        save_file({"x": torch.ones(1)}, tmp_path / f"{name}.safetensors")
    with pytest.raises(WeightsError, match=r"holds a\.safetensors, b\.safetensors: name the one file"):
        open_file(tmp_path)
