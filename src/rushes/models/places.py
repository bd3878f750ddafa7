"""Where the parts of a published model lie: official folders, diffusers folders, ComfyUI's loose files."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.core.errors import WeightsError
from rushes.core.lora_use import Noise
from rushes.models.detection import codec_config, text_encoder_config, transformer_config
from rushes.models.model_record import FILE_NAME
from rushes.models.naming import (
    WEIGHT_SUFFIXES,
    codec_source,
    open_file,
    text_encoder_source,
    transformer_source,
)
from rushes.models.tensor_source import REMEDY, TensorSource

# As people name them: wan2.2_t2v_high_noise_14B, Wan2_2-T2V-A14B-HIGH, Wan2.2-T2V-A14B-HighNoise-Q4_K_M.
_EXPERT = re.compile(r"(?<![a-z])(?P<side>high|low)(?=noise|[^a-z]|$)", re.IGNORECASE)
_EXPERT_FOLDER = re.compile(r"(?<![a-z])(?P<side>high|low)[-_ ]?noise", re.IGNORECASE)
_OTHER = {"high": "low", "low": "high"}
_LONE = ("high_noise_model", "low_noise_model", "transformer", "transformer_2")
_MODELS, _TEXTS, _CODECS = ("diffusion_models", "unet"), ("text_encoders", "clip"), ("vae",)
TOKENIZER_FILE = "spiece.model"


@dataclass(frozen=True)
class Places:
    """The files or folders of the parts: one transformer, or two with the high-noise expert first.

    ``num_heads`` and ``boundary`` (the sigma at which experts change) are None where nothing tells them.
    """

    transformers: tuple[Path, ...]
    text_encoder: Path
    codec: Path
    tokenizer: Path
    num_heads: int | None = None
    boundary: float | None = None


def find_places(path: Path) -> Places:
    """The parts of the model in a folder, or of the one whose (high- or low-noise) transformer file is given.

    Raises WeightsError naming what is missing, which expert of a pair, or what cannot be told.
    """
    match layout_of(path):
        case "diffusers":
            return _diffusers(path)
        case "official":
            return _official(path)
        case "comfy" if path.is_file():
            return _loose(path)
        case "comfy":
            root = _comfy_root(path) or path
            return _loose(_meant(_inside(root, _MODELS), root))
    if path.name in _LONE:
        raise WeightsError(f"{path} is one part of a model: give the folder above it")
    raise WeightsError(
        f"{path / FILE_NAME} is missing, nor is it an official, diffusers or ComfyUI folder: {REMEDY}, or "
        "give its transformer file"
    )


def layout_of(path: Path) -> str:
    """``rushes``, ``diffusers``, ``comfy`` or ``official``, by the names in a folder; else ``unknown``."""
    if (path / FILE_NAME).exists():
        return "rushes"
    if (path / "model_index.json").exists():
        return "diffusers"
    if path.is_file() or _comfy_root(path):
        return "comfy"
    if any(path.glob("*_noise_model")) or any(path.glob("Wan*VAE.*")):
        return "official"
    return "unknown"


def _comfy_root(path: Path) -> Path | None:
    """The folder that holds the folders of transformers, text encoders and codecs."""
    roots = (path / "split_files", path / "models", path)
    return next((root for root in roots if any((root / name).is_dir() for name in _MODELS)), None)


def _official(folder: Path) -> Places:
    """``high_noise_model`` and ``low_noise_model``, or shards beside the rest."""
    pair = folder / "high_noise_model", folder / "low_noise_model"
    transformers: tuple[Path, ...]
    if any(each.is_dir() for each in pair):
        _both(pair)
        transformers, config = pair, pair[0] / "config.json"
    else:
        transformers, config = (folder,), folder / "config.json"
    return Places(
        transformers,
        _one(folder, "models_t5_*", "text encoder"),
        _one(folder, "Wan*VAE.*", "codec"),
        folder / "google" / "umt5-xxl" / TOKENIZER_FILE,
        _read_json(config).get("num_heads"),
    )


def _diffusers(folder: Path) -> Places:
    """``transformer`` is the high-noise expert, ``transformer_2`` the low-noise one."""
    boundary = _read_json(folder / "model_index.json").get("boundary_ratio")
    pair = folder / "transformer", folder / "transformer_2"
    transformers: tuple[Path, ...] = pair[:1]
    # an index that lost its boundary must not leave the low-noise expert out
    if boundary is not None or pair[1].is_dir():
        _both(pair)
        transformers = pair
    return Places(
        transformers,
        folder / "text_encoder",
        folder / "vae",
        folder / "tokenizer" / TOKENIZER_FILE,
        _read_json(folder / "transformer" / "config.json").get("num_attention_heads"),
        boundary,
    )


def _loose(transformer: Path) -> Places:
    """ComfyUI's folders, or everything in one: experts are told by their names, the rest by its tensors."""
    transformers = _pair(transformer)
    root = _root(transformer)
    config = transformer_config(transformer_source(open_file(transformer)), None)
    text_encoder = _fitting(
        _inside(root, _TEXTS), root, "umT5 text encoder",
        lambda source: text_encoder_config(text_encoder_source(source)).hidden_size == config.text_dim,
    )  # fmt: skip
    codec = _fitting(
        _inside(root, _CODECS), root, "Wan VAE",
        lambda source: len(codec_config(codec_source(source)).mean) == config.out_channels,
    )  # fmt: skip
    beside = [folder / TOKENIZER_FILE for folder in (text_encoder.parent, root)]
    return Places(
        transformers, text_encoder, codec, next((each for each in beside if each.is_file()), beside[0])
    )


def _pair(path: Path) -> tuple[Path, ...]:
    """The file and its partner of the other noise range, high first; alone when its name speaks of neither.

    A lone expert renders silently wrong, and nothing in a file tells it from a whole model, so the names of
    files, and of folders made for one expert, are believed.
    """
    side = _side(path)
    if side is None:
        return (path,)
    other_folder = path.parent.with_name(_swapped(path.parent.name))
    partners = [folder / _swapped(path.name) for folder in (path.parent, other_folder)]
    found = [partner for partner in partners if partner.is_file() and partner != path]
    if not found:
        raise WeightsError(
            f"{partners[0]} is missing: {path.name} is one of two experts, and the model needs both"
        )
    return (path, found[0]) if side == "high" else (found[0], path)


def _side(path: Path) -> str | None:
    """``high`` or ``low``, None for a whole model's name."""
    match = _EXPERT.search(path.name) or _EXPERT_FOLDER.search(path.parent.name)
    return match["side"].lower() if match else None


def noise_of(path: Path) -> Noise | None:
    """The expert of a pair that the name of a file speaks of."""
    side = _EXPERT.search(path.name)
    return Noise(side["side"].lower()) if side else None


def _swapped(name: str) -> str:
    """``name`` of the other expert, in the same capitals."""

    def other(match: re.Match[str]) -> str:
        side = match["side"]
        word = _OTHER[side.lower()]
        return word.upper() if side.isupper() else word.capitalize() if side[0].isupper() else word

    return _EXPERT.sub(other, name)


def _root(transformer: Path) -> Path:
    """The folder that holds text encoders and codecs too."""
    for folder in transformer.parents:
        if folder.name in _MODELS:
            return folder.parent
    folder = transformer.parent
    return folder.parent if _EXPERT_FOLDER.search(folder.name) else folder


def _inside(root: Path, names: Iterable[str]) -> list[Path]:
    """Weight files in the folders of ``root`` called so, whatever their capitals; in ``root`` without any."""
    folders = [each for each in root.iterdir() if each.is_dir() and each.name.lower() in names]
    if not folders:
        return [each for each in sorted(root.iterdir()) if each.suffix in WEIGHT_SUFFIXES]
    return sorted(each for folder in folders for each in folder.rglob("*") if each.suffix in WEIGHT_SUFFIXES)


def _meant(found: list[Path], root: Path) -> Path:
    """The one model among transformer files; a pair counts once, by its high-noise expert."""
    first = [path for path in found if _side(path) != "low"] or found
    if len(first) != 1:
        listed = ", ".join(str(path.relative_to(root)) for path in first) or "none"
        raise WeightsError(f"{root} holds several models or none ({listed}): give the file that is meant")
    return first[0]


def _fitting(found: list[Path], root: Path, part: str, fits: Callable[[TensorSource], bool]) -> Path:
    """The file that is such a part and fits; of several the largest, which keeps the most digits."""
    fitting = [path for path in found if _holds(path, fits)]
    if not fitting:
        listed = ", ".join(str(path.relative_to(root)) for path in found) or "nothing"
        raise WeightsError(f"{root} lacks a fitting {part} (looked at {listed}): fetch one, or move it there")
    return max(fitting, key=lambda path: path.stat().st_size)


def _holds(path: Path, fits: Callable[[TensorSource], bool]) -> bool:
    try:
        return fits(open_file(path))
    except WeightsError:
        return False


def _both(pair: tuple[Path, ...]) -> None:
    for path in pair:
        if not path.is_dir():
            raise WeightsError(f"{path} is missing: the model needs both experts, fetch the other one too")


def _one(folder: Path, pattern: str, part: str) -> Path:
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise WeightsError(f"{folder} should hold one {part} ({pattern}), found {names}")
    return found[0]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is no JSON: fetch the model again") from error
    return document if isinstance(document, dict) else {}
