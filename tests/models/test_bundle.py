"""A tiny model saved and loaded: equal numbers, shared experts, one clear sentence for every broken file."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import sentencepiece
import torch
from safetensors.torch import load_file, save_file
from tests.models.references import randomise
from torch import nn

from rushes.core.errors import WeightsError
from rushes.core.request import Sampling
from rushes.models.bundle import Bundle, Expert, ModelDefaults, load_bundle, save_bundle
from rushes.models.codec import VideoCodec
from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.tokenizer import Tokenizer
from rushes.models.transformer import TransformerConfig, WanTransformer
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config
from rushes.models.weights_file import sha256_of

TRANSFORMER = TransformerConfig(
    hidden_size=24, depth=2, num_heads=2, ffn_size=32,
    in_channels=4, out_channels=4, text_dim=16, text_len=8,
)  # fmt: skip
DEFAULTS = ModelDefaults(
    width=256,
    height=160,
    crop=(8, 0, 144, 256),
    frame_rate=Fraction(12),
    frame_limits=(13, 121),
    seconds=Fraction(5),
    sampling=Sampling(steps=20, guidance_high=4.0, guidance_low=3.0, shift=5.0),
)


def build_tokenizer() -> Tokenizer:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a fox", "a dog"] * 10),
        model_writer=model,
        vocab_size=270,
        byte_fallback=True,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return Tokenizer(model.getvalue())


def build_bundle(*, shared: bool) -> Bundle:
    torch.manual_seed(0)
    text_encoder = UMT5Encoder(TextEncoderConfig(300, 16, 1, 2, 8, 24))
    codec = MiniCodec(MiniCodecConfig(4, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)))
    codec.latent_mean.fill_(0.123456789)
    high, low = WanTransformer(TRANSFORMER), WanTransformer(TRANSFORMER)
    for seed, module in enumerate((text_encoder, codec, high, low)):
        randomise(module, seed)
        # what bfloat16 can hold, so that the files lose nothing
        for parameter in module.parameters():
            parameter.data = parameter.data.bfloat16().float()
    experts = (Expert(high, 0.875), Expert(high if shared else low, 0.0))
    return Bundle("tiny", "Apache-2.0", build_tokenizer(), text_encoder, experts, codec, DEFAULTS)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return build_bundle(shared=False)


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    save_bundle(bundle, tmp_path / "tiny")
    return tmp_path / "tiny"


def load(folder: Path) -> Bundle:
    return load_bundle(folder, torch.float32, "cpu")


def test_what_is_loaded_equals_what_was_saved(bundle: Bundle, folder: Path) -> None:
    loaded = load(folder)
    assert (loaded.name, loaded.licence, loaded.defaults) == ("tiny", "Apache-2.0", DEFAULTS)
    assert loaded.tokenizer.model_bytes == bundle.tokenizer.model_bytes
    pairs = [
        (loaded.text_encoder, bundle.text_encoder),
        (loaded.codec, bundle.codec),
        *((a.transformer, b.transformer) for a, b in zip(loaded.experts, bundle.experts, strict=True)),
    ]
    for ours, theirs in pairs:
        assert ours.config == theirs.config
        assert not ours.training
        assert not any(parameter.requires_grad for parameter in ours.parameters())
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value), name
    assert [expert.from_sigma for expert in loaded.experts] == [0.875, 0.0]
    assert loaded.dtype == torch.float32
    assert isinstance(loaded.codec, VideoCodec)


def test_the_record_names_every_file_and_its_digest(folder: Path) -> None:
    digests = json.loads((folder / "model.json").read_text())["sha256"]
    assert digests.keys() == {path.name for path in folder.iterdir()} - {"model.json"}
    assert all(sha256_of(folder / name) == digest for name, digest in digests.items())
    assert load(folder).sha256 == digests


def test_parameters_are_bfloat16_on_disk_and_buffers_exact(folder: Path) -> None:
    state = load_file(folder / "codec.safetensors")
    assert state["latent_mean"].dtype == torch.float32
    assert {value.dtype for name, value in state.items() if not name.startswith("latent_")} == {
        torch.bfloat16
    }


def test_two_experts_in_one_file_are_one_module(tmp_path: Path) -> None:
    save_bundle(build_bundle(shared=True), tmp_path)
    assert (tmp_path / "transformer.safetensors").exists()
    assert not (tmp_path / "transformer_high.safetensors").exists()
    high, low = load(tmp_path).experts
    assert high.transformer is low.transformer


def test_a_model_leaves_no_transformer_of_the_one_before_it(tmp_path: Path) -> None:
    for shared, kept in ((True, 1), (False, 2), (True, 1)):
        save_bundle(build_bundle(shared=shared), tmp_path)
        assert len(list(tmp_path.glob("transformer*"))) == kept
        load(tmp_path)


def test_two_experts_in_two_files_differ(folder: Path) -> None:
    high, low = load(folder).experts
    assert not torch.equal(high.transformer.head.head.weight, low.transformer.head.head.weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_films_in_the_asked_dtype(dtype: torch.dtype, folder: Path) -> None:
    loaded = load_bundle(folder, dtype, "cpu")
    assert loaded.dtype == dtype
    with torch.inference_mode():
        context = loaded.text_encoder(*loaded.tokenizer.encode(["a fox"], 8))
        velocity = loaded.experts[0].transformer(torch.randn(1, 4, 2, 2, 4), torch.tensor([900.0]), context)
    assert velocity.shape == (1, 4, 2, 2, 4)
    assert velocity.dtype == torch.float32
    assert velocity.isfinite().all()


def test_saving_twice_replaces_and_leaves_nothing_half_made(bundle: Bundle, folder: Path) -> None:
    save_bundle(bundle, folder)
    load(folder)
    assert not list(folder.glob("*.partial"))


# --- broken files

EXPERT = "transformer_high.safetensors"


def tamper(folder: Path, name: str, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change a file's tensors and record its new digest, so that only the content is wrong."""
    state = load_file(folder / name)
    change(state)
    save_file(state, folder / name)
    edit(folder, lambda record: record["sha256"].update({name: sha256_of(folder / name)}))


def edit(folder: Path, change: Callable[[dict], object]) -> None:
    record = json.loads((folder / "model.json").read_text())
    change(record)
    (folder / "model.json").write_text(json.dumps(record))


BROKEN_TENSORS = [
    (lambda state: state.pop("head.modulation"), r"lacks tensor 'head\.modulation'"),
    (lambda state: state.update(extra=torch.ones(1)), "has tensor 'extra', which this model does not know"),
    (
        lambda state: state.update({"head.modulation": torch.ones(1, 2, 25)}),
        r"'head\.modulation' in shape \(1, 2, 25\) instead of \(1, 2, 24\)",
    ),
    (lambda state: state["head.modulation"].fill_(torch.nan), r"'head\.modulation' that are no finite"),
    (
        lambda state: state.update({"head.modulation": torch.ones(1, 2, 24, dtype=torch.int8)}),
        r"'head\.modulation' as torch\.int8, not torch\.float32",
    ),
]


@pytest.mark.parametrize(("change", "message"), BROKEN_TENSORS)
def test_a_wrong_tensor_is_named(change: Callable[[dict], object], message: str, folder: Path) -> None:
    tamper(folder, EXPERT, change)
    with pytest.raises(WeightsError, match=rf"{EXPERT} .*{message}.*: install or fetch the model again"):
        load(folder)


@pytest.mark.parametrize(
    "name", [EXPERT, "codec.safetensors", "text_encoder.safetensors", "tokenizer.model", "model.json"]
)
@pytest.mark.parametrize("damage", ["missing", "cut off", "empty", "changed"])
def test_a_damaged_file_is_named(name: str, damage: str, folder: Path) -> None:
    path = folder / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.write_bytes(b"" if damage == "empty" else content[: len(content) // 2])
    if (name, damage) == ("model.json", "changed"):
        path.write_bytes(content.replace(b'"depth": 2', b'"depth": 3'))
        name = EXPERT  # the record is now another model's, which its files do not fit
    with pytest.raises(WeightsError, match=rf"{name} .*again"):
        load(folder)


BROKEN_RECORDS = [
    (lambda record: record.update(colour="red"), "model.colour is unknown"),
    (lambda record: record["transformer"].update(dim=3), "model.transformer.dim is unknown"),
    (lambda record: record.pop("licence"), "model.licence is missing"),
    (lambda record: record["defaults"].update(frame_rate="1/0"), "model.defaults.frame_rate is '1/0'"),
    (lambda record: record["defaults"].update(frame_rate=12), "model.defaults.frame_rate is 12"),
    (lambda record: record["defaults"].update(crop=[0, 0, 1]), "model.defaults.crop is"),
    (lambda record: record["defaults"]["sampling"].update(steps=0), "steps 0 is out of range"),
    (lambda record: record["transformer"].update(num_heads=5), "hidden_size 24 over 5 heads"),
    (lambda record: record["experts"][0].update(file="../x.safetensors"), "not a plain file name"),
    (lambda record: record.update(sha256=[]), "model.sha256 is"),
    (lambda record: record["text_encoder"].update(depth=True), "model.text_encoder.depth is True"),
    (lambda record: record.update(format=2), "has format 2"),
    (lambda record: record["sha256"].pop(EXPERT), f"no SHA-256 for {EXPERT}"),
    (lambda record: record["experts"][1].update(from_sigma=0.9), "experts must start at decreasing sigmas"),
    (lambda record: record.update(experts=[]), "experts must start at decreasing sigmas"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN_RECORDS)
def test_a_wrong_record_is_named(change: Callable[[dict], object], message: str, folder: Path) -> None:
    edit(folder, change)
    with pytest.raises(WeightsError, match=message):
        load(folder)


def test_parts_that_do_not_fit_are_refused(bundle: Bundle) -> None:
    other = UMT5Encoder(TextEncoderConfig(300, 32, 1, 2, 8, 24))
    with pytest.raises(ValueError, match="reads text of width 16, the encoder gives 32"):
        Bundle("x", "x", bundle.tokenizer, other, bundle.experts, bundle.codec, DEFAULTS)
    small = UMT5Encoder(TextEncoderConfig(20, 16, 1, 2, 8, 24))
    with pytest.raises(ValueError, match="the text encoder 20"):
        Bundle("x", "x", bundle.tokenizer, small, bundle.experts, bundle.codec, DEFAULTS)
    wide = MiniCodec(MiniCodecConfig(8, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)))
    with pytest.raises(ValueError, match="makes 4 channels, the codec 8"):
        Bundle("x", "x", bundle.tokenizer, bundle.text_encoder, bundle.experts, wide, DEFAULTS)


def test_a_third_expert_cannot_be_saved(bundle: Bundle, tmp_path: Path) -> None:
    high, low = bundle.experts
    three = (high, Expert(low.transformer, 0.5), Expert(WanTransformer(TRANSFORMER), 0.0))
    more = Bundle("x", "x", bundle.tokenizer, bundle.text_encoder, three, bundle.codec, DEFAULTS)
    with pytest.raises(ValueError, match="3 different experts"):
        save_bundle(more, tmp_path)


@pytest.mark.parametrize(
    "codec",
    [
        WanVAE21(WanVAE21Config(width=4, mean=(0.0,) * 4, std=(1.0,) * 4)),
        WanVAE22(WanVAE22Config(encoder_width=4, decoder_width=4, mean=(0.0,) * 4, std=(1.0,) * 4)),
    ],
    ids=["2.1", "2.2"],
)
def test_a_model_may_hold_any_codec(codec: nn.Module, tmp_path: Path) -> None:
    randomise(codec, seed=1)
    bundle = replace(build_bundle(shared=False), codec=codec)
    save_bundle(bundle, tmp_path)
    loaded = load_bundle(tmp_path, torch.bfloat16, "cpu")
    assert loaded.codec.config == codec.config
    assert loaded.codec.dtype == torch.float32  # as published, whatever the transformer computes in
    latents = torch.randn(1, 4, 2, 2, 2)
    codec.to(torch.bfloat16).float().requires_grad_(False)  # what the file keeps
    assert torch.equal(loaded.codec.decode(latents), codec.decode(latents))


def test_an_unknown_kind_of_codec_is_refused(folder: Path) -> None:
    edit(folder, lambda record: record["codec"].update(kind="wan9"))
    with pytest.raises(WeightsError, match=r"model\.codec\.kind is 'wan9'"):
        load(folder)
