"""A bible that goes along with a newer version of its script."""

from collections.abc import Mapping
from dataclasses import replace

from rushes.language.bible.entry import Bible


def follow_names(bible: Bible, renames: Mapping[str, str]) -> Bible:
    """Who goes by another name now keeps what was written; ``renames`` maps each old name to the new one."""
    taken = bible.names()
    return Bible(
        tuple(
            replace(entry, name=renames[entry.name])
            if entry.name in renames and renames[entry.name] not in taken
            else entry
            for entry in bible.entries
        )
    )
