"""A service of our own to order from, behind an app that makes it fail; and a studio that orders."""

import asyncio
import os
import threading
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
import uvicorn
from tests.service.conftest import MINI, empty_store, loopback  # noqa: F401  fixtures

from rushes.cli.hosted_takes import HostedCamera
from rushes.core.errors import RefusedError
from rushes.core.recipe import Stage
from rushes.hosted.filming import Pace
from rushes.media.video import video_writer
from rushes.service.app import make_app
from rushes.service.house import Engine, House
from rushes.service.keys import KeyFile
from rushes.studio.desk import Desk, events_of, open_desk
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.jobs.job import job_of
from rushes.studio.production import Made, Step
from rushes.studio.projects import NewProject, new_project, set_policy
from rushes.studio.schema import jobs, takes
from rushes.studio.shooting import submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest, get_take

MODEL = "dashscope/wan2.2-t2v-plus"
SUBMIT = ("POST", "/api/v1/services")
LOOK = ("GET", "/api/v1/tasks/")
LIST = ("GET", "/api/v1/tasks?")
CANCEL = ("POST", "/api/v1/tasks/")
FETCH = ("GET", "/media")
FAST = Pace(0.02, 0.1, 0.02, busy_s=5.0, deadline_s=30.0, settle_s=0.05, cancel_s=5.0, tries=3)


@dataclass
class Service:
    """The service: what reached it, what goes wrong next, and whether it works (``is_open``)."""

    house: House
    url: str = ""
    seen: list[tuple[str, str, float, dict[bytes, bytes]]] = field(default_factory=list)
    wrongs: list[tuple[tuple[str, str], object]] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)

    def goes_wrong(self, where, *how):
        """The next requests to ``where`` (method, beginning of path) are treated so, one by one."""
        self.wrongs += [(where, each) for each in how]

    def asked(self, where):
        """Requests that came, with the time of each."""
        return [each for each in self.seen if each[0] == where[0] and each[1].startswith(where[1])]

    def tasks(self):
        """Every task it ever took: what is paid."""
        with self.house.store.read() as connection:
            return [row.id for row in connection.execute(takes.select())]

    def states(self):
        with self.house.store.read() as connection:
            return sorted(row.state for row in connection.execute(jobs.select()))

    def app(self, inner):
        async def app(scope, receive, send):
            query = scope.get("query_string", b"").decode()
            path = scope["path"] + ("?" if query else "")
            self.seen.append((scope["method"], path, time.monotonic(), dict(scope["headers"])))
            for number, (where, how) in enumerate(self.wrongs):
                if scope["method"] == where[0] and path.startswith(where[1]):
                    del self.wrongs[number]
                    await how(inner, scope, receive, send)
                    return
            await inner(scope, receive, send)

        return app


def answer(status, body, **headers):
    """Answer so, and do nothing."""

    async def act(_inner, _scope, _receive, send):
        text = body if isinstance(body, bytes) else body.encode()
        named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": text})

    return act


def fault(code, message="as the test says"):
    """The service's own envelope of an error."""
    return f'{{"code": "{code}", "message": "{message}", "request_id": "1"}}'


async def _cut_off(send):
    """Promise more than comes: the server then drops the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"output'})


async def drop_before(_inner, _scope, _receive, send):
    """The connection is gone and nothing was done."""
    await _cut_off(send)


async def _nowhere(_message):
    pass


async def drop_after(inner, scope, receive, send):
    """It was done, and nobody hears of it."""
    await inner(scope, receive, _nowhere)
    await _cut_off(send)


async def silent(inner, scope, receive, _send):
    """It was done, and nothing is said until whoever asked is gone."""
    await inner(scope, receive, _nowhere)
    while (await receive())["type"] != "http.disconnect":
        pass


def late(seconds):
    """Done at once, told late."""

    async def act(inner, scope, receive, send):
        messages = []

        async def keep(message):
            messages.append(message)

        await inner(scope, receive, keep)
        await asyncio.sleep(seconds)
        for message in messages:
            await send(message)

    return act


async def half(inner, scope, receive, send):
    """The first half of a body under the length of the whole."""

    async def cut(message):
        if message["type"] == "http.response.body":
            message = {**message, "body": message["body"][: len(message["body"]) // 2], "more_body": False}
        await send(message)

    await inner(scope, receive, cut)


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory):
    """A real clip of 5 s at 832x480 and 30 fps; a second one for other words."""
    made = []
    for name, grey in (("a", 40), ("b", 200)):
        path = tmp_path_factory.mktemp("clips") / f"{name}.mp4"
        with video_writer(path, 832, 480, Fraction(30)) as writer:
            writer.write(np.full((480, 832, 3), grey, np.uint8), 150)
        made.append(path.read_bytes())
    return made


def _steps(service, clip_bytes, take):
    """The service's own production: it waits for leave, then gives out a real clip."""

    def generate(work, folder):
        if "refuse" in work.take.request.prompt:
            raise RefusedError("refused as its prompt says")
        if "break" in work.take.request.prompt:
            raise RuntimeError("broken as its prompt says")
        while not service.is_open.wait(0.02):
            pass
        paths = {role: folder / f"{role}.mp4" for role in ("master", "clip")}
        for path in paths.values():
            path.write_bytes(clip_bytes["dog" in work.take.request.prompt])
        yield Made(paths)

    settings = {"seed": take.request.seed, "prompt": take.request.prompt}
    return [Step("generate", lambda _: (Stage("generate", 1, settings),), generate, ("master", "clip"))]


def _crew(service, clip_bytes, over):
    """Takes one task after another while the test lasts; PENDING what ``hold`` is asked for."""
    while not over.wait(0.02):
        with service.house.store.read() as connection:
            waiting = jobs.select().where(jobs.c.state == "queued", ~jobs.c.is_held)
            row = connection.execute(waiting).mappings().first()
        if row is None:
            continue
        job = job_of(row)
        desk = Desk(service.house.store, job.tenant_id, job.person_id)
        with service.house.store.read() as connection:
            take = get_take(connection, desk, job.take_id)
        if "wait" in take.request.prompt and not service.is_open.is_set():
            continue
        try:
            list(run_now(desk, service.house.files, job, _steps(service, clip_bytes, take)))
        except Exception:
            # The ledger of the service has it.
            continue


@pytest.fixture
def service(tmp_path, empty_store, clip_bytes, monkeypatch):  # noqa: F811
    """Our own DashScope surface on a port; words with ``wait`` stay PENDING until it is open."""
    path = tmp_path / "service.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_store(f"sqlite:///{path}")
    engine = Engine(
        {"wan2.2-t2v-plus": replace(MINI, name="wan2.2-t2v-plus")},
        lambda *_: 0.0,
        lambda _: None,
    )
    keys = KeyFile(tmp_path / "keys.json")
    made = Service(House(store, FileStore(tmp_path / "served"), engine, keys, True, b"secret of the tests"))
    made.is_open.set()
    config = uvicorn.Config(
        made.app(make_app(made.house)), port=0, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    over = threading.Event()
    threads = [
        threading.Thread(target=server.run),
        threading.Thread(target=_crew, args=(made, clip_bytes, over)),
        threading.Thread(target=_crew, args=(made, clip_bytes, over)),
    ]
    for thread in threads:
        thread.start()
    while not server.started:
        time.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-of-the-tests")
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", f"{made.url}/api/v1")
    yield made
    made.is_open.set()
    over.set()
    made.house.draining.set()
    server.should_exit = True
    for thread in threads:
        thread.join()
    store.engine.dispose()


@dataclass(frozen=True)
class Studio:
    """The studio that orders, with one shot of a project whose words may leave."""

    desk: Desk
    files: FileStore
    project: object
    shot: object

    def submit(self, prompt="a fox in snow", seed=1, **settings):
        request = TakeRequest(prompt, seed, MODEL, {"size": "832x480", **settings})
        return submit_take(self.desk, self.shot.id, request)

    def make(self, new, pace=FAST):
        """Make a take here and now; its events."""
        camera = HostedCamera(self.desk.store, self.files.root.parent / "hosted", pace)
        yield from run_now(self.desk, self.files, new.job, camera.steps(new.take, new.job))

    def shoot(self, prompt="a fox in snow", seed=1, pace=FAST, **settings):
        new = self.submit(prompt, seed, **settings)
        list(self.make(new, pace))
        return new

    def told(self, new):
        """What the take's history says of its order."""
        return [each.kind for each in events_of(self.desk, new.take.id) if each.kind.startswith("hosted")]


@pytest.fixture
def studio(tmp_path, empty_store, monkeypatch):  # noqa: F811
    home = tmp_path / "home"
    (home / "studio").mkdir(parents=True)
    monkeypatch.setenv("RUSHES_HOME", str(home))
    path = home / "studio" / "studio.db"
    path.write_bytes(empty_store.read_bytes())
    os.environ.pop("RUSHES_DATABASE", None)
    store = open_store(f"sqlite:///{path}")
    desk = open_desk(store)
    project = new_project(desk, NewProject("FOX"))
    set_policy(desk, project.id, "remote", True)
    shot = new_shot(desk, project.id, Words("a fox in snow"))
    yield Studio(desk, FileStore(home / "studio" / "files"), project, shot)
    store.engine.dispose()
