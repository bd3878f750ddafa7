"""The studio as the person at this machine sees it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.studio.desk import Desk
    from rushes.studio.files import FileStore
    from rushes.studio.projects import Project

ProjectCode = Annotated[str, typer.Option("--project", help="Code of the project. Default: the inbox.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@dataclass(frozen=True)
class Studio:
    """Desk, stored files, and the ordinary folder takes appear in."""

    desk: "Desk"
    files: "FileStore"
    folder: Path

    def project(self, code: str) -> "Project":
        """The project with this code, the inbox for none."""
        from rushes.studio.projects import find_project, inbox

        return find_project(self.desk, code.upper()) if code else inbox(self.desk)


def open_studio() -> Studio:
    """The studio under ``RUSHES_HOME``, made where it is new; its database by ``RUSHES_DATABASE``, if set."""
    settings = Settings.from_environment()
    return studio_in(settings.studio, settings.database)


def studio_in(home: Path, database: str = "") -> Studio:
    """The studio in a folder; its database by URL, by default a file in it."""
    from rushes.studio.desk import open_desk
    from rushes.studio.files import FileStore
    from rushes.studio.store import open_store

    store = open_store(database or f"sqlite:///{home}/studio.db")
    cache_bytes = Settings.from_environment().cache_bytes
    return Studio(open_desk(store), FileStore(home / "files", cache_bytes), home / "projects")


def stored_files() -> "FileStore":
    """The bytes of the studio under ``RUSHES_HOME``."""
    from rushes.studio.files import FileStore

    settings = Settings.from_environment()
    return FileStore(settings.studio / "files", settings.cache_bytes)


def print_json(document: Any) -> None:
    """One document for other programs."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))
