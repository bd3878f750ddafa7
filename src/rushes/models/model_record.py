"""``model.json``: what a bundle's folder says of itself. Unknown keys and wrong types are errors."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rushes.core.errors import WeightsError
from rushes.core.model_facts import MINI_CONVENTIONS, Conventions, ModelDefaults
from rushes.core.strict_json import parse
from rushes.models.codecs import CodecConfig
from rushes.models.tensor_source import REMEDY
from rushes.models.text_encoder import TextEncoderConfig
from rushes.models.transformer import TransformerConfig
from rushes.models.upscaler import UpscalerConfig
from rushes.models.weights_file import write_atomically

FORMAT = 1
FILE_NAME = "model.json"


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
    codec: CodecConfig
    experts: tuple[ExpertRecord, ...]
    defaults: ModelDefaults
    sha256: Mapping[str, str]
    conventions: Conventions = MINI_CONVENTIONS
    upscaler: UpscalerConfig | None = None


def read_record(folder: Path) -> ModelRecord:
    """Read ``model.json``. Raises WeightsError naming the file and the key that is wrong."""
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is missing or no JSON: {REMEDY}") from error
    try:
        record: ModelRecord = parse(ModelRecord, document, "model")
    except ValueError as error:
        raise WeightsError(f"{path} does not describe a model, {error}: {REMEDY}") from error
    if record.format != FORMAT:
        raise WeightsError(f"{path} has format {record.format}, this version reads {FORMAT}: update rushes")
    return record


def write_record(record: ModelRecord, folder: Path) -> None:
    """Write ``model.json`` atomically."""
    # asdict cannot copy a read-only mapping
    conventions = replace(record.conventions, vocabulary=dict(record.conventions.vocabulary))
    document = asdict(replace(record, conventions=conventions))
    document["codec"] = {"kind": record.codec.kind, **document["codec"]}
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
    write_atomically(folder / FILE_NAME, text.encode())
