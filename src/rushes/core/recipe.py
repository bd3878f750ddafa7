"""The recipe: canonical JSON of all that decides a clip. Its hash is cache key and provenance record."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, UTF-8 kept, fractions as ``"24000/1001"``; equal values give equal text.

    Raises ValueError for numbers that are not finite, which JSON cannot hold.
    """
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False
    )


def _plain(value: Any) -> Json:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a recipe")


def picture_digest(width: int, height: int, pixels: bytes) -> str:
    """Hex SHA-256 of a picture's size and RGB bytes: equal for equal pictures, whatever their files."""
    return hashlib.sha256(f"{width}x{height}:".encode() + pixels).hexdigest()


@dataclass(frozen=True)
class Stage:
    """One stage of the chain: its name, the revision of its algorithm and its settings.

    ``revision`` changes when the same settings would give other bytes; the package version plays no part.
    """

    name: str
    revision: int
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A chain of stages plus the machine facts recorded beside it, which do not enter the keys."""

    stages: tuple[Stage, ...]
    recorded: Mapping[str, Any]

    def key(self, name: str) -> str:
        """Hex SHA-256 of a stage and all before it: equal keys mean equal results on the same machine."""
        digest = hashlib.sha256()
        for stage in self.stages:
            digest.update(canonical_json([stage.name, stage.revision, stage.settings]).encode())
            if stage.name == name:
                return digest.hexdigest()
        raise KeyError(f"no stage {name!r}; stages: {', '.join(stage.name for stage in self.stages)}")

    def document(self) -> dict[str, Any]:
        """The record as written to disk, each stage with its key."""
        return {
            "format": 1,
            "stages": [
                {
                    "name": stage.name,
                    "revision": stage.revision,
                    "key": self.key(stage.name),
                    "settings": dict(stage.settings),
                }
                for stage in self.stages
            ],
            "recorded": dict(self.recorded),
        }

    def to_json(self) -> str:
        """Readable JSON of :meth:`document`."""
        return (
            json.dumps(self.document(), indent=2, ensure_ascii=False, default=_plain, allow_nan=False) + "\n"
        )
