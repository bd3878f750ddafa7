"""The schema: migrated once whoever comes first, equal to what the code thinks, guarded against changes."""

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from rushes.core.errors import StoreAwayError, StoreError, UsageError
from rushes.studio import schema
from rushes.studio import store as store_module
from rushes.studio.desk import events_of, open_desk
from rushes.studio.migrate import scripts
from rushes.studio.reviews import Choice, choose
from rushes.studio.store import database_error, open_store, open_store_when_there
from rushes.studio.takes import TakeRequest, add_take


def test_the_migrations_make_what_the_schema_says(store):
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, schema.metadata)
    assert [difference for difference in differences if difference[0] != "remove_table"] == []


def test_the_code_knows_the_newest_migration():
    assert scripts().get_current_head() == schema.REVISION


def _open(url, results):
    results.put(open_store(url).engine.url.database)


def test_many_processes_open_a_new_database_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/new/studio.db"
    spawn = multiprocessing.get_context("fork")
    results = spawn.Queue()
    children = [spawn.Process(target=_open, args=(url, results)) for _ in range(4)]
    for child in children:
        child.start()
    assert len({results.get(timeout=60) for _ in children}) == 1
    for child in children:
        child.join()
        assert child.exitcode == 0


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/studio.db"
    store = open_store(url)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        open_store(url)


@pytest.mark.parametrize("url", ["", "nonsense", "nosuch://x/y"])
def test_a_url_that_leads_nowhere_is_the_users_mistake(url):
    with pytest.raises(UsageError, match="sqlite:///FILE"):
        open_store(url)


def test_takes_reviews_and_events_cannot_be_changed(desk, shot):
    with desk.store.write() as connection:
        take = add_take(connection, desk, shot.id, TakeRequest("a fox", 1, "mini"))
    choose(desk, take.id, Choice.CIRCLED)
    for table in (schema.takes, schema.reviews, schema.events):
        column = table.c.created_at
        with pytest.raises(DBAPIError, match="written once"), desk.store.write() as connection:
            connection.execute(update(table).values({column: 0}))
    assert [event.kind for event in events_of(desk, take.id)] == ["take submitted", "take circled"]


def test_a_failed_transaction_leaves_no_trace(desk):
    def fail():
        with desk.store.write() as connection:
            desk.log(connection, "x", "something")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert events_of(desk, "x") == ()


def test_one_tenant_sees_nothing_of_another(desk, shot):
    with desk.store.write() as connection:
        take = add_take(connection, desk, shot.id, TakeRequest("a fox", 1, "mini"))
    other = open_desk(desk.store, "rival", "eve")
    with pytest.raises(UsageError, match="no take"):
        choose(other, take.id, Choice.REJECTED)
    assert events_of(other, take.id) == ()
    assert events_of(replace(other, tenant_id=desk.tenant_id), take.id)


def test_foreign_keys_hold(store):
    with pytest.raises(DBAPIError), store.write() as connection:
        connection.execute(
            insert(schema.people).values(id="p", tenant_id="none", name="n", role="admin", created_at=0)
        )


def test_sqlite_writers_wait_for_each_other(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/studio.db")
    other = create_engine(store.engine.url)
    with other.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        with store.write() as writing:
            writing.execute(delete(schema.events))
            assert connection.execute(select(schema.events)).all() == []
    other.dispose()


def test_threads_that_write_wait_for_each_other_however_impatient_sqlite_is(tmp_path, monkeypatch):
    engine = store_module._engine

    def hasty(url):
        """SQLite waits for nobody; the threads still do."""
        with monkeypatch.context() as patch:
            patch.setattr(store_module, "BUSY_S", 0.0)
            return engine(url)

    monkeypatch.setattr(store_module, "_engine", hasty)
    store = open_store(f"sqlite:///{tmp_path}/studio.db")
    desk = open_desk(store, person="lin")
    together = threading.Barrier(8)

    def write(number):
        together.wait(60)
        for step in range(20):
            with store.write() as connection:
                desk.log(connection, f"thread_{number}", "step", {"step": step})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert [len(events_of(desk, f"thread_{number}")) for number in range(8)] == [20] * 8


def test_readers_are_let_in_while_many_writers_wait(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/studio.db")
    together = threading.Barrier(21)

    def write(_number):
        together.wait(60)
        with store.write() as connection:
            connection.execute(text("SELECT 1"))

    with ThreadPoolExecutor(20) as pool:
        with store.write():
            waiting = [pool.submit(write, number) for number in range(20)]
            together.wait(60)
            with store.read() as first, store.read() as second:
                assert first.scalar(text("SELECT 1")) == second.scalar(text("SELECT 1")) == 1
            assert store.engine.pool.checkedout() == 1
        assert [each.result(60) for each in waiting] == [None] * 20


def test_a_database_file_that_is_gone_or_another_is_not_written_to(tmp_path):
    path, aside = tmp_path / "studio.db", tmp_path / "aside.db"
    desk = open_desk(open_store(f"sqlite:///{path}"), person="lin")
    move(path, aside)
    for way in (desk.store.read, desk.store.write):
        with pytest.raises(StoreAwayError, match="is gone, so nothing is written: put back"), way():
            pass
    assert not path.exists()
    open_store(f"sqlite:///{path}").engine.dispose()
    with pytest.raises(StoreAwayError, match="is another file"):
        write_down(desk)
    move(aside, path)
    write_down(desk)
    assert len(events_of(desk, "x")) == 1


def test_a_file_taken_away_while_it_is_written_is_told(tmp_path):
    path = tmp_path / "studio.db"
    desk = open_desk(open_store(f"sqlite:///{path}"), person="lin")

    def lose():
        with desk.store.write() as connection:
            desk.log(connection, "x", "something")
            path.unlink()

    with pytest.raises(StoreAwayError, match="is gone"):
        lose()


def test_a_journal_without_its_database_is_not_thrown_away(tmp_path):
    path = tmp_path / "studio.db"
    store = open_store(f"sqlite:///{path}")
    path.rename(tmp_path / "aside.db")
    with pytest.raises(StoreError, match=r"is gone and studio\.db-wal, which holds its last changes"):
        open_store(f"sqlite:///{path}")
    (tmp_path / "aside.db").rename(path)
    open_store(f"sqlite:///{path}").engine.dispose()
    store.engine.dispose()


def move(path, target):
    """A database with its journal, as a careful person moves it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.replace(target.with_name(each.name.replace(path.name, target.name)))


def write_down(desk):
    with desk.store.write() as connection:
        desk.log(connection, "x", "something")


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_server_that_is_away_is_waited_for_and_a_wrong_name_is_not(url, postgres):
    said = []
    with pytest.raises(StoreError, match="does not exist") as refused:
        open_store_when_there(postgres.url("elsewhere"), said.append)
    assert not isinstance(refused.value, StoreAwayError)
    postgres.stop()
    try:
        with pytest.raises(StoreAwayError, match=r"cannot be opened: .*Is the server running"):
            open_store(url)
        starter = threading.Timer(1.5, postgres.start)
        starter.start()
        open_store_when_there(url, said.append).engine.dispose()
        starter.join()
    finally:
        if not said:
            postgres.start()
    assert len(said) in (1, 2)  # gone, and perhaps starting up
    assert said[0].endswith("; waiting for it")


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "home").touch()
    with pytest.raises(StoreError, match=r"cannot be made .* set RUSHES_HOME"):
        open_store(f"sqlite:///{tmp_path}/home/studio.db")


@pytest.mark.parametrize(
    ("said", "is_away"),
    [("database is locked", True), ("database or disk is full", False), ("no such table: jobs", False)],
)
def test_only_what_waiting_heals_counts_as_away(said, is_away):
    error = OperationalError("SELECT 1", {}, sqlite3.OperationalError(said))
    told = database_error(error)
    assert isinstance(told, StoreAwayError) == is_away
    assert said in str(told)
    assert "SELECT" not in str(told)
