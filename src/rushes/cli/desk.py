"""The studio as the person at this machine sees it."""

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.core.errors import StoreError
from rushes.core.settings import Settings

if TYPE_CHECKING:
    from rushes.core.decision import Decision
    from rushes.safety.gate import WordGate
    from rushes.studio.desk import Desk
    from rushes.studio.files import FileStore
    from rushes.studio.projects import Project
    from rushes.studio.store import Store

ProjectCode = Annotated[str, typer.Option("--project", help="Code of the project. Default: the inbox.")]
DATABASE = "studio.db"
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
    """The studio under ``RUSHES_HOME``, made where it is new; its database by ``RUSHES_DATABASE``, if set.

    Raises StoreAwayError for a database out of reach; see :func:`open_studio_when_there`.
    """
    settings = Settings.from_environment()
    return studio_in(settings.studio, settings.database)


def open_studio_when_there() -> Studio:
    """:func:`open_studio` for who works on and on: waits for a database that is away, and says so."""
    from rushes.studio.store import open_store_when_there

    settings = Settings.from_environment()
    return _studio(settings.studio, open_store_when_there(_url(settings.studio, settings.database), say))


def say(line: str) -> None:
    """To people at a terminal, beside what is printed for programs."""
    print(f"rushes: {line}", file=sys.stderr, flush=True)


def studio_in(home: Path, database: str = "") -> Studio:
    """The studio in a folder; its database by URL, by default a file in it."""
    from rushes.studio.store import open_store

    return _studio(home, open_store(_url(home, database)))


def _url(home: Path, database: str) -> str:
    """Raises StoreError where a studio's files lie without their database, rather than begin an empty one."""
    if database:
        return database
    file = home / DATABASE
    if not file.exists() and any((home / "files").glob("tenant_*")):
        raise StoreError(
            f"{str(file)!r} is gone and the files of its takes are there: put it back, set RUSHES_DATABASE "
            "if another one belongs to them, or move the folder away to begin anew or to restore a backup"
        )
    return f"sqlite:///{file}"


def _studio(home: Path, store: "Store") -> Studio:
    from rushes.hosted.models import MODELS
    from rushes.studio.desk import open_desk
    from rushes.studio.files import FileStore

    settings = Settings.from_environment()
    hosted = frozenset(MODELS)
    desk = replace(open_desk(store), gate=_judge, price=settings.price, hosted=hosted)
    return Studio(desk, FileStore(home / "files", settings.cache_bytes), home / "projects")


def _judge(texts: Mapping[str, str], ruled_out: Collection[str], project: Mapping[str, Any]) -> "Decision":
    """The house's gate; its policy is read when the first words are judged, not with every verb."""
    return _gate(Settings.from_environment().policy).judge(texts, ruled_out, project)


@cache
def _gate(policy: str) -> "WordGate":
    from rushes.safety.gate import open_gate

    return open_gate(policy)


def stored_files() -> "FileStore":
    """The bytes of the studio under ``RUSHES_HOME``."""
    from rushes.studio.files import FileStore

    settings = Settings.from_environment()
    return FileStore(settings.studio / "files", settings.cache_bytes)


def print_json(document: Any) -> None:
    """One document for other programs."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))
