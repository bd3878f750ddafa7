"""Models by name. Knows folders only: loads nothing, imports no torch."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from rushes.core.errors import UsageError, WeightsError

_WEIGHTS = Path(str(files("rushes"))) / "weights"

PACKAGED: Mapping[str, Path] = MappingProxyType({"mini": _WEIGHTS / "mini"})


def model_folder(name: str) -> Path:
    """The folder of a packaged model, or ``name`` itself when it is a folder.

    Raises UsageError for an unknown name and WeightsError for a folder without a ``model.json``.
    """
    folder = PACKAGED.get(name, Path(name))
    if not folder.is_dir() and name not in PACKAGED:
        raise UsageError(
            f"model {name!r} is unknown: choose {', '.join(PACKAGED)}, or give the folder of a model"
        )
    if not (folder / "model.json").is_file():
        raise WeightsError(
            f"{str(folder)!r} holds no model.json: install rushes again or choose another --model"
        )
    return folder
