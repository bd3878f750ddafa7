"""SIGKILL of workers with a real model at random moments; takes go on at their saved step. Prints a table.

Example: python benchmarks/model_kills.py --kills 50 --model mini
"""

import argparse
import os
import random
import time
from dataclasses import replace
from pathlib import Path

from faults import LEASE_S, LEFT, Bench, bench, end, wait_for, wrongs

from rushes.cli.camera import Camera, Machine
from rushes.cli.desk import stored_files
from rushes.cli.screen import Screen
from rushes.cli.take_plan import lasting_name
from rushes.cli.take_steps import Filmer
from rushes.cli.watching import Watching
from rushes.studio import schema
from rushes.studio.files import FileStore
from rushes.studio.jobs.job import JobState
from rushes.studio.jobs.queue import find_job, list_jobs
from rushes.studio.shooting import submit_take
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest, master_of
from rushes.studio.worker import Patience, Worker

STEPS = 8


def work(url: str, root: str, _points: str) -> None:
    """A worker whose child saves its progress after every step."""
    os.setpgid(0, 0)
    patience = Patience(LEASE_S, LEASE_S / 8, 300.0, 1.0)
    Worker(open_store(url), FileStore(Path(root)), build, patience=patience).run(lambda: False)


def build() -> Filmer:
    """In the child."""
    return Filmer(Camera(Watching(Screen(True, True)), Machine(save_every=1)), stored_files())


def kills(url: str | None, count: int, model: str) -> str:
    """One row: kills, what must be zero, how many takes went on behind their first step."""
    rng = random.Random(0)
    settings = {"seconds": "1", "steps": STEPS, "size": "256x144", "candidates": 1}
    request = TakeRequest("a red fox runs left over the snow", 0, model, settings)
    with bench(url) as on:
        os.environ["RUSHES_HOME"] = str(on.folder)
        seeds = range(count // 5 + 1)
        made = [submit_take(on.desk, on.shot.id, replace(request, seed=seed)) for seed in seeds]
        done = 0
        while list_jobs(on.desk, LEFT):
            worker = on.start(work)
            if done < count:
                # Most kills fall into denoising, the others into loading and finishing.
                awaited = "step" if rng.random() < 0.7 else ""
                wait_for(lambda awaited=awaited: _is_doing(on, awaited), 120)
                time.sleep(rng.random() * 2)
                done += 1
            else:
                wait_for(lambda: not list_jobs(on.desk, LEFT), 1200)
            end([worker])
            with on.desk.store.write() as connection:
                # Kills are many and strikes few: what counts is that nothing is lost or made twice.
                connection.execute(schema.jobs.update().values(strikes=0))
        recipes = [master_of(on.desk, each.take.id).recipe for each in made]
        resumed = sum(each["recorded"]["resumed_after_step"] > 0 for each in recipes)
        attempts = sum(find_job(on.desk, each.job.id).attempt for each in made)
        return f"| {done} | {len(made)}, {attempts} attempts | {wrongs(on, made)} | {resumed} |"


def _is_doing(on: Bench, awaited: str) -> bool:
    """Whether a job runs whose worker says so."""
    return any(job.doing and awaited in job.doing for job in list_jobs(on.desk, [JobState.RUNNING]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--model", default="mini", help="Name of a model, or its folder.")
    parser.add_argument("--url", help="Empty database. Default: SQLite in a temporary folder.")
    asked = parser.parse_args()
    print("| kills | takes | must be zero | went on at a saved step |\n|---|---|---|---|")
    print(kills(asked.url, asked.kills, lasting_name(asked.model)))


if __name__ == "__main__":
    main()
