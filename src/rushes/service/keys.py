"""Keys of clients. Only a hash is kept; a key belongs to one person of one tenant, with scopes and an end."""

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from rushes.core.errors import MissingError, UsageError
from rushes.core.strict_json import parse

PREFIX = "rk"


class Scope(StrEnum):
    """``read`` looks, ``write`` changes and shoots, ``review`` allows what the gate put before a person,
    ``operate`` runs the house: lanes and metrics.
    """

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    OPERATE = "operate"


@dataclass(frozen=True)
class Key:
    """A key as kept. ``digest`` is the SHA-256 of its text; Times in seconds since 1970."""

    id: str
    digest: str
    tenant: str
    person: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None = None


@dataclass(frozen=True)
class KeyFile:
    """A file of keys; a missing one holds none."""

    path: Path

    def all(self) -> tuple[Key, ...]:
        """Every key, expired ones too."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return ()
        # Every request asks; a file is never changed, only replaced by another.
        return _read(self.path, (found.st_ino, found.st_mtime_ns, found.st_size))

    def issue(
        self, tenant: str, person: str, scopes: Sequence[Scope], now: float, lasts_s: float | None = None
    ) -> str:
        """Make a key and return its text, which is shown this once."""
        if not tenant.strip() or not person.strip() or not scopes:
            raise UsageError("a key needs a tenant, a person and a scope: name all three")
        key_id = secrets.token_hex(6)
        # 256 random bits: a plain hash is enough, nobody can guess what is behind it.
        text = f"{PREFIX}_{key_id}_{secrets.token_hex(32)}"
        ends = None if lasts_s is None else now + lasts_s
        self._write((*self.all(), Key(key_id, _digest(text), tenant, person, tuple(scopes), now, ends)))
        return text

    def rotate(self, key_id: str, now: float, overlap_s: float = 0.0) -> str:
        """Make a key like this one and return its text; the old one opens for ``overlap_s`` more.

        Raises MissingError for a key that is not there or has ended.
        """
        old = next((key for key in self.all() if key.id == key_id), None)
        if old is None or (old.expires_at is not None and old.expires_at <= now):
            raise MissingError(f"there is no key {key_id!r} that opens: `rushes keys list` lists all")
        lasts_s = None if old.expires_at is None else old.expires_at - old.created_at
        text = self.issue(old.tenant, old.person, [Scope(each) for each in old.scopes], now, lasts_s)
        ends = now + overlap_s if old.expires_at is None else min(old.expires_at, now + overlap_s)
        self._write([replace(key, expires_at=ends) if key.id == key_id else key for key in self.all()])
        return text

    def revoke(self, key_id: str) -> None:
        """Let a key open nothing from now on."""
        kept = tuple(key for key in self.all() if key.id != key_id)
        if len(kept) == len(self.all()):
            raise MissingError(f"there is no key {key_id!r}: `rushes keys` lists those there are")
        self._write(kept)

    def find(self, text: str, now: float) -> Key | None:
        """The key with this text; None where there is none or its time is over."""
        digest = _digest(text)
        found = [key for key in self.all() if hmac.compare_digest(key.digest, digest)]
        return next((key for key in found if key.expires_at is None or now < key.expires_at), None)

    def _write(self, keys: Sequence[Key]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps({"keys": [asdict(key) for key in keys]}, indent=1), encoding="utf-8")
        partial.replace(self.path)


@lru_cache(maxsize=8)
def _read(path: Path, _version: tuple[int, int, int]) -> tuple[Key, ...]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return tuple(parse(Key, each, "key") for each in document["keys"])


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
