"""One tiny random Wan model written as the world publishes it, opened to the same numbers."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.models.references import randomise
from tests.tiny_model import tiny_tokenizer

from rushes.core.errors import WeightsError
from rushes.core.model_facts import FirstFrame
from rushes.models.bundle import load_bundle, load_files, open_model, stream_files
from rushes.models.layouts import DIFFUSERS_TRANSFORMER, TRANSFORMERS_UMT5
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.vae_layouts import wan_vae21_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config

TEXT = TextEncoderConfig(vocab_size=340, hidden_size=32, depth=2, num_heads=2, head_dim=16, ffn_size=64)


def transformer(seed, in_channels=16):
    module = WanTransformer(
        TransformerConfig(
            hidden_size=128, depth=2, num_heads=2, ffn_size=96, in_channels=in_channels, out_channels=16,
            text_dim=32, text_len=512,
        )
    )  # fmt: skip
    randomise(module, seed)
    return module.eval().requires_grad_(False)


class Parts:
    """High- and low-noise expert, text encoder, codec, tokenizer."""

    def __init__(self):
        self.high, self.low = transformer(1), transformer(2)
        self.text, self.codec = UMT5Encoder(TEXT), WanVAE21(WanVAE21Config(width=4))
        randomise(self.text, 3)
        randomise(self.codec, 4)
        self.tokenizer = tiny_tokenizer().model_bytes


@pytest.fixture(scope="module")
def parts():
    return Parts()


def plain(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def write_official(folder, parts):
    for name, expert in (("high_noise_model", parts.high), ("low_noise_model", parts.low)):
        (folder / name).mkdir()
        save_file(plain(expert), folder / name / "diffusion_pytorch_model.safetensors")
        (folder / name / "config.json").write_text(json.dumps({"dim": 128, "num_heads": 2}))
    torch.save(plain(parts.text), folder / "models_t5_umt5-xxl-enc-bf16.pth")
    torch.save(plain(parts.codec), folder / "Wan2.1_VAE.pth")
    (folder / "google" / "umt5-xxl").mkdir(parents=True)
    (folder / "google" / "umt5-xxl" / "spiece.model").write_bytes(parts.tokenizer)


def write_diffusers(folder, parts):
    (folder / "model_index.json").write_text(json.dumps({"boundary_ratio": 0.875}))
    for name, expert in (("transformer", parts.high), ("transformer_2", parts.low)):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps({"num_attention_heads": 2}))
        save_file(DIFFUSERS_TRANSFORMER.from_ours(plain(expert)), folder / name / "model.safetensors")
    (folder / "text_encoder").mkdir()
    theirs = {name: value.clone() for name, value in TRANSFORMERS_UMT5.from_ours(plain(parts.text)).items()}
    save_file(theirs, folder / "text_encoder" / "model.safetensors")
    (folder / "vae").mkdir()
    save_file(wan_vae21_layout(4, 2).from_ours(plain(parts.codec)), folder / "vae" / "model.safetensors")
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "spiece.model").write_bytes(parts.tokenizer)


def write_comfy(folder, parts, high="x_high_noise_14B_fp16", low="x_low_noise_14B_fp16"):
    """``high`` and ``low`` are paths below the folder of transformers, without their ending."""
    for name, expert in ((high, parts.high), (low, parts.low)):
        path = folder / "diffusion_models" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(plain(expert), path)
    (folder / "text_encoders").mkdir()
    pieces = torch.tensor(list(parts.tokenizer), dtype=torch.uint8)
    theirs = {name: value.clone() for name, value in TRANSFORMERS_UMT5.from_ours(plain(parts.text)).items()}
    save_file({**theirs, "spiece_model": pieces}, folder / "text_encoders" / "umt5.safetensors")
    (folder / "vae").mkdir()
    save_file(plain(parts.codec), folder / "vae" / "wan_2.1_vae.safetensors")
    return (
        folder / "diffusion_models" / f"{high}.safetensors",
        folder / "diffusion_models" / f"{low}.safetensors",
    )


WRITERS = {"official": write_official, "diffusers": write_diffusers, "comfy": write_comfy}


@pytest.mark.parametrize("layout", ["official", "diffusers"])
def test_every_part_has_the_same_numbers(layout, parts, tmp_path):
    WRITERS[layout](tmp_path, parts)
    bundle = load_bundle(tmp_path, torch.float32, "cpu")
    assert bundle.name == "wan2.2-t2v-a14b"
    assert [expert.from_sigma for expert in bundle.experts] == [0.875, 0.0]
    latents, context = torch.randn(1, 16, 2, 4, 4), torch.randn(1, 7, 32)
    for expert, original in zip(bundle.experts, (parts.high, parts.low), strict=True):
        expected = original(latents, torch.tensor([900.0]), context)
        assert torch.equal(expert.transformer(latents, torch.tensor([900.0]), context), expected)
    ids, mask = bundle.tokenizer.encode(["a red fox"], 12)
    assert torch.equal(bundle.text_encoder(ids, mask), parts.text.requires_grad_(False)(ids, mask))
    assert torch.equal(bundle.codec.decode(latents), parts.codec.requires_grad_(False).decode(latents))


def test_loose_files_have_the_tensors_of_the_official_folder(parts, tmp_path):
    """Without a config the heads are of 128 channels, so only what the files hold is compared."""
    write_official(tmp_path / "o" if (tmp_path / "o").mkdir() is None else tmp_path, parts)
    write_comfy(tmp_path / "c", parts)
    official, comfy = open_model(tmp_path / "o"), open_model(tmp_path / "c")
    assert official.sha256 == comfy.sha256
    assert official.tokenizer == comfy.tokenizer
    assert comfy.transformer.num_heads == 1
    for ours, theirs in zip(official.experts, comfy.experts, strict=True):
        assert all(
            torch.equal(ours.source.read(name), theirs.source.read(name)) for name in ours.source.specs()
        )


def test_experts_are_not_swapped_in_the_recipe(parts, tmp_path):
    write_official(tmp_path, parts)
    before = open_model(tmp_path).sha256
    (tmp_path / "high_noise_model").rename(tmp_path / "x")
    (tmp_path / "low_noise_model").rename(tmp_path / "high_noise_model")
    (tmp_path / "x").rename(tmp_path / "low_noise_model")
    after = open_model(tmp_path).sha256
    assert (after["expert_1"], after["expert_2"]) == (before["expert_2"], before["expert_1"])


@pytest.mark.parametrize(
    ("layout", "lost"),
    [("official", "low_noise_model"), ("diffusers", "transformer_2"), ("official", "high_noise_model")],
)
def test_a_lone_expert_is_refused(layout, lost, parts, tmp_path):
    WRITERS[layout](tmp_path, parts)
    shutil.rmtree(tmp_path / lost)
    with pytest.raises(WeightsError, match=rf"{lost} is missing: the model needs both experts"):
        open_model(tmp_path)


@pytest.mark.parametrize("given", ["folder", "file"])
@pytest.mark.parametrize("lost", ["high", "low"])
def test_a_lone_loose_expert_is_refused(given, lost, parts, tmp_path):
    high, low = write_comfy(tmp_path, parts)
    gone, left = (high, low) if lost == "high" else (low, high)
    gone.unlink()
    with pytest.raises(WeightsError, match=rf"{gone.name} is missing: {left.name} is one of two experts"):
        open_model(tmp_path if given == "folder" else left)


NAMES = [
    ("wan2.2_t2v_high_noise_14B_fp16", "wan2.2_t2v_low_noise_14B_fp16"),
    ("Wan2_2-T2V-A14B-HIGH_fp8_e4m3fn_scaled_KJ", "Wan2_2-T2V-A14B-LOW_fp8_e4m3fn_scaled_KJ"),
    ("HighNoise/Wan2.2-T2V-A14B-HighNoise-Q4_K_M", "LowNoise/Wan2.2-T2V-A14B-LowNoise-Q4_K_M"),
    ("high_noise_model/m", "low_noise_model/m"),
    ("highres_high", "highres_low"),
]


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("given", ["folder", "high", "low"])
def test_experts_are_paired_by_their_names(names, given, parts, tmp_path):
    high, low = write_comfy(tmp_path, parts, *names)
    files = open_model({"folder": tmp_path, "high": high, "low": low}[given])
    assert [expert.source.label for expert in files.experts] == [str(high), str(low)]
    assert [expert.from_sigma for expert in files.experts] == [0.875, 0.0]


def test_one_of_many_loose_models_is_told_by_its_file(parts, tmp_path):
    high, _ = write_comfy(tmp_path, parts)
    save_file(plain(parts.high), high.with_name("another.safetensors"))
    with pytest.raises(
        WeightsError, match=r"several models or none \(diffusion_models/another.safetensors, "
    ):
        open_model(tmp_path)
    assert open_model(high).name == "wan2.2-t2v-a14b"
    # a whole model is one file, and nothing in it says that it is no lone expert
    assert len(open_model(high.with_name("another.safetensors")).experts) == 1


def test_loose_parts_are_chosen_by_what_they_hold(parts, tmp_path):
    """Neither another model's encoder nor autoencoder; of two that fit, the one with more digits."""
    high, _ = write_comfy(tmp_path, parts)
    other = UMT5Encoder(replace(TEXT, hidden_size=48))
    randomise(other, 1)
    half = {name: value.bfloat16() for name, value in plain(parts.text).items()}
    save_file(plain(other), tmp_path / "text_encoders" / "a_wide.safetensors")
    save_file(half, tmp_path / "text_encoders" / "a_half.safetensors")
    (tmp_path / "vae" / "a_note.safetensors").write_bytes(b"cut off")
    files = open_model(high)
    assert files.text_encoder.source.label.endswith("umt5.safetensors")
    assert files.codec.source.label.endswith("wan_2.1_vae.safetensors")
    (tmp_path / "vae" / "wan_2.1_vae.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"lacks a fitting Wan VAE \(looked at vae/a_note.safetensors\)"):
        open_model(high)


def test_all_parts_may_lie_in_one_folder_with_the_tokenizer_beside(parts, tmp_path):
    """As they come from Kijai's repository: official names for the text encoder, no tokenizer inside."""
    names = ("Wan2_2-HIGH", "Wan2_2-LOW", "umt5-xxl-enc-bf16", "Wan2_1_VAE_bf16")
    for name, part in zip(names, (parts.high, parts.low, parts.text, parts.codec), strict=True):
        save_file(plain(part), tmp_path / f"{name}.safetensors")
    high = tmp_path / "Wan2_2-HIGH.safetensors"
    with pytest.raises(WeightsError, match=r"tokenizer .*spiece.model is missing: fetch spiece.model"):
        open_model(high)
    (tmp_path / "spiece.model").write_bytes(parts.tokenizer)
    assert open_model(high).tokenizer == parts.tokenizer


def lacking(state):
    del state["head.head.bias"]


def in_integers(state):
    state["blocks.1.ffn.0.weight"] = state["blocks.1.ffn.0.weight"].int()


@pytest.mark.parametrize("load", [load_files, partial(stream_files, places=2)], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lacking, r"lacks tensor 'head\.head\.bias'"),
        (in_integers, r"'blocks\.1\.ffn\.0\.weight' as torch\.int32, not torch\.float32"),
    ],
)
def test_the_last_file_is_checked_before_the_first_is_read(damage, message, load, parts, tmp_path):
    """At full size the low-noise expert comes after 40 GB."""
    _, low = write_comfy(tmp_path, parts)
    state = plain(parts.low)
    damage(state)
    save_file(state, low)
    files = open_model(tmp_path)
    for source in (files.text_encoder.source, files.experts[0].source, files.codec.source):
        Path(source.label).unlink()  # reading any of them would say that it is missing
    with pytest.raises(WeightsError, match=message):
        load(files, torch.float32, "cpu")


@pytest.mark.parametrize("name", ["high_noise_model", "transformer_2"])
def test_a_part_of_a_folder_is_not_the_model(name, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises(WeightsError, match=r"is one part of a model: give the folder above it"):
        open_model(tmp_path / name)


def test_a_pipeline_may_change_experts_elsewhere(parts, tmp_path):
    write_diffusers(tmp_path, parts)
    (tmp_path / "model_index.json").write_text(json.dumps({"boundary_ratio": 0.8}))
    assert [expert.from_sigma for expert in open_model(tmp_path).experts] == [0.8, 0.0]


def test_an_index_without_a_boundary_does_not_leave_an_expert_out(parts, tmp_path):
    """A lone expert renders silently wrong; the experts then change where the published model's do."""
    write_diffusers(tmp_path, parts)
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "WanPipeline"}))
    files = open_model(tmp_path)
    assert [expert.from_sigma for expert in files.experts] == [0.875, 0.0]
    assert files.name == "wan2.2-t2v-a14b"


def test_experts_of_different_models_are_refused(parts, tmp_path):
    write_official(tmp_path, parts)
    other = plain(transformer(5, in_channels=36))
    save_file(other, tmp_path / "low_noise_model" / "diffusion_pytorch_model.safetensors")
    with pytest.raises(WeightsError, match="have different sizes: they belong to different models"):
        open_model(tmp_path)


def test_a_single_model_and_one_that_starts_from_a_picture(parts, tmp_path):
    write_official(tmp_path, parts)
    for name in ("high_noise_model", "low_noise_model"):
        save_file(
            plain(transformer(5, in_channels=36)), tmp_path / name / "diffusion_pytorch_model.safetensors"
        )
    pair = open_model(tmp_path)
    assert (pair.name, pair.conventions.first_frame) == ("wan2.2-i2v-a14b", FirstFrame.CHANNELS)
    for name in ("high_noise_model", "low_noise_model"):
        shutil.rmtree(tmp_path / name)
    save_file(plain(parts.high), tmp_path / "diffusion_pytorch_model.safetensors")
    single = open_model(tmp_path)
    assert single.name == "wan2.1-t2v-1.3b"  # nearest in width of those with one expert
    assert len(single.experts) == 1


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("Wan2.1_VAE.pth", "should hold one codec .* found none"),
        ("models_t5_umt5-xxl-enc-bf16.pth", "should hold one text encoder .* found none"),
        ("google/umt5-xxl/spiece.model", "spiece.model is missing: fetch spiece.model of google/umt5-xxl"),
    ],
)
def test_a_missing_part_is_named(lost, message, parts, tmp_path):
    write_official(tmp_path, parts)
    (tmp_path / lost).unlink()
    with pytest.raises(WeightsError, match=message):
        open_model(tmp_path)


def test_a_folder_of_nothing_says_what_it_should_hold(tmp_path):
    with pytest.raises(WeightsError, match=r"model\.json is missing, nor is it an official"):
        open_model(tmp_path)
