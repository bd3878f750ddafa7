"""Kills, zombies, duplicates, poison, full disks, restarts against the studio: real processes, a fast fake.

Every case prints one row: what was done, and what must be zero. A row that is not as promised ends the run.
With a real model: benchmarks/model_kills.py.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from rushes.studio import schema
from rushes.studio.desk import Desk, open_desk
from rushes.studio.fake import build_fake
from rushes.studio.faults import FAULT_POINTS
from rushes.studio.files import FileStore, hash_file
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.ending import succeed
from rushes.studio.jobs.job import Job, JobState
from rushes.studio.jobs.queue import find_job, list_jobs
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shooting import Submitted, Terms, submit_take
from rushes.studio.shots import Shot, Words, new_shot
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest
from rushes.studio.worker import Patience, Worker

LEASE_S = 2.0
LEFT = [JobState.QUEUED, JobState.RUNNING]


@dataclass(frozen=True)
class Bench:
    """A store of its own, with one shot to film."""

    url: str
    folder: Path
    desk: Desk
    files: FileStore
    shot: Shot

    def shoot(self, prompt: str, seed: int, step_s: float = 0.0, key: str = "") -> Submitted:
        """Submit a take of the fake engine."""
        request = TakeRequest(prompt, seed, "fake", {"step_s": step_s})
        return submit_take(self.desk, self.shot.id, request, Terms(key))

    def start(self, target: Callable[[str, str, str], None] | None = None) -> BaseProcess:
        """A worker process in a group of its own, which it shares with its child."""
        arguments = (self.url, str(self.files.root), str(self.folder / "points"))
        process = multiprocessing.get_context("spawn").Process(target=target or work, args=arguments)
        process.start()
        return process


def work(url: str, root: str, points: str) -> None:
    """A worker that goes on until it is killed."""
    os.setpgid(0, 0)
    os.environ["RUSHES_FAULT_AT"] = points
    patience = Patience(LEASE_S, LEASE_S / 8, 60.0, 1.0)
    Worker(open_store(url), FileStore(Path(root)), build_fake, patience=patience).run(lambda: False)


@contextmanager
def bench(url: str | None, root: Path | None = None) -> Iterator[Bench]:
    """A fresh store in a temporary folder, or in an empty database; files in ``root`` or beside it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "points").mkdir()
        url = url or f"sqlite:///{folder}/studio.db"
        store = open_store(url)
        desk = open_desk(store, f"tenant {time.time()}")
        shot = new_shot(desk, new_project(desk, NewProject("P")).id, Words("a fox"))
        yield Bench(url, Path(folder), desk, FileStore(root or Path(folder) / "files"), shot)
        store.engine.dispose()


def end(workers: list[BaseProcess]) -> None:
    """Kill workers with their children."""
    for worker in workers:
        # Its group is there a moment after itself.
        with suppress(ProcessLookupError):
            os.killpg(worker.pid or 0, signal.SIGKILL)
        worker.kill()
        worker.join()


def wait_for(is_so: Callable[[], bool], most_s: float) -> bool:
    """Wait until something is so; whether it came to be in time."""
    deadline = time.monotonic() + most_s
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def wrongs(on: Bench, made: list[Submitted]) -> dict[str, int]:
    """What must be zero: jobs lost, published twice, files that are not what they are called."""
    jobs = [find_job(on.desk, each.job.id) for each in made]
    with on.desk.store.read() as connection:
        events = connection.execute(on.desk.only(schema.events).where(schema.events.c.kind == "take made"))
        twice = sum(count > 1 for count in Counter(row.subject for row in events).values())
        known = connection.scalars(
            select(schema.files.c.sha256).where(schema.files.c.tenant_id == on.desk.tenant_id)
        ).all()
    paths = [on.files.path(on.desk.tenant_id, sha256) for sha256 in known]
    torn = sum(not path.exists() or hash_file(path)[0] != path.name for path in paths)
    lost = sum(job.state is not JobState.SUCCEEDED for job in jobs)
    return {"lost": lost, "published twice": twice, "torn files": torn}


def kills(url: str | None, count: int) -> str:
    """SIGKILL at named points and at random moments, of children, workers and both, while jobs run."""
    rng = random.Random(0)
    with bench(url) as on:
        made: list[Submitted] = []
        workers = [on.start(), on.start()]
        done, recoveries = 0, []
        while done < count:
            made.append(on.shoot("a fox", len(made), step_s=0.01))
            if rng.random() < 0.6:
                token = on.folder / "points" / rng.choice(FAULT_POINTS)
                token.touch()
                done += wait_for(lambda token=token: not token.exists(), 30)
                token.unlink(missing_ok=True)
            else:
                time.sleep(rng.random() * 0.2)
                victim = rng.randrange(len(workers))
                end([workers[victim]])
                workers[victim] = on.start()
                done += 1
            began = time.monotonic()
            job = made[-1].job.id
            if not wait_for(lambda job=job: find_job(on.desk, job).state not in LEFT, LEASE_S + 10):
                raise SystemExit(f"{job} was stuck: {find_job(on.desk, job)}")
            recoveries.append(time.monotonic() - began)
        wait_for(lambda: not list_jobs(on.desk, LEFT), 60)
        end(workers)
        found = wrongs(on, made)
        return (
            f"{done} kills, {len(made)} jobs | {found} | done after the kill: median "
            f"{statistics.median(recoveries):.2f} s, most {max(recoveries):.2f} s (lease {LEASE_S:g} s)"
        )


def zombies(url: str | None, count: int) -> str:
    """SIGSTOP a worker with its child past the lease, let another finish, SIGCONT."""
    stale = 0
    with bench(url) as on:
        made = []
        zombie, heir = on.start(), on.start()
        for number in range(count):
            made.append(on.shoot("a fox", number, step_s=0.1))
            job = made[-1].job.id
            wait_for(lambda job=job: bool(find_job(on.desk, job).doing), 60)
            owner = find_job(on.desk, job).worker.split("/")[-1]
            stopped = zombie if str(zombie.pid) == owner else heir
            os.killpg(stopped.pid or 0, signal.SIGSTOP)
            wait_for(lambda job=job: find_job(on.desk, job).state is JobState.SUCCEEDED, 60)
            os.killpg(stopped.pid or 0, signal.SIGCONT)
            time.sleep(0.3)
            stale += find_job(on.desk, job).attempt != 2
        end([zombie, heir])
        return f"{count} zombies | {wrongs(on, made)}, not fenced: {stale} |"


def duplicates(url: str | None, count: int) -> str:
    """Each key submitted 50 times by 16 threads."""
    with bench(url) as on, ThreadPoolExecutor(16) as pool:
        keys = [f"key {number // 50}" for number in range(count)]
        random.Random(0).shuffle(keys)
        ids = set(pool.map(lambda key: on.shoot("a fox", 1, key=key).job.id, keys))
        with on.desk.store.read() as connection:
            jobs = connection.execute(on.desk.only(schema.jobs)).all()
            takes = connection.execute(on.desk.only(schema.takes)).all()
        extra = {"extra jobs": len(jobs) - len(set(keys)), "extra takes": len(takes) - len(set(keys))}
        return f"{count} submits of {len(set(keys))} keys | {extra}, {len(ids) - len(set(keys))} extra ids |"


def recovery(url: str | None, count: int) -> str:
    """Seconds from the kill of a worker in mid-step until another one, which is idle, has its job."""
    with bench(url) as on:
        made, taken = [], []
        workers = [on.start(), on.start()]
        for number in range(count):
            made.append(on.shoot("a fox", number, step_s=0.2))
            job = made[-1].job.id
            wait_for(lambda job=job: "step" in find_job(on.desk, job).doing, 60)
            owner = find_job(on.desk, job).worker.split("/")[-1]
            victim = next(place for place, each in enumerate(workers) if str(each.pid) == owner)
            end([workers[victim]])
            began = time.monotonic()
            wait_for(lambda job=job: find_job(on.desk, job).attempt == 2, LEASE_S + 10)
            taken.append(time.monotonic() - began)
            workers[victim] = on.start()
        wait_for(lambda: not list_jobs(on.desk, LEFT), 60)
        end(workers)
        late = sum(seconds > LEASE_S + 2 for seconds in taken)
        return (
            f"{count} kills | {wrongs(on, made)}, later than lease + 2 s: {late} | median "
            f"{statistics.median(taken):.2f} s, most {max(taken):.2f} s (lease {LEASE_S:g} s)"
        )


def fairness(url: str | None, count: int) -> str:
    """One tenant queues ``count`` jobs, another one: in which claim it starts."""
    with bench(url) as on:
        other = open_desk(on.desk.store, f"small {time.time()}")
        shot = new_shot(other, new_project(other, NewProject("B")).id, Words("a cat"))
        first = on.shoot("a fox", 0)
        with on.desk.store.write() as connection:
            row = on.desk.one(connection, schema.jobs, first.job.id, "job")
            rows = [{**row, "id": f"{row['id']}{n}", "submit_key": str(n), "work_key": str(n)}
                    for n in range(1, count)]  # fmt: skip
            for start in range(0, len(rows), 5000):
                connection.execute(schema.jobs.insert(), rows[start : start + 5000])
        for _ in range(5):
            _end_next(on)
        wanted = submit_take(other, shot.id, TakeRequest("a cat", 1, "fake"), Terms()).job.id
        slots = next(number for number in range(1, count) if _end_next(on) == wanted)
        return f"1 job beside {count} | beyond two slots: {max(0, slots - 2)} | slot {slots}"


def _end_next(on: Bench) -> str:
    claimed = claim(on.desk.store, "worker")
    with on.desk.store.write() as connection:
        succeed(connection, claimed.claim, on.desk.store.now(connection))
    return claimed.job.id


def restarts(url: str | None, count: int) -> str:
    """PostgreSQL stopped and started again while takes are made; for SQLite a writer's lock held instead."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.studio.postgres import postgres_server, programs  # noqa: PLC0415

    if url is not None or programs() is None:
        return "restarts | not run: needs the programs of PostgreSQL and no --url |"
    with tempfile.TemporaryDirectory(prefix="pg") as folder, postgres_server(Path(folder)) as server:
        server.create("studio")
        with bench(server.url("studio")) as on:
            made, rng = [on.shoot("a fox", count)], random.Random(0)
            worker = on.start()
            # A worker that starts while the server is away ends at once: its keeper starts it again.
            wait_for(lambda: not list_jobs(on.desk, LEFT), 120)
            for number in range(count):
                made.append(on.shoot("a fox", number, step_s=0.1))
                time.sleep(rng.random())
                server.stop()
                time.sleep(0.2)
                server.start()
            deadline = time.monotonic() + 300
            while list_jobs(on.desk, LEFT) and time.monotonic() < deadline:
                time.sleep(0.5)
            end([worker])
            return f"{count} restarts | {wrongs(on, made)} |"


def poison(url: str | None, count: int) -> str:
    """A job that kills its process each time, beside good ones."""

    def waited(on: Bench, made: list[Submitted]) -> float:
        jobs: list[Job] = [find_job(on.desk, each.job.id) for each in made]
        return sorted((job.ended_at or 0) - job.created_at for job in jobs)[int(0.95 * len(jobs))]

    seconds = []
    for has_poison in (False, True):
        with bench(url) as on:
            bad = on.shoot("poison", 0) if has_poison else None
            made = [on.shoot("a fox", seed) for seed in range(count)]
            workers = [on.start(), on.start()]
            wait_for(lambda on=on: not list_jobs(on.desk, LEFT), 600)
            end(workers)
            found = wrongs(on, made)
            seconds.append(waited(on, made))
            if bad and not find_job(on.desk, bad.job.id).is_quarantined:
                raise SystemExit("the poison job was not set aside")
    return (
        f"1 poison beside {count} | {found} | p95 {seconds[0]:.2f} s without it, {seconds[1]:.2f} s with it"
    )


def full_disk(url: str | None, count: int) -> str:
    """A file system that fills up after ever more bytes; needs root for the mount."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            return "full disk | not run: mounting needs root |"
        try:
            with bench(url, Path(folder) / "files") as on:
                return _fill_again_and_again(on, Path(folder), count)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def _fill_again_and_again(on: Bench, disk: Path, count: int) -> str:
    from rushes.studio.fake import fake_steps  # noqa: PLC0415
    from rushes.studio.foreground import run_now  # noqa: PLC0415

    failed, wrong = 0, Counter[str]()
    for number in range(count):
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"0" * max(0, free - 512 * number))
        new = on.shoot("a fox", number)
        try:
            list(run_now(on.desk, on.files, new.job, fake_steps(new.take, new.job)))
        except OSError:
            failed += 1
            filler.unlink()
            new = on.shoot("a fox", number)
            list(run_now(on.desk, on.files, new.job, fake_steps(new.take, new.job)))
        filler.unlink(missing_ok=True)
        wrong.update(wrongs(on, [new]))
        shutil.rmtree(on.files.root / on.desk.tenant_id)
        with on.desk.store.write() as connection:
            connection.execute(schema.files.delete())
            connection.execute(schema.stage_results.delete())
    return f"{count} fillings, {failed} writes refused | {dict(wrong)} |"


CASES = {
    "kills": kills,
    "zombies": zombies,
    "duplicates": duplicates,
    "poison": poison,
    "full-disk": full_disk,
    "recovery": recovery,
    "fairness": fairness,
    "restarts": restarts,
}
FULL = {
    "kills": 1000, "zombies": 100, "duplicates": 10_000, "poison": 100, "full-disk": 60, "recovery": 50,
    "fairness": 10_000, "restarts": 20,
}  # fmt: skip


def main() -> None:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/faults.py --scale 0.02 --only kills"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="Share of the full numbers.")
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--url", help="Empty database. Default: SQLite in a temporary folder.")
    asked = parser.parse_args()
    print("| case | done | must be zero | times |\n|---|---|---|---|")
    for name, case in CASES.items():
        if asked.only in (None, name):
            row = case(asked.url, max(1, round(FULL[name] * asked.scale)))
            print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
