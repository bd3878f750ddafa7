"""Files a take starts from, copied in by hash: the original may change or go, the take may not."""

import shutil
from pathlib import Path

from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, StoredFile, record
from rushes.studio.production import media_type


def take_in(desk: Desk, files: FileStore, path: Path) -> StoredFile:
    """Keep a copy of ``path``, which the take that names it pins."""
    with files.scratch() as folder:
        copy = folder / path.name
        shutil.copyfile(path, copy)
        stored = files.take_in(desk.tenant_id, copy, media_type(path))
    with desk.store.write() as connection:
        record(connection, desk.store, files, desk.tenant_id, stored)
    return stored
