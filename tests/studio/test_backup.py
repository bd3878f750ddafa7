"""A backup is one moment of a studio at work, and comes back whole."""

import threading

import pytest

from rushes.core.errors import UsageError
from rushes.studio.backup import back_up, restore
from rushes.studio.desk import Desk
from rushes.studio.doctor import examine
from rushes.studio.fake import fake_steps
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.shooting import submit_take
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest, master_of, takes_of

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def test_a_backup_made_while_takes_are_made_is_whole(desk, files, shot, tmp_path):
    over = threading.Event()

    def work():
        for seed in range(200):
            new = submit_take(desk, shot.id, TakeRequest("a fox", seed, "mini"))
            list(run_now(desk, files, new.job, fake_steps(new.take, new.job)))
            if over.is_set():
                return

    worker = threading.Thread(target=work)
    worker.start()
    try:
        while not any(master_of(desk, take.id) for take in takes_of(desk, shot.id)):
            worker.join(0.02)
        count = back_up(desk.store, files, tmp_path / "monday")
    finally:
        over.set()
        worker.join()
    assert count >= 3
    restore(tmp_path / "monday", tmp_path / "home")
    store = open_store(f"sqlite:///{tmp_path}/home/studio.db")
    there = Desk(store, desk.tenant_id, desk.person_id)
    findings = examine(there, FileStore(tmp_path / "home/files"), reads_files=True)
    assert [each for each in findings if each.subject.startswith(("file", "database"))] == []
    made = [master_of(there, take.id) for take in takes_of(there, shot.id)]
    assert any(made)
    assert len(made) <= len(takes_of(desk, shot.id))
    store.engine.dispose()


def test_nothing_is_overwritten(desk, files, tmp_path):
    back_up(desk.store, files, tmp_path / "monday")
    with pytest.raises(UsageError, match="exists"):
        back_up(desk.store, files, tmp_path / "monday")
    with pytest.raises(UsageError, match="holds a studio"):
        restore(tmp_path / "monday", tmp_path)
    with pytest.raises(UsageError, match="no backup"):
        restore(tmp_path / "none", tmp_path / "home")
