"""Documents people keep in a folder as JSON: read with a clear refusal, written whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from rushes.core.errors import UsageError
from rushes.core.strict_json import parse

Document = TypeVar("Document")


def read_kept(kind: type[Document], path: Path, format_name: str, name: str, remedy: str) -> Document | None:
    """The ``name`` (bible, breakdown) in a file, None where there is no file.

    Raises UsageError with the remedy for a file of another format or with anything unknown in it.
    """
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.pop("format", None) != format_name:
            raise ValueError(f"format is not {format_name}")
        kept: Document = parse(kind, document, name)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no {name} ({error}): {remedy}") from None
    return kept


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files as UTF-8, each under a temporary name first, so that a stop leaves the old ones whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            temporary = folder / f"{name}.part"
            temporary.write_text(text, encoding="utf-8", newline="")
            temporary.replace(folder / name)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}): choose another folder") from None
