"""``model.json``: what a bundle's folder says of itself. Unknown keys and wrong types are errors."""

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from rushes.core.errors import WeightsError
from rushes.core.request import Sampling
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.weights_file import REMEDY, write_atomically

FORMAT = 1
FILE_NAME = "model.json"


@dataclass(frozen=True)
class ModelDefaults:
    """What the model makes when nothing else is asked.

    ``crop`` is the delivered part of the native ``height`` x ``width`` picture (top, left, height, width) in
    pixels; ``frame_limits`` are the fewest and most frames of a clip; ``seconds`` its usual length.
    """

    width: int
    height: int
    crop: tuple[int, int, int, int]
    frame_rate: Fraction
    frame_limits: tuple[int, int]
    seconds: Fraction
    sampling: Sampling


@dataclass(frozen=True)
class ExpertRecord:
    """The weight file in charge from ``from_sigma`` upwards."""

    file: str
    from_sigma: float

    def __post_init__(self) -> None:
        """Refuse a file outside the model's folder."""
        if Path(self.file).name != self.file:
            raise ValueError(f"expert file {self.file!r} is not a plain file name")


@dataclass(frozen=True)
class ModelRecord:
    """The whole file; ``sha256`` maps every file of the folder but this one to its digest."""

    format: int
    name: str
    licence: str
    transformer: TransformerConfig
    text_encoder: TextEncoderConfig
    codec: MiniCodecConfig
    experts: tuple[ExpertRecord, ...]
    defaults: ModelDefaults
    sha256: Mapping[str, str]


def read_record(folder: Path) -> ModelRecord:
    """Read ``model.json``. Raises WeightsError naming the file and the key that is wrong."""
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is missing or no JSON: {REMEDY}") from error
    try:
        record: ModelRecord = _parse(ModelRecord, document, "model")
    except ValueError as error:
        raise WeightsError(f"{path} does not describe a model, {error}: {REMEDY}") from error
    if record.format != FORMAT:
        raise WeightsError(f"{path} has format {record.format}, this version reads {FORMAT}: update rushes")
    return record


def write_record(record: ModelRecord, folder: Path) -> None:
    """Write ``model.json`` atomically."""
    text = json.dumps(asdict(record), indent=2, ensure_ascii=False, default=str) + "\n"
    write_atomically(folder / FILE_NAME, text.encode())


def _parse(kind: Any, value: Any, where: str) -> Any:
    """``value`` of a JSON document as ``kind``. Raises ValueError naming the place."""
    if is_dataclass(kind):
        return _parse_fields(kind, value, where)
    if get_origin(kind) is tuple:
        return _parse_tuple(get_args(kind), value, where)
    if get_origin(kind) is Mapping:
        _expect(isinstance(value, dict) and all(type(item) is str for item in value.values()), value, where)
        return types.MappingProxyType(value)
    if kind is Fraction:
        try:
            return Fraction(value if type(value) is str else "not a string")
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{where} is {value!r}") from error
    if kind is float:
        _expect(type(value) in (int, float), value, where)
        return float(value)
    _expect(type(value) is kind, value, where)
    return value


def _parse_fields(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), value, where)
    names = [field.name for field in fields(kind)]
    for name in value:
        if name not in names:
            raise ValueError(f"{where}.{name} is unknown")
    for name in names:
        if name not in value:
            raise ValueError(f"{where}.{name} is missing")
    hints = get_type_hints(kind)
    return kind(**{name: _parse(hints[name], value[name], f"{where}.{name}") for name in names})


def _parse_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), value, where)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    _expect(len(kinds) == len(value), value, where)
    return tuple(
        _parse(kind, item, f"{where}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _expect(is_right: bool, value: Any, where: str) -> None:
    if not is_right:
        raise ValueError(f"{where} is {value!r}")
