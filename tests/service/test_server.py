"""The real command in a process of its own: light, ready, and gone when it is asked to go."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient

from rushes.core.errors import UsageError
from rushes.service import crew as crew_module
from rushes.service.app import make_app
from rushes.service.caller import Door
from rushes.service.crew import Crew
from rushes.service.server import MOST_HEAD, Address, BoundedHttp, check_address
from rushes.service.submit import Wish, submit_words
from rushes.studio import store as store_module
from rushes.studio.jobs.queue import find_job
from rushes.studio.store import open_store
from rushes.studio.worker import Patience

# Bytes: many times what the kernel takes from a caller while the server is busy elsewhere.
NEVER_ENDING = 1024 * MOST_HEAD
RUSHES = "from rushes.cli import main; main()"
WITHOUT_TORCH = "; ".join(
    (
        "import sys, time, rushes.service.server, rushes.cli.take_steps",
        "from rushes.cli.serve import _served_models as serve; serve()",
        "print('torch' in sys.modules, time.process_time())",
    )
)


@pytest.fixture
def running(tmp_path):
    """``rushes serve`` and its address."""
    environment = {**os.environ, "RUSHES_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUSHES, "serve", "--port", "0", "--drain", "1"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        try:
            yield process, re.search(r"http://\S+", line)[0]
        finally:
            process.kill()


def test_it_answers_and_drains(running):
    process, url = running
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{url}/readyz").json() == {"status": "ok"}
    assert [model["id"] for model in httpx.get(f"{url}/v1/models").json()["data"]][:1] == ["mini"]
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert [line["route"] for line in lines] == ["/healthz", "/readyz", "/v1/models"]


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /", b"GET / HTTP/1.1\r\nx-long: ", b"GET /healthz HTTP/1.1\r\n\r\nGET /",
        b"POST /v1/videos HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nx-trailer: ",
    ],
)  # fmt: skip
def test_a_head_without_end_is_not_kept(endless, begun):
    """The parser would: it knows no limit of its own."""
    with socket.create_connection(endless, timeout=60) as caller:
        caller.sendall(begun)
        sent = 0
        with suppress(ConnectionError):
            while sent < NEVER_ENDING:
                caller.sendall(b"x" * 4096)
                sent += 4096
            pytest.fail("nobody said stop")


@pytest.fixture
def endless(house):
    """Address of our own HTTP on a port."""
    config = uvicorn.Config(make_app(house), port=0, log_config=None, lifespan="off", http=BoundedHttp)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join()


def test_a_body_in_small_parts_is_read_whole(endless):
    parts = [b'{"prompt": "a fox', *(b"x" for _ in range(2000)), b'"}']
    url = f"http://127.0.0.1:{endless[1]}/v1/videos"
    answer = httpx.post(url, content=iter(parts), headers={"content-type": "application/json"}, timeout=60)
    assert (answer.status_code, len(answer.json()["prompt"])) == (200, 2005)


@pytest.mark.slow
def test_mini_films_over_http(running):
    _, url = running
    wish = {"prompt": "a red fox runs", "seconds": "1", "num_inference_steps": 1, "seed": 7}
    video = httpx.post(f"{url}/v1/videos", json=wish).raise_for_status().json()
    ends = time.monotonic() + 240
    while video["status"] in ("queued", "in_progress") and time.monotonic() < ends:
        time.sleep(0.5)
        video = httpx.get(f"{url}/v1/videos/{video['id']}").json()
    assert video["status"] == "completed", video
    # What is delivered where no size was asked for, not what the model draws before it is made larger.
    assert video["size"] == "1280x720"
    content = httpx.get(f"{url}/v1/videos/{video['id']}/content")
    assert content.headers["content-type"] == "video/mp4"
    assert content.content[4:8] == b"ftyp"


def test_the_process_that_answers_is_light():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    ).stdout.split()
    assert done[0] == "False"
    assert float(done[1]) < 3.0, "seconds of one core to load"


def test_a_public_address_needs_keys_and_a_policy():
    for host in ("0.0.0.0", "::", "192.168.1.4", "studio.example"):
        with pytest.raises(UsageError, match="rushes keys new"):
            check_address(Address(host), has_keys=False, policy="default")
        with pytest.raises(UsageError, match="RUSHES_POLICY"):
            check_address(Address(host), has_keys=True, policy="")
        check_address(Address(host), has_keys=True, policy="default")
    for host in ("127.0.0.1", "::1", "localhost"):
        check_address(Address(host), has_keys=False, policy="")


def test_a_wrong_policy_stops_the_start(tmp_path):
    (tmp_path / "policy.toml").write_text("colour = 1", encoding="utf-8")
    environment = {**os.environ, "RUSHES_HOME": str(tmp_path), "RUSHES_POLICY": str(tmp_path / "policy.toml")}
    done = subprocess.run(
        [sys.executable, "-c", RUSHES, "serve", "--port", "0"], env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "colour is unknown" in done.stderr


def test_a_worker_that_keeps_failing_waits_longer_and_makes_the_server_unready(house, monkeypatch):
    monkeypatch.setattr(crew_module, "FIRST_WAIT_S", 0.01)
    broken = replace(house, engine=replace(house.engine, build=lambda _number: _nothing_to_build))
    team = Crew(broken, 1, Patience(beat_s=0.2, grace_s=2.0))
    client = TestClient(make_app(broken, team))
    assert client.get("/readyz").json() == {"status": "ok"}
    caller = Door(broken).enter(None)
    for number in range(2):
        submit_words(caller, Wish(f"fox {number}", "mini"))
    team.start()
    ends = time.monotonic() + 120
    while team.states()["down"] == 0 and time.monotonic() < ends:
        time.sleep(0.05)
    answer = client.get("/readyz")
    team.stop(5.0)
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["all 1 workers keep failing: see the log"]


def _nothing_to_build():
    os._exit(1)


def test_waits_of_a_failing_worker_double_up_to_a_minute():
    post = crew_module._Post()
    assert [post.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_dead_child_is_replaced(house):
    caller = Door(house).enter(None)
    poisoned = submit_words(caller, Wish("poison", "mini"))
    fine = submit_words(caller, Wish("a fox", "mini"))
    team = Crew(house, 1, Patience(beat_s=0.2, grace_s=2.0))
    team.start()
    ends = time.monotonic() + 90
    states = []
    while time.monotonic() < ends:
        states = [find_job(caller.desk, each.job.id).state for each in (poisoned, fine)]
        if states == ["failed", "succeeded"]:
            break
        time.sleep(0.1)
    team.stop(5.0)
    assert states == ["failed", "succeeded"]


def test_a_take_that_does_not_end_goes_back_into_the_queue(house):
    caller = Door(house).enter(None)
    job = submit_words(caller, Wish("hang here", "mini")).job
    team = Crew(house, 1, Patience(beat_s=0.2, grace_s=5.0))
    team.start()
    ends = time.monotonic() + 60
    while find_job(caller.desk, job.id).state != "running" and time.monotonic() < ends:
        time.sleep(0.05)
    team.stop(0.1)
    assert find_job(caller.desk, job.id).state == "queued"


def test_under_load_what_runs_ends_and_what_waits_stays_in_the_queue(house):
    caller = Door(house).enter(None)
    slow = {"step_s": 0.3}
    jobs = [submit_words(caller, Wish(f"fox {number}", "mini", settings=slow)).job for number in range(3)]
    team = Crew(house, 1, Patience(beat_s=0.2, grace_s=5.0))
    team.start()
    ends = time.monotonic() + 120
    while team.states()["busy"] == 0 and time.monotonic() < ends:
        time.sleep(0.02)
    team.stop(120.0)
    states = sorted(find_job(caller.desk, job.id).state for job in jobs)
    assert states == ["queued", "queued", "succeeded"]


@pytest.mark.parametrize("path", ["/v1/videos", "/api/v1/services/aigc/video-generation/video-synthesis"])
def test_a_database_that_stays_locked_is_a_503_worth_another_try(house, tmp_path, monkeypatch, path):
    monkeypatch.setattr(store_module, "BUSY_S", 0.1)
    hasty = replace(house, store=open_store(f"sqlite:///{tmp_path}/studio.db"))
    client = TestClient(make_app(hasty), raise_server_exceptions=False)
    is_openai = path == "/v1/videos"
    wish = {"model": "mini", **({"prompt": "a fox"} if is_openai else {"input": {"prompt": "a fox"}})}
    headers = {} if is_openai else {"X-DashScope-Async": "enable"}
    assert client.post(path, json=wish, headers=headers).status_code == 200
    other = sqlite3.connect(tmp_path / "studio.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = client.post(path, json=wish, headers=headers)
    other.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert client.post(path, json=wish, headers=headers).status_code == 200
    hasty.store.engine.dispose()
