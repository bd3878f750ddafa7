"""Submit takes: the take, its number and its job in one transaction, once for each key."""

from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from rushes.core.errors import ConflictError, UsageError
from rushes.core.timebase import DELIVERY_RATE
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.gate import judge, refusals_kept, waits
from rushes.studio.jobs.job import HERE, Job, JobState, Lane, NewJob
from rushes.studio.jobs.queue import cancel, find_job
from rushes.studio.jobs.submit import digest_of, submit, submitted
from rushes.studio.projects import inbox, policy_of
from rushes.studio.schema import jobs
from rushes.studio.shots import FIRST_SEQUENCE, Words, add_shot, get_shot
from rushes.studio.store import new_id
from rushes.studio.takes import FIRST, Input, Origin, Take, TakeRequest, add_take, get_take


@dataclass(frozen=True)
class Terms:
    """How a take is queued. ``submit_key``: empty for a key of its own; ``estimate_s``: machine seconds."""

    submit_key: str = ""
    lane: Lane = Lane.INTERACTIVE
    priority: int = 5
    estimate_s: float = 0.0
    is_held: bool = False


PLAIN = Terms()


@dataclass(frozen=True)
class Submitted:
    """A take and the job that makes it."""

    take: Take
    job: Job


def submit_take(
    desk: Desk, shot_id: str, request: TakeRequest, terms: Terms = PLAIN,
    origin: Origin = FIRST, inputs: tuple[Input, ...] = (),
) -> Submitted:  # fmt: skip
    """Add a take of a shot and queue it. The same key again gives the same take and job.

    Raises UsageError for a key used for another request, and where the budget does not hold the estimate;
    RefusedError where the gate says no.
    """
    asked = [shot_id, asdict(request), asdict(origin), [asdict(each) for each in inputs]]
    digest = digest_of(asked)
    terms = replace(terms, submit_key=terms.submit_key or new_id("key"))
    with refusals_kept(desk, shot_id):
        try:
            return _submit_once(desk, shot_id, request, terms, origin, inputs, digest)
        except IntegrityError:
            # Somebody submitted the same key at the same moment: now it is there to be found.
            return _submit_once(desk, shot_id, request, terms, origin, inputs, digest)


def inbox_shot(desk: Desk, words: str) -> str:
    """Id of the inbox's shot that says ``words``, which is made where it is new: for takes of no project."""
    project_id = inbox(desk).id
    key = f"words {digest_of(words)}"
    table = schema.shots
    # Its code begins so, which is indexed: a server's takes stand in the same inbox.
    ours = table.c.code.between(f"{FIRST_SEQUENCE}_SH", f"{FIRST_SEQUENCE}_SHZ")
    asked = select(table.c.id).where(table.c.project_id == project_id, ours, table.c.key == key)
    with desk.store.write() as connection:
        found = connection.scalar(asked)
        if found is not None:
            return str(found)
        return add_shot(connection, desk, project_id, Words(words), "", key).id


def edit_queued(desk: Desk, job_id: str, request: TakeRequest) -> Submitted:
    """Ask for something else in place of a queued job: a new take with the old one's place in the queue.

    A take never changes, so the old one stays as cancelled and its number is not used again.
    """
    old = find_job(desk, job_id)
    if old.state is not JobState.QUEUED or old.take_id is None:
        raise ConflictError(f"{job_id} is {old.state}: only queued takes can be edited")
    with desk.store.read() as connection:
        take = get_take(connection, desk, old.take_id)
    with refusals_kept(desk, take.id), desk.store.read() as connection:
        # Before the old one is gone.
        judge(connection, desk, take.project_id, request.prompt, dict(request.settings))
        asked = Lane.INTERACTIVE if old.lane is Lane.HOSTED else old.lane
        lane = lane_of(connection, desk, take.project_id, request.model, asked)
    terms = Terms("", lane, old.priority, old.estimate_s, is_held=True)
    if cancel(desk, job_id) is not JobState.CANCELLED:
        raise ConflictError(f"{job_id} has started meanwhile: it is being cancelled, shoot again")
    new = submit_take(desk, take.shot_id, request, terms, take.origin, take.inputs)
    with desk.store.write() as connection:
        was_waiting = waits(connection, desk, take.id)
        is_held = waits(connection, desk, new.take.id) or (old.is_held and not was_waiting)
        place = {"rank": old.rank, "is_held": is_held}
        connection.execute(update(jobs).where(jobs.c.id == new.job.id).values(**place))
        desk.log(connection, new.job.id, "job edited", {"before": job_id})
    return Submitted(new.take, find_job(desk, new.job.id))


def _submit_once(
    desk: Desk, shot_id: str, request: TakeRequest, terms: Terms, origin: Origin,
    inputs: tuple[Input, ...], digest: str,
) -> Submitted:  # fmt: skip
    with desk.store.write() as connection:
        known = submitted(connection, desk, terms.submit_key, digest)
        if known is not None:
            return Submitted(_take_of(connection, desk, known), known)
        shot = get_shot(connection, desk, shot_id)
        request = _at_rate(connection, desk, shot.project_id, request)
        take = add_take(connection, desk, shot_id, request, origin, inputs)
        lane = lane_of(connection, desk, shot.project_id, request.model, terms.lane)
        new = NewJob(
            shot.project_id, take.id, terms.submit_key, {}, work_key(request, inputs), lane, terms.priority,
            terms.estimate_s, is_held=terms.is_held,
        )  # fmt: skip
        return Submitted(take, submit(connection, desk, new, digest))


def _at_rate(connection: Connection, desk: Desk, project_id: str, request: TakeRequest) -> TakeRequest:
    """The request with its project's frame rate where it is unusual; hosted clips come as they are."""
    asked = select(schema.projects.c.frame_rate).where(schema.projects.c.id == project_id)
    rate = connection.execute(asked).scalar_one()
    if rate == str(DELIVERY_RATE) or request.model in desk.hosted:
        return request
    return replace(request, settings={"frame_rate": rate, **request.settings})


def lane_of(connection: Connection, desk: Desk, project_id: str, model: str, asked: Lane) -> Lane:
    """Where takes of a model wait.

    Raises UsageError for a hosted one in a project whose words may not leave, and for a lane that is not its.
    """
    if model not in desk.hosted:
        if asked is Lane.HOSTED:
            raise UsageError(f"model {model!r} is not hosted: choose {', '.join(HERE)} as its lane")
        return asked
    if policy_of(connection, project_id).get("remote") is not True:
        code = desk.one(connection, schema.projects, project_id, "project")["code"]
        raise UsageError(
            f"the words of project {code} may not leave this machine: allow it with rushes project policy "
            f"{code} --remote, or over HTTP with allows_remote in PATCH /v1/projects/{code}, or use a model "
            "that is here"
        )
    return Lane.HOSTED


def work_key(request: TakeRequest, inputs: tuple[Input, ...]) -> str:
    """Equal for takes whose stages are equal; only a hint, the stages' own keys decide."""
    return digest_of([asdict(request), [asdict(each) for each in inputs]])


def _take_of(connection: Connection, desk: Desk, job: Job) -> Take:
    assert job.take_id is not None
    return get_take(connection, desk, job.take_id)
