"""Which layout a file of Wan weights has, told by its names, and the same file under our names."""

from pathlib import Path

from rushes.core.errors import WeightsError
from rushes.models.fp8 import Descaled
from rushes.models.gguf_file import GgufFile
from rushes.models.layouts import DIFFUSERS_TRANSFORMER, GGUF_UMT5, TRANSFORMERS_UMT5, Layout
from rushes.models.tensor_source import (
    Renamed,
    SafetensorsFile,
    ShardedFiles,
    TensorSource,
    pickled_file,
)
from rushes.models.vae_layouts import wan_vae21_layout, wan_vae22_layout

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "model.")
PICKLES = (".pth", ".pt", ".bin")
WEIGHT_SUFFIXES = (".safetensors", ".gguf", *PICKLES)
INDEX_SUFFIX = ".safetensors.index.json"
TOKENIZER_TENSOR = "spiece_model"
LEVELS, BLOCKS = 4, 2


def open_file(path: Path) -> TensorSource:
    """A file, or the folder of one model part, as it is named; scaled float8 comes out as numbers.

    A folder has one index of shards or one safetensors file. Raises WeightsError for anything else.
    """
    if path.is_dir():
        path = _only_file(path)
    if path.name.endswith(INDEX_SUFFIX):
        shards = ShardedFiles(path)
        return Descaled(shards, shards.metadata)
    if path.suffix == ".safetensors":
        file = SafetensorsFile(path)
        return Descaled(file, file.metadata)
    if path.suffix == ".gguf":
        return GgufFile(path)
    if path.suffix in PICKLES:
        return pickled_file(path)
    raise WeightsError(
        f"{path} is no weight file: give a .safetensors, .gguf or .pth file, or a folder of shards"
    )


def _only_file(folder: Path) -> Path:
    for pattern in (f"*{INDEX_SUFFIX}", "*.safetensors"):
        found = sorted(folder.glob(pattern))
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise WeightsError(f"{folder} holds {names}: name the one file that is meant")
    raise WeightsError(f"{folder} holds no weights: give the folder with the .safetensors files")


def transformer_source(source: TensorSource) -> TensorSource:
    """A transformer in official, ComfyUI or diffusers names, in ours."""
    names = source.specs().keys()
    prefix = next((each for each in PREFIXES if f"{each}head.modulation" in names), "")
    if f"{prefix}head.modulation" in names:
        # a whole ComfyUI checkpoint holds text encoder and codec under other prefixes
        return Renamed(source, lambda name: name.removeprefix(prefix) if name.startswith(prefix) else None)
    if "scale_shift_table" in names:
        return _translated(source, DIFFUSERS_TRANSFORMER)
    raise WeightsError(
        f"{source.label} is no Wan transformer: neither official nor diffusers names are in it"
    )


def text_encoder_source(source: TensorSource) -> TensorSource:
    """A umT5 encoder in official, transformers or ComfyUI names, in ours."""
    names = source.specs().keys()
    if "token_embedding.weight" in names:
        return source
    if "shared.weight" in names:
        plain = Renamed(source, lambda name: None if name == TOKENIZER_TENSOR else name)
        return _translated(plain, TRANSFORMERS_UMT5)
    if "token_embd.weight" in names:
        return _translated(source, GGUF_UMT5)
    raise WeightsError(
        f"{source.label} is no umT5 encoder: neither official nor transformers names are in it"
    )


def embedded_tokenizer(source: TensorSource) -> bytes | None:
    """The SentencePiece model that ComfyUI's text encoder files carry."""
    if TOKENIZER_TENSOR not in source.specs():
        return None
    return source.read(TOKENIZER_TENSOR).numpy().tobytes()


def codec_source(source: TensorSource) -> TensorSource:
    """A Wan autoencoder in official or diffusers names, in ours."""
    names = source.specs().keys()
    if "encoder.conv1.weight" in names:
        return source
    if "encoder.conv_in.weight" in names:
        nested = any(name.startswith("encoder.down_blocks.0.resnets.") for name in names)
        layout = wan_vae22_layout if nested else wan_vae21_layout
        return _translated(source, layout(LEVELS, BLOCKS))
    raise WeightsError(
        f"{source.label} is no Wan autoencoder: neither official nor diffusers names are in it"
    )


def _translated(source: TensorSource, layout: Layout) -> Renamed:
    try:
        return Renamed(source, layout.our_name)
    except WeightsError as error:
        raise WeightsError(f"{source.label}: {error}") from error
