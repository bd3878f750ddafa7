"""A database of every released schema comes up to the newest one with all its rows."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text

from rushes.studio import schema
from rushes.studio.desk import open_desk
from rushes.studio.jobs.job import Lane
from rushes.studio.migrate import scripts, upgrade
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shots import Words, new_shot
from rushes.studio.store import Store, open_store
from rushes.studio.takes import TakeRequest, add_take, takes_of

RELEASED = [step.revision for step in scripts().walk_revisions()][:0:-1]


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request, tmp_path):
    """URL of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/studio.db"
        return
    server = request.getfixturevalue("postgres")
    name = "old"
    server.create(name)
    yield server.url(name)
    admin = create_engine(server.url("studio"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.mark.parametrize("revision", RELEASED)
def test_a_released_database_comes_up_with_its_rows(empty_url, revision):
    """A step may move rows; what the studio then reads must be what was written."""
    old = create_engine(empty_url)
    upgrade(old, revision)
    known = set(inspect(old).get_table_names())
    desk = open_desk(Store(old), person="lin")
    shot = new_shot(desk, new_project(desk, NewProject("FOX", "狐狸")).id, Words("a fox"))
    with desk.store.write() as connection:
        take = add_take(connection, desk, shot.id, TakeRequest("a fox", 1, "mini"))
    old.dispose()
    store = open_store(empty_url)
    try:
        assert takes_of(open_desk(store, person="lin"), shot.id) == (take,)
        assert set(inspect(store.engine).get_table_names()) >= known
        assert set(Lane) == set(_lanes(store))
        with store.read() as connection:
            found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
        assert [difference for difference in found if difference[0] != "remove_table"] == []
    finally:
        store.engine.dispose()


def _lanes(store):
    with store.read() as connection:
        return connection.scalars(select(schema.lanes.c.name)).all()


def test_there_is_a_released_schema():
    assert RELEASED[0] == "0001"
    assert schema.REVISION not in RELEASED
