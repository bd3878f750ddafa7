"""Float8 files of ComfyUI and Kijai: weights that mean something only together with their scales.

Two forms exist. The old one has a marker tensor ``scaled_fp8`` and ``<layer>.scale_weight``; the new one
names its layers in the file's metadata or in tensors ``<layer>.comfy_quant`` and scales with
``<layer>.weight_scale``. Scales of inputs belong to float8 products, which we do not do: they are left out.
"""

import json
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import TensorSource, TensorSpec

MARKER = "scaled_fp8"
_SCALES = (".scale_weight", ".weight_scale")
_ASIDE = (*_SCALES, ".scale_input", ".input_scale", ".comfy_quant")
_FLOAT8 = (torch.float8_e4m3fn, torch.float8_e5m2)
_READABLE = ("float8_e4m3fn", "float8_e5m2")
_INSTEAD = "use a bfloat16, float8 or GGUF file instead"


class Descaled:
    """A source whose scaled weights come out in float32, without the scales.

    Raises WeightsError for float8 weights without a scale, which would be noise, and for other quantisations.
    """

    def __init__(self, source: TensorSource, metadata: Mapping[str, str]) -> None:
        self._source = source
        specs = source.specs()
        told = _told_formats(source, metadata)
        self._scales = {
            name.removesuffix(suffix) + ".weight": name
            for suffix in _SCALES
            for name in specs
            if name.endswith(suffix)
        }
        self._specs = {
            name: spec for name, spec in specs.items() if name != MARKER and not name.endswith(_ASIDE)
        }
        is_scaled = MARKER in specs or bool(told) or bool(self._scales)
        for name, spec in self._specs.items():
            if spec.dtype in _FLOAT8 and is_scaled and name not in self._scales:
                raise WeightsError(f"{source.label} lacks the scale of {name!r}: fetch the file again")
        for name, scale in self._scales.items():
            shape, rows = specs[scale].shape, self._specs[name].shape[:1] if name in self._specs else ()
            if math.prod(shape) != 1 and shape != (*rows, 1):
                raise WeightsError(
                    f"{source.label} has scales {scale!r} in shape {shape}, neither one nor one a row: "
                    f"{_INSTEAD}"
                )

    @property
    def label(self) -> str:
        """The source's."""
        return self._source.label

    def specs(self) -> Mapping[str, TensorSpec]:
        """Without scales and markers."""
        return self._specs

    def read(self, name: str) -> Tensor:
        """Weight times scale, float32, where there is a scale; a plain float8 is widened."""
        value = self._source.read(name)
        scale = self._scales.get(name)
        if scale is not None:
            return value.float() * self._source.read(scale).float()
        return value.float() if value.dtype in _FLOAT8 else value


def _told_formats(source: TensorSource, metadata: Mapping[str, str]) -> dict[str, str]:
    """Layer -> format, as the new form tells them. Raises WeightsError for one that cannot be read."""
    try:
        layers = json.loads(metadata.get("_quantization_metadata", "{}")).get("layers", {})
        told = {name: str(layer["format"]) for name, layer in layers.items()}
        for name in source.specs():
            if name.endswith(".comfy_quant"):
                note = json.loads(bytes(source.read(name).tolist()))
                told[name.removesuffix(".comfy_quant")] = str(note["format"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise WeightsError(f"{source.label} does not say how it is quantised: {_INSTEAD}") from error
    for layer, kind in told.items():
        if kind not in _READABLE:
            raise WeightsError(f"{source.label} stores {layer!r} as {kind}: {_INSTEAD}")
    return told
