"""A house with the fast fake engine, on a port where an SDK needs one, and a crew that makes takes."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
import uvicorn
from starlette.testclient import TestClient

from rushes.core.errors import RushesError, UsageError
from rushes.service.app import make_app
from rushes.service.house import Engine, House, ServedModel
from rushes.service.keys import KeyFile
from rushes.studio.desk import Desk
from rushes.studio.fake import build_fake, fake_steps
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.jobs.job import job_of
from rushes.studio.schema import jobs
from rushes.studio.store import open_store
from rushes.studio.takes import get_take

CONNECT = socket.socket.connect


@pytest.fixture(autouse=True)
def loopback(monkeypatch, isolated):
    """Connections to this machine are allowed here, to no other."""

    def connect(self, address):
        assert address[0] in ("127.0.0.1", "::1"), f"a test tried to reach {address!r}"
        return CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def picture(shade):
    """The bytes of a small PNG of one grey, 0 to 255."""
    return cv2.imencode(".png", np.full((36, 64, 3), shade, np.uint8))[1].tobytes()


def estimate(_desk, request, _inputs):
    """The fake makes anything up to ten seconds."""
    if Fraction(request.settings.get("seconds", "2")) > 10:
        raise UsageError("that is too long: ask for 10 seconds at most")
    return 0.0


MINI = ServedModel("mini", Fraction(12), Fraction(2), 1280, 720, takes_first_frame=True)
OTHER = replace(MINI, name="other", takes_first_frame=False)
ENGINE = Engine({"mini": MINI, "other": OTHER}, estimate, lambda _: build_fake)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A migrated file to copy: migrating takes a second."""
    path = tmp_path_factory.mktemp("template") / "studio.db"
    open_store(f"sqlite:///{path}").engine.dispose()
    return path


@pytest.fixture
def house(tmp_path, empty_store):
    path = tmp_path / "studio.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_store(f"sqlite:///{path}")
    keys = KeyFile(tmp_path / "keys.json")
    yield House(store, FileStore(tmp_path / "files"), ENGINE, keys, True, b"secret of the tests")
    store.engine.dispose()


@pytest.fixture
def client(house):
    return TestClient(make_app(house), raise_server_exceptions=False)


def work_off(house):
    """Make every queued take, here and now, by the studio's own production."""
    while True:
        with house.store.read() as connection:
            row = connection.execute(jobs.select().where(jobs.c.state == "queued")).mappings().first()
        if row is None:
            return
        job = job_of(row)
        desk = Desk(house.store, job.tenant_id, job.person_id)
        with house.store.read() as connection:
            take = get_take(connection, desk, job.take_id)
        with suppress(RushesError, RuntimeError):
            list(run_now(desk, house.files, job, fake_steps(take, job)))


@contextmanager
def crew(house):
    """Makes takes while the block runs."""
    over = threading.Event()

    def run():
        while not over.wait(0.02):
            work_off(house)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def url(house):
    """Address of a real server with a crew."""
    config = uvicorn.Config(make_app(house), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with crew(house):
        yield f"http://127.0.0.1:{port}"
    house.draining.set()
    server.should_exit = True
    thread.join()
