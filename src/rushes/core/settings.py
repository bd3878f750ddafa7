"""Settings from the environment, read once. ``RUSHES_HOME`` holds everything that outlives a checkout."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rushes.core.errors import UsageError
from rushes.core.memory_size import parse_memory
from rushes.core.price import Price, parse_price

Value = TypeVar("Value")
# Behind the name of a model's folder while its files arrive.
PULLING = ".pulling"


@dataclass(frozen=True)
class Settings:
    """Where rushes keeps its state. ``home``: training state, pulled weights, caches, the studio.

    ``database``: URL of the studio's database; empty for a file under ``home``. ``cache_bytes``: most
    bytes of finished stages of takes, beside what takes are made of and published. ``policy``: the TOML file
    of words that may be filmed, ``default`` for the one that comes with rushes, empty where nobody chose;
    ``price`` of a second of machine time.
    """

    home: Path
    database: str = ""
    cache_bytes: int = 20 * 10**9
    policy: str = ""
    price: Price | None = None

    @classmethod
    def from_environment(cls) -> "Settings":
        """``RUSHES_HOME``, or ``~/.rushes``; ``RUSHES_DATABASE``, ``_CACHE``, ``_POLICY``, ``_PRICE``.

        Creates nothing.
        """
        home = Path(os.environ.get("RUSHES_HOME") or Path.home() / ".rushes")
        most = _given("RUSHES_CACHE", parse_memory) or cls.cache_bytes
        return cls(
            home, os.environ.get("RUSHES_DATABASE", ""), most, os.environ.get("RUSHES_POLICY", ""),
            _given("RUSHES_PRICE", parse_price),
        )  # fmt: skip

    @property
    def cache(self) -> Path:
        """What can be made again."""
        return self.home / "cache"

    @property
    def models(self) -> Path:
        """Fetched models, a folder each."""
        return self.home / "models"

    @property
    def runs(self) -> Path:
        """Progress of runs that have not ended."""
        return self.home / "runs"

    @property
    def training(self) -> Path:
        """Resumable training state."""
        return self.home / "training"

    @property
    def studio(self) -> Path:
        """Projects, takes and their files."""
        return self.home / "studio"


def _given(name: str, parse: Callable[[str], Value]) -> Value | None:
    """A variable's value, None where it is not set; UsageError, which names it, for one that is none."""
    text = os.environ.get(name)
    try:
        return parse(text) if text else None
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None
