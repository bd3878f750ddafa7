"""Settings from the environment, read once. ``RUSHES_HOME`` holds everything that outlives a checkout."""

import os
from dataclasses import dataclass
from pathlib import Path

# Behind the name of a model's folder while its files arrive.
PULLING = ".pulling"


@dataclass(frozen=True)
class Settings:
    """Where rushes keeps its state. ``home``: training state, pulled weights, caches."""

    home: Path

    @classmethod
    def from_environment(cls) -> "Settings":
        """``RUSHES_HOME``, or ``~/.rushes``. Creates nothing."""
        return cls(home=Path(os.environ.get("RUSHES_HOME") or Path.home() / ".rushes"))

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
