"""Any order of what people, workers and clocks do, against a model that is plainly right."""

import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from rushes.core.errors import LeaseLostError, UsageError
from rushes.studio import schema
from rushes.studio.desk import open_desk
from rushes.studio.jobs.budget import LONGEST_SILENCE_S
from rushes.studio.jobs.claim import MAX_LEASE_S, claim
from rushes.studio.jobs.ending import ANSWERS, fail, give_up, succeed
from rushes.studio.jobs.heartbeat import Progress, Word, heartbeat
from rushes.studio.jobs.job import MAX_STRIKES, Claim, Failure, JobState, NewJob, rank_of
from rushes.studio.jobs.queue import cancel, hold, set_priority, try_again
from rushes.studio.jobs.submit import submit
from rushes.studio.projects import NewProject, new_project, set_budget
from rushes.studio.store import Store, open_store

LEASE_S = 10.0
ESTIMATE_S = 5.0
BUDGET_S = 40.0
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@lru_cache
def folder():
    kept = tempfile.TemporaryDirectory()
    open_store(f"sqlite:///{kept.name}/template.db").engine.dispose()
    return kept


def fresh_url():
    home = Path(folder().name)
    shutil.copy(home / "template.db", home / "studio.db")
    return f"sqlite:///{home}/studio.db"


@dataclass
class Expected:
    """What a job should be."""

    created_at: float
    rank: float
    state: JobState = JobState.QUEUED
    attempt: int = 0
    strikes: int = 0
    is_held: bool = False
    is_cancelled: bool = False
    is_degraded: bool = False
    lease_until: float = 0.0
    not_before: float = 0.0
    started_at: float = 0.0
    reserved_s: float = ESTIMATE_S

    def end(self, state):
        self.state, self.reserved_s = state, 0.0

    def answer(self, failure, now):
        if self.is_cancelled:
            return self.end(JobState.CANCELLED)
        rule_for = ANSWERS[failure]
        waited = (rule_for.wait_s or 0) * 4 ** (self.strikes - 1)
        self.strikes -= not rule_for.keeps_strike
        again = rule_for.wait_s is not None and self.strikes < MAX_STRIKES
        if not again or (rule_for.degrades and self.is_degraded):
            return self.end(JobState.FAILED)
        self.is_degraded |= rule_for.degrades
        self.state, self.not_before = JobState.QUEUED, now + waited
        return None


class JobLife(RuleBasedStateMachine):
    """One tenant, one project, and a clock turned by hand, backwards too."""

    claims = Bundle("claims")

    @initialize()
    def begin(self):
        self.now = 1e6
        self.store = Store(open_store(fresh_url()).engine, clock=lambda: self.now)
        self.desk = open_desk(self.store)
        self.project = new_project(self.desk, NewProject("P"))
        set_budget(self.desk, self.project.id, BUDGET_S)
        self.jobs, self.spent_s = {}, 0.0

    def teardown(self):
        if hasattr(self, "store"):
            self.store.engine.dispose()

    def reserved(self):
        return sum(job.reserved_s for job in self.jobs.values())

    def has_money(self):
        return self.spent_s + self.reserved() + ESTIMATE_S <= BUDGET_S + 1e-6

    def settle(self, job):
        """Beats in this test tell of no time, so all of an attempt is charged at its end."""
        spent = min(max(self.now - job.started_at, 0.0), LONGEST_SILENCE_S)
        self.spent_s += spent
        job.reserved_s = max(job.reserved_s - spent, 0.0)

    def pick(self, number):
        return list(self.jobs)[number % len(self.jobs)]

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 11.0, 40.0, -3.0, -3600.0, 3600.0]))
    def turn_the_clock(self, seconds):
        self.now += seconds

    @rule(priority=st.integers(0, 9))
    def submit(self, priority):
        self.now += 0.001
        new = NewJob(self.project.id, None, f"key {len(self.jobs)}", priority=priority, estimate_s=ESTIMATE_S)
        try:
            with self.store.write() as connection:
                job = submit(connection, self.desk, new)
        except UsageError:
            assert not self.has_money()
            return
        assert self.has_money()
        self.jobs[job.id] = Expected(self.now, rank_of(self.now, priority))

    @rule(target=claims)
    def claim(self):
        found = claim(self.store, "w", lease_s=LEASE_S)
        for job in self.jobs.values():
            is_gone = job.lease_until < self.now or job.lease_until > self.now + MAX_LEASE_S
            if job.state is JobState.RUNNING and is_gone:
                job.answer(Failure.LOST, self.now)
        ready = [
            job
            for job in self.jobs.values()
            if job.state is JobState.QUEUED and not job.is_held and job.not_before <= self.now
        ]
        if not ready:
            assert found is None
            return Claim("none", 1, "w")
        job = self.jobs[found.job.id]
        assert job in ready
        assert job.rank == min(each.rank for each in ready)
        job.state, job.lease_until = JobState.RUNNING, self.now + LEASE_S
        job.started_at = self.now
        job.attempt += 1
        job.strikes += 1
        return found.claim

    def fenced(self, of, act):
        """Whether the attempt still has its job; if not, the act must be refused."""
        job = self.jobs.get(of.job_id)
        if job is not None and job.state is JobState.RUNNING and job.attempt == of.attempt:
            return job, act()
        with pytest.raises(LeaseLostError):
            act()
        return None, None

    @rule(of=claims)
    def beat(self, of):
        job, word = self.fenced(of, lambda: heartbeat(self.store, of, Progress(), 0.0, LEASE_S))
        if job:
            is_within = self.spent_s + self.reserved() <= BUDGET_S + 1e-6
            expected = Word.GO_ON if is_within else Word.OUT_OF_BUDGET
            assert word is (Word.CANCEL if job.is_cancelled else expected)
            job.lease_until = self.now + LEASE_S

    @rule(of=claims)
    def succeed(self, of):
        def act():
            with self.store.write() as connection:
                succeed(connection, of, self.now)

        job, _ = self.fenced(of, act)
        if job:
            self.settle(job)
            job.end(JobState.SUCCEEDED)

    @rule(of=claims, failure=st.sampled_from(Failure))
    def fail(self, of, failure):
        job, state = self.fenced(of, lambda: fail(self.store, of, failure, "why"))
        if job:
            self.settle(job)
            job.answer(failure, self.now)
            assert state is job.state

    @rule(of=claims)
    def give_up(self, of):
        job, _ = self.fenced(of, lambda: give_up(self.store, of))
        if job:
            self.settle(job)
            job.end(JobState.CANCELLED)

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 99))
    def cancel(self, number):
        job_id = self.pick(number)
        job = self.jobs[job_id]
        if job.state in ENDED:
            with pytest.raises(UsageError):
                cancel(self.desk, job_id)
            return
        cancel(self.desk, job_id)
        job.is_cancelled = True
        if job.state is JobState.QUEUED:
            job.end(JobState.CANCELLED)

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 99), is_held=st.booleans(), priority=st.integers(0, 9))
    def change(self, number, is_held, priority):
        job_id = self.pick(number)
        job = self.jobs[job_id]
        if job.state is not JobState.QUEUED:
            with pytest.raises(UsageError):
                hold(self.desk, job_id, is_held)
            return
        hold(self.desk, job_id, is_held)
        set_priority(self.desk, job_id, priority)
        job.is_held, job.rank = is_held, rank_of(job.created_at, priority)

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 99))
    def try_again(self, number):
        job_id = self.pick(number)
        job = self.jobs[job_id]
        can = job.state in (JobState.FAILED, JobState.CANCELLED) and self.has_money()
        if not can:
            with pytest.raises(UsageError):
                try_again(self.desk, job_id)
            return
        try_again(self.desk, job_id)
        self.jobs[job_id] = Expected(job.created_at, job.rank, attempt=job.attempt)

    @invariant()
    def the_ledger_is_as_expected(self):
        if not hasattr(self, "jobs"):
            return
        table = schema.jobs
        with self.store.read() as connection:
            rows = {row["id"]: row for row in connection.execute(select(table)).mappings()}
            project = connection.execute(select(schema.projects)).mappings().one()
        assert project["reserved_s"] == pytest.approx(self.reserved(), abs=1e-6)
        assert project["spent_s"] == pytest.approx(self.spent_s, abs=1e-6)
        assert rows.keys() == self.jobs.keys()
        for job_id, job in self.jobs.items():
            row = rows[job_id]
            same = ("state", "attempt", "strikes", "is_held", "is_degraded", "not_before")
            assert [row[name] for name in same] == [getattr(job, name) for name in same]
            is_running = job.state is JobState.RUNNING
            assert row["lease_until"] == (job.lease_until if is_running else None)


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
