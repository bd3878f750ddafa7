"""The bible as a JSON file that people fill in."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from rushes.core.errors import UsageError
from rushes.core.strict_json import parse
from rushes.language.bible.entry import Bible

_FORMAT = "rushes-bible-1"


def read_bible(path: Path) -> Bible | None:
    """The bible of a file, None where there is no file; UsageError for a file that is no bible."""
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.pop("format", None) != _FORMAT:
            raise ValueError(f"format is not {_FORMAT}")
        bible: Bible = parse(Bible, document, "bible")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no bible ({error}): correct it or move it away") from None
    counts = Counter(entry.id for entry in bible.entries)
    twice = next((entry_id for entry_id, count in counts.items() if count > 1), None)
    if twice:
        raise UsageError(f"{path} has two entries with the id {twice!r}: give each its own")
    return bible


def write_bible(bible: Bible, path: Path) -> None:
    """Write under a temporary name first, so that a stop leaves the old file."""
    entries = [asdict(entry) for entry in bible.entries]
    text = json.dumps({"format": _FORMAT, "entries": entries}, ensure_ascii=False, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)
