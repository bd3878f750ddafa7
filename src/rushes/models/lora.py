"""Low-rank adaptations (LoRA, arXiv 2106.09685) added to weights while they are read.

Four spellings of the same thing are understood: ``diffusion_model.`` with ``lora_A``/``lora_B`` or with
``lora_down``/``lora_up``, kohya's ``lora_unet_`` with underscores, and PEFT's ``transformer.`` in diffusers'
names. Beside the two factors a file may hold ``alpha`` (missing means no scaling, and it may be an integer),
``diff`` for a weight and ``diff_b`` for a bias.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from rushes.core.errors import UsageError, WeightsError
from rushes.core.lora_use import LoraUse, Noise
from rushes.models.layouts import DIFFUSERS_TRANSFORMER
from rushes.models.model_files import ModelFiles
from rushes.models.naming import open_file
from rushes.models.places import noise_of
from rushes.models.tensor_source import TensorSource, TensorSpec
from rushes.models.weights_file import sha256_of

KOHYA = "lora_unet_"
_LEAF = re.compile(
    r"(?P<layer>.+?)\.(?:(?P<down>lora_A|lora_down)(?:\.default)?\.weight|(?P<up>lora_B|lora_up)(?:\.default)?"
    r"\.weight|(?P<alpha>alpha)|(?P<diff>diff)|(?P<diff_b>diff_b))"
)
# Wan2.1's picture branch, which Wan2.2 does not have: its adaptations have nothing to adapt.
_PICTURE_BRANCH = re.compile(r"img_emb|(?:k|v)_img|add_(?:k|v)_proj|norm_added|image_embedder")


@dataclass(frozen=True)
class Patch:
    """What is added to one weight: ``scale`` * up @ down, or ``diff``."""

    tensors: Mapping[str, str]
    scale: float = 1.0


@dataclass(frozen=True)
class Lora:
    """An adaptation fitted to one transformer: our tensor name -> patch, and the names without a place."""

    source: TensorSource
    patches: Mapping[str, Patch]
    skipped: tuple[str, ...] = field(default=())

    def delta(self, name: str) -> Tensor:
        """What strength 1 adds to tensor ``name``, float32."""
        patch = self.patches[name]
        if "diff" in patch.tensors:
            return self._read(patch, "diff")
        up, down = self._read(patch, "up"), self._read(patch, "down")
        return patch.scale * (up.flatten(1) @ down.flatten(1)).view(-1, *down.shape[1:])

    def _read(self, patch: Patch, part: str) -> Tensor:
        return self.source.read(patch.tensors[part]).float()


def fit_lora(source: TensorSource, target: Mapping[str, TensorSpec]) -> Lora:
    """Find the place of every tensor of a LoRA file in a transformer with the tensors ``target``.

    Tensors of Wan2.1's picture branch are skipped and listed when the transformer has no such branch. Raises
    WeightsError for any other tensor without a place, for one of another size, and when nothing is left.
    """
    kohya = {
        name.removesuffix(".weight").replace(".", "_"): name.removesuffix(".weight")
        for name in target
        if name.endswith(".weight")
    }
    layers: dict[str, dict[str, str]] = {}
    skipped = []
    for name in source.specs():
        match = _LEAF.fullmatch(name)
        layer = match and _our_layer(match["layer"], kohya, target)
        if match and layer:
            kind = next(key for key, text in match.groupdict().items() if key != "layer" and text)
            layers.setdefault(layer, {})[kind] = name
        elif _PICTURE_BRANCH.search(name):
            skipped.append(name)
        else:
            raise WeightsError(
                f"{source.label} adapts {name!r}, which this model does not have: is it for another?"
            )
    patches = {
        name: patch
        for layer, parts in layers.items()
        for name, patch in _patches(source, layer, parts).items()
    }
    if not patches:
        raise WeightsError(f"{source.label} changes nothing in this model: is it a LoRA for another?")
    lora = Lora(source, patches, tuple(skipped))
    _check_sizes(lora, target)
    return lora


def _our_layer(layer: str, kohya: Mapping[str, str], target: Mapping[str, TensorSpec]) -> str | None:
    if layer.startswith(KOHYA):
        return kohya.get(layer.removeprefix(KOHYA))
    for prefix in ("diffusion_model.", "transformer.", ""):
        if layer.startswith(prefix):
            layer = layer.removeprefix(prefix)
            break
    if f"{layer}.weight" in target:
        return layer
    try:
        ours = DIFFUSERS_TRANSFORMER.our_name(f"{layer}.weight")
    except WeightsError:
        return None
    return ours.removesuffix(".weight") if ours is not None and ours in target else None


def _patches(source: TensorSource, layer: str, parts: Mapping[str, str]) -> dict[str, Patch]:
    found = {}
    if "diff_b" in parts:
        found[f"{layer}.bias"] = Patch({"diff": parts["diff_b"]})
    if "diff" in parts and {"up", "down"} & parts.keys():
        raise WeightsError(f"{source.label} has a difference and factors for {layer!r}: one of them is meant")
    if "diff" in parts:
        found[f"{layer}.weight"] = Patch({"diff": parts["diff"]})
    elif "up" in parts and "down" in parts:
        rank = source.specs()[parts["down"]].shape[0]
        alpha = float(source.read(parts["alpha"])) if "alpha" in parts else float(rank)
        factors = {part: parts[part] for part in ("up", "down")}
        found[f"{layer}.weight"] = Patch(factors, alpha / rank)
    elif {"up", "down"} & parts.keys():
        raise WeightsError(f"{source.label} has only one factor for {layer!r}: fetch the file again")
    return found


def _check_sizes(lora: Lora, target: Mapping[str, TensorSpec]) -> None:
    specs = lora.source.specs()
    for name, patch in lora.patches.items():
        shapes = {part: specs[tensor].shape for part, tensor in patch.tensors.items()}
        shape = shapes["diff"] if "diff" in shapes else (shapes["up"][0], *shapes["down"][1:])
        if "up" in shapes and shapes["up"][1] != shapes["down"][0]:
            ranks = f"{shapes['up'][1]} and {shapes['down'][0]}"
            raise WeightsError(
                f"{lora.source.label} has factors of ranks {ranks} for {name!r}: fetch the file again"
            )
        if name not in target or shape != target[name].shape:
            wanted = target[name].shape if name in target else "none"
            raise WeightsError(
                f"{lora.source.label} changes {name!r} in shape {shape}, the model has {wanted}: "
                "it was made for another model"
            )


def with_loras(files: ModelFiles, uses: Sequence[LoraUse]) -> ModelFiles:
    """``files`` with every LoRA of ``uses`` in the experts it is for, in their order.

    Each is among the digests, with its strength; what a person should hear is among the notes. A file for
    all experts whose name speaks of one of a pair goes to that one. Raises WeightsError for a LoRA that does
    not fit, before any weight is read, and UsageError for one expert of a model that has no pair.
    """
    for number, use in enumerate(uses, 1):
        files = _with_lora(files, use, number)
    return files


def _with_lora(files: ModelFiles, use: LoraUse, number: int) -> ModelFiles:
    notes = list(files.notes)
    if use.noise is None and len(files.experts) > 1 and (noise := noise_of(use.path)):
        notes.append(f"{use.path.name} goes to the {noise}-noise expert alone, as its name says")
        use = replace(use, noise=noise)
    chosen = _experts(files, use)
    lora = fit_lora(open_file(use.path), files.experts[chosen[0]].source.specs())
    if lora.skipped:
        notes.append(f"{use.path.name}: {len(lora.skipped)} tensors {_named(lora.skipped)}")
    # experts that share their weights go on sharing them where both are adapted
    adapted = {id(files.experts[each].source): files.experts[each].source for each in chosen}
    sources = {key: Adapted(source, lora, use.strength) for key, source in adapted.items()}
    experts = tuple(
        replace(expert, source=sources[id(expert.source)]) if index in chosen else expert
        for index, expert in enumerate(files.experts)
    )
    key = f"lora {number} x {use.strength!r} on {use.noise or 'all'}"
    digests = {**files.sha256, key: sha256_of(use.path)}
    return replace(files, experts=experts, sha256=digests, notes=tuple(notes))


def _experts(files: ModelFiles, use: LoraUse) -> list[int]:
    """Positions of the experts a LoRA is for."""
    last = len(files.experts) - 1
    if use.noise is None:
        return list(range(last + 1))
    if not last:
        raise UsageError(
            f"{use.path} is for the {use.noise}-noise expert, but {files.name} is a single model: use --lora"
        )
    return [0 if use.noise is Noise.HIGH else last]


def _named(skipped: Sequence[str]) -> str:
    """What was skipped, blocks taken together."""
    layers = (match["layer"] if (match := _LEAF.fullmatch(name)) else name for name in skipped)
    kinds = sorted({re.sub(r"(?<=blocks[._])\d+", "N", layer) for layer in layers})
    return f"of Wan2.1's picture branch are skipped, this model has none: {', '.join(kinds)}"


class Adapted:
    """A source with a LoRA added at ``strength``; what it changes comes out in float32."""

    def __init__(self, source: TensorSource, lora: Lora, strength: float) -> None:
        self._source, self._lora, self._strength = source, lora, strength

    @property
    def label(self) -> str:
        """Both files."""
        return f"{self._source.label} with {self._lora.source.label}"

    def specs(self) -> Mapping[str, TensorSpec]:
        """The source's."""
        return self._source.specs()

    def read(self, name: str) -> Tensor:
        """One tensor, adapted where the LoRA says so. Raises WeightsError where that is no finite number."""
        value = self._source.read(name)
        if name not in self._lora.patches:
            return value
        delta = self._lora.delta(name)
        if not bool(torch.isfinite(delta.sum())):
            raise WeightsError(
                f"{self._lora.source.label} changes {name!r} by values that are no finite numbers: fetch the "
                "file again, or leave it out"
            )
        return torch.add(value.float(), delta, alpha=self._strength)
