"""A model's facts from its folder alone: reads ``model.json``, loads no weights, imports no torch for it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.core.errors import WeightsError
from rushes.core.model_facts import MINI_CONVENTIONS, Conventions, ModelDefaults, ModelFacts
from rushes.core.shapes import CODEC_COMPRESSION
from rushes.core.strict_json import parse

if TYPE_CHECKING:
    from rushes.models.model_files import ModelFiles

MINI_CODEC = "mini"


def read_facts(folder: Path) -> ModelFacts:
    """Facts of the model in ``folder``. Raises WeightsError when its record does not hold them."""
    return open_facts(folder)[0]


def open_facts(folder: Path) -> "tuple[ModelFacts, ModelFiles | None]":
    """As :func:`read_facts`, and the files of a foreign model, which had to be opened for its facts."""
    path = folder / "model.json"
    if path.exists():
        return _recorded(path), None
    # foreign layouts say what they are only in their tensors
    from rushes.models.bundle import open_model  # noqa: PLC0415  torch

    files = open_model(folder)
    return files.facts, files


def _recorded(path: Path) -> ModelFacts:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        conventions = MINI_CONVENTIONS
        if "conventions" in document:
            conventions = parse(Conventions, document["conventions"], "model.conventions")
        return ModelFacts(
            name=parse(str, document["name"], "model.name"),
            defaults=parse(ModelDefaults, document["defaults"], "model.defaults"),
            conventions=conventions,
            compression=CODEC_COMPRESSION[document["codec"].get("kind", MINI_CODEC)],
            has_upscaler=document.get("upscaler") is not None,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{path} does not describe a model ({error}): install or fetch the model again"
        ) from error
