"""Takes made before anybody asks: their stages are kept in the cache for who will, and nothing is published.

A take is in a shot and its master stays for ever; what is made ahead is a job without a take, whose results
the cache may drop again when nobody came for them.
"""

from dataclasses import asdict

from sqlalchemy import Connection

from rushes.core.decision import Verdict
from rushes.core.errors import UsageError
from rushes.studio.desk import Desk
from rushes.studio.gate import judge
from rushes.studio.jobs.job import Job, Lane, NewJob
from rushes.studio.jobs.submit import digest_of, submit, submitted
from rushes.studio.projects import inbox
from rushes.studio.shooting import work_key
from rushes.studio.takes import FIRST, Take, TakeRequest

_REQUEST = "request"


def submit_ahead(desk: Desk, request: TakeRequest, key: str, estimate_s: float) -> Job:
    """Queue the stages of ``request`` behind everything else, once for each key.

    Raises UsageError where the budget does not hold the estimate, and for words a person must allow first.
    """
    project_id, digest = inbox(desk).id, digest_of(asdict(request))
    with desk.store.write() as connection:
        known = submitted(connection, desk, key, digest)
        if known is not None:
            return known
        _check_words(connection, desk, project_id, request)
        payload = {_REQUEST: asdict(request)}
        new = NewJob(
            project_id,
            None,
            key,
            payload,
            work_key(request, ()),
            Lane.NIGHT,
            priority=0,
            estimate_s=estimate_s,
        )
        return submit(connection, desk, new, digest)


def take_ahead(job: Job) -> Take:
    """What a job without a take makes, as if it were one: in no shot, and called like the job."""
    request = TakeRequest(**job.payload[_REQUEST])
    return Take(job.id, job.project_id, "", "", 0, job.id, FIRST, (), request, job.person_id, job.created_at)


def _check_words(connection: Connection, desk: Desk, project_id: str, request: TakeRequest) -> None:
    decision = judge(connection, desk, project_id, request.prompt, dict(request.settings))
    if decision is not None and decision.decision is Verdict.REVIEW:
        raise UsageError(f"{request.prompt!r} must be allowed by a person first: shoot it once")
