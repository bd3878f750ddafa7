"""A migrated store, SQLite and PostgreSQL in turn, and a desk to work at."""

import shutil
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, update
from tests.studio.postgres import postgres_server, programs

from rushes.studio import schema
from rushes.studio.desk import open_desk
from rushes.studio.files import FileStore
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shots import Words, new_shot
from rushes.studio.store import open_store

NO_SERVER = "no PostgreSQL programs here: apt-get install postgresql"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated, empty file: migrating for every test would take a minute."""
    path = tmp_path_factory.mktemp("template") / "studio.db"
    open_store(f"sqlite:///{path}").engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres():
    """A server with one migrated database, ``studio``."""
    if programs() is None:
        pytest.skip(NO_SERVER)
    with tempfile.TemporaryDirectory(prefix="pg") as folder, postgres_server(Path(folder)) as server:
        server.create("studio")
        open_store(server.url("studio")).engine.dispose()
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """URL of an empty store."""
    if request.param == "sqlite":
        path = tmp_path / "studio.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres")
    engine = create_engine(server.url("studio"))
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            if table is not schema.lanes:
                connection.execute(delete(table))
        connection.execute(update(schema.lanes).values(clock=0, is_paused=False))
    engine.dispose()
    return server.url("studio")


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def desk(store):
    return open_desk(store, person="lin")


@pytest.fixture
def project(desk):
    return new_project(desk, NewProject("FOX", "狐狸"))


@pytest.fixture
def shot(desk, project):
    return new_shot(desk, project.id, Words("a fox leaps over snow"))


@pytest.fixture
def files(tmp_path):
    return FileStore(tmp_path / "files")
