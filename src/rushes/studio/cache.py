"""Finished stages by key: found again instead of made again, each tenant's apart, within a size."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rushes.studio.files import FileStore, StoredFile, record
from rushes.studio.schema import files, pins, stage_results
from rushes.studio.store import Store

# What was used so recently may belong to a take in the making.
_GRACE_S = 3600.0


@dataclass(frozen=True)
class StageResult:
    """What a stage made: files by role, and a value. ``seconds`` is what making it took."""

    key: str
    stage: str
    value: Mapping[str, Any]
    files: Mapping[str, StoredFile]
    seconds: float


def find_result(store: Store, kept: FileStore, tenant_id: str, key: str) -> StageResult | None:
    """The result of an equal stage, None where there is none or one of its files is gone."""
    this = (stage_results.c.tenant_id == tenant_id) & (stage_results.c.key == key)
    with store.read() as connection:
        row = connection.execute(select(stage_results).where(this)).mappings().first()
    if row is None:
        return None
    found = {role: StoredFile(**each) for role, each in row["files"].items()}
    if not all(kept.holds(tenant_id, each) for each in found.values()):
        return None
    with store.write() as connection:
        connection.execute(update(stage_results).where(this).values(used_at=store.now(connection)))
    return StageResult(key, row["stage"], row["value"], found, row["seconds"])


def keep_result(
    connection: Connection, store: Store, kept: FileStore, tenant_id: str, result: StageResult
) -> None:
    """Write a result down with its files. Of two equal ones the newer stays."""
    for each in result.files.values():
        record(connection, store, kept, tenant_id, each)
    now = store.now(connection)
    values = {
        "stage": result.stage, "value": dict(result.value), "seconds": result.seconds, "made_at": now,
        "files": {role: asdict(each) for role, each in result.files.items()}, "used_at": now,
    }  # fmt: skip
    dialect = sqlite if store.is_sqlite else postgresql
    connection.execute(
        dialect.insert(stage_results)
        .values(tenant_id=tenant_id, key=result.key, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "key"], set_=values)
    )


def evict(store: Store, kept: FileStore) -> int:
    """Remove the longest unused results until what is not pinned fits the store's size; the bytes freed.

    Masters, renditions, inputs and scripts are pinned and stay; so does what was used within the last hour.
    """
    freed = 0
    with store.read() as connection:
        if _loose_bytes(connection) <= kept.cache_bytes:
            return 0
    with store.write() as connection:
        now = store.now(connection)
        excess = _loose_bytes(connection) - kept.cache_bytes
        oldest = (
            select(stage_results.c.tenant_id, stage_results.c.key, stage_results.c.files)
            .where(stage_results.c.used_at < now - _GRACE_S)
            .order_by(stage_results.c.used_at)
        )
        for row in connection.execute(oldest).all() if excess > 0 else ():
            if freed >= excess:
                break
            hashes = [each["sha256"] for each in row.files.values()]
            if _pinned(connection, row.tenant_id, hashes):
                continue
            freed += forget(connection, kept, row.tenant_id, row.key)
    return freed


def forget(connection: Connection, kept: FileStore, tenant_id: str, key: str) -> int:
    """Remove a result, and its files unless another result needs them; their bytes."""
    this = (stage_results.c.tenant_id == tenant_id) & (stage_results.c.key == key)
    gone = connection.scalars(delete(stage_results).where(this).returning(stage_results.c.files)).all()
    hashes = {each["sha256"] for found in gone for each in found.values()}
    return sum(drop(connection, kept, tenant_id, sha256) for sha256 in hashes)


def _loose_bytes(connection: Connection) -> int:
    """Bytes of files nothing pins."""
    is_pinned = exists().where(pins.c.tenant_id == files.c.tenant_id, pins.c.sha256 == files.c.sha256)
    return int(
        connection.scalar(select(func.coalesce(func.sum(files.c.size_bytes), 0)).where(~is_pinned)) or 0
    )


def _pinned(connection: Connection, tenant_id: str, hashes: Sequence[str]) -> bool:
    asked = select(pins.c.sha256).where(pins.c.tenant_id == tenant_id, pins.c.sha256.in_(hashes)).limit(1)
    return connection.scalar(asked) is not None


def drop(connection: Connection, kept: FileStore, tenant_id: str, sha256: str) -> int:
    """Remove a file unless another result needs it; its bytes."""
    others = select(stage_results.c.files).where(stage_results.c.tenant_id == tenant_id)
    if any(sha256 in (each["sha256"] for each in row.files.values()) for row in connection.execute(others)):
        return 0
    this = (files.c.tenant_id == tenant_id) & (files.c.sha256 == sha256)
    size = connection.scalar(delete(files).where(this).returning(files.c.size_bytes))
    # Inside the transaction: whoever stores these bytes again waits for it, and then sees that they are gone.
    kept.path(tenant_id, sha256).unlink(missing_ok=True)
    return int(size or 0)
