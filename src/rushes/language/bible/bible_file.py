"""The bible as a JSON file that people fill in."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from rushes.core.errors import UsageError
from rushes.language.bible.entry import Bible
from rushes.language.kept_file import read_kept

_FORMAT = "rushes-bible-1"


def read_bible(path: Path) -> Bible | None:
    """The bible of a file, None where there is no file; UsageError for a file that is no bible."""
    bible = read_kept(Bible, path, _FORMAT, "bible", "correct it or move it away")
    if bible is None:
        return None
    counts = Counter(entry.id for entry in bible.entries)
    twice = next((entry_id for entry_id, count in counts.items() if count > 1), None)
    if twice:
        raise UsageError(f"{path} has two entries with the id {twice!r}: give each its own")
    return bible


def bible_json(bible: Bible) -> str:
    """The file's text."""
    document = {"format": _FORMAT, "entries": [asdict(entry) for entry in bible.entries]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
