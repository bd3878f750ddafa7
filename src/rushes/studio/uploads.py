"""Pictures and clips people send to start takes from: by hash, each tenant's apart, never opened here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from rushes.core.errors import ConflictError, MissingError
from rushes.media.inspection import MediaFacts, inspect_media
from rushes.studio.cache import drop
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, pin, record
from rushes.studio.schema import files, pins, uploads
from rushes.studio.seen import Check, unseen


@dataclass(frozen=True)
class Upload:
    """A file somebody sent; ``sha256`` is its name."""

    sha256: str
    size_bytes: int
    facts: MediaFacts
    created_at: float


def keep_upload(desk: Desk, kept: FileStore, made: Path) -> Upload:
    """Take a file in that lies in the store's scratch; the same bytes again are the same upload.

    Raises UsageError for what is no picture or clip, StoreError when the disk is nearly full.
    """
    kept.check_room()
    facts = inspect_media(made)
    stored = kept.take_in(desk.tenant_id, made, facts.media_type)
    dialect = sqlite if desk.store.is_sqlite else postgresql
    values = {**asdict(facts), "frame_rate": str(facts.frame_rate)}
    with desk.store.write() as connection:
        record(connection, desk.store, kept, desk.tenant_id, stored)
        pin(connection, desk.tenant_id, stored.sha256, _subject(stored.sha256))
        added = connection.execute(
            dialect.insert(uploads)
            .values(
                tenant_id=desk.tenant_id, sha256=stored.sha256, facts=values, person_id=desk.person_id,
                created_at=desk.store.now(connection),
            )
            .on_conflict_do_nothing()
        )  # fmt: skip
        if added.rowcount:
            desk.log(connection, f"file_{stored.sha256[:32]}", "file sent", {"sha256": stored.sha256})
        return _find(connection, desk, stored.sha256)


def find_upload(desk: Desk, sha256: str) -> Upload:
    """An upload by its hash; MissingError where this tenant has none."""
    with desk.store.read() as connection:
        return _find(connection, desk, sha256)


def list_uploads(desk: Desk, limit: int, after: str = "") -> Sequence[Upload]:
    """Uploads, newest first, at most ``limit`` of those behind the one called ``after``."""
    place = tuple_(uploads.c.created_at, uploads.c.sha256)
    asked = _asked(desk).order_by(uploads.c.created_at.desc(), uploads.c.sha256.desc()).limit(limit)
    with desk.store.read() as connection:
        if after:
            last = _find(connection, desk, after)
            asked = asked.where(place < (last.created_at, last.sha256))
        return tuple(_upload(row) for row in connection.execute(asked).mappings())


def delete_upload(desk: Desk, kept: FileStore, sha256: str, check: Check[Upload] = unseen) -> None:
    """Let an upload go. Raises ConflictError while a take needs it; what ``check`` raises leaves it there."""
    with desk.store.write() as connection:
        check(_find(connection, desk, sha256))
        this = (files.c.tenant_id == desk.tenant_id) & (files.c.sha256 == sha256)
        # Whoever names the file in a take locks its row too, so it is either pinned by now or gone then.
        connection.execute(select(files.c.sha256).where(this).with_for_update())
        of_file = (pins.c.tenant_id == desk.tenant_id) & (pins.c.sha256 == sha256)
        holders = connection.scalars(
            select(pins.c.subject).where(of_file, pins.c.subject != _subject(sha256))
        ).all()
        if holders:
            raise ConflictError(
                f"file {sha256[:12]} is needed by {len(holders)} others ({holders[0].split()[0]}): delete "
                "those first"
            )
        connection.execute(delete(pins).where(of_file))
        ours = (uploads.c.tenant_id == desk.tenant_id) & (uploads.c.sha256 == sha256)
        connection.execute(delete(uploads).where(ours))
        drop(connection, kept, desk.tenant_id, sha256)
        desk.log(connection, f"file_{sha256[:32]}", "file deleted", {"sha256": sha256})


def _subject(sha256: str) -> str:
    return f"upload {sha256[:12]}"


def _find(connection: Connection, desk: Desk, sha256: str) -> Upload:
    row = connection.execute(_asked(desk).where(uploads.c.sha256 == sha256)).mappings().first()
    if row is None:
        raise MissingError(f"there is no file {sha256[:64]!r}: send it to /v1/files first")
    return _upload(row)


def _asked(desk: Desk) -> Select[Any]:
    same = (files.c.tenant_id == uploads.c.tenant_id) & (files.c.sha256 == uploads.c.sha256)
    return desk.only(uploads).add_columns(files.c.size_bytes).join(files, same)


def _upload(row: RowMapping) -> Upload:
    facts = MediaFacts(**{**row["facts"], "frame_rate": Fraction(row["facts"]["frame_rate"])})
    return Upload(row["sha256"], row["size_bytes"], facts, row["created_at"])
