"""Words become a take: a shot in the inbox, its take and job in one transaction, once for each key."""

import secrets
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import IntegrityError

from rushes.core.errors import UsageError
from rushes.service.caller import Caller
from rushes.studio.gate import refusals_kept
from rushes.studio.jobs.job import Job, NewJob
from rushes.studio.jobs.submit import digest_of, submit, submitted
from rushes.studio.projects import inbox
from rushes.studio.retake import asked_again
from rushes.studio.shooting import PLAIN, Submitted, Terms, lane_of, submit_take, work_key
from rushes.studio.shots import Words, add_shot
from rushes.studio.store import new_id
from rushes.studio.takes import Input, Origin, Relation, Take, TakeRequest, add_take, get_take
from rushes.studio.uploads import find_upload

MAX_RANDOM_SEED = 10**6
FIRST_FRAME = "first_frame"


@dataclass(frozen=True)
class Wish:
    """What a client asks for; ``model`` and ``seed`` may be left to us. ``key``: the Idempotency-Key.

    ``first_frame``: hash of the uploaded picture it starts from, empty for none.
    """

    prompt: str
    model: str = ""
    seed: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    first_frame: str = ""

    def request(self, caller: Caller) -> TakeRequest:
        """With model and seed filled in."""
        model = caller.house.engine.model(self.model)
        seed = drawn_seed(self.key) if self.seed is None else self.seed
        return TakeRequest(self.prompt, seed, model.name, self.settings)

    def inputs(self, caller: Caller) -> tuple[Input, ...]:
        """The files it starts from. UsageError for a clip, and for a model that starts from no picture."""
        if not self.first_frame:
            return ()
        model = caller.house.engine.model(self.model)
        if not model.takes_first_frame:
            raise UsageError(f"model {model.name!r} does not start from a picture: leave out first_frame")
        if not find_upload(caller.desk, self.first_frame).facts.is_picture:
            raise UsageError(f"file {self.first_frame[:12]} is a clip: send a picture as first_frame")
        return (Input(FIRST_FRAME, self.first_frame),)


@dataclass(frozen=True)
class Remake:
    """A take made of the clips of others, as a child of one; ``settings`` say what becomes of them."""

    relation: Relation
    parent: Take
    prompt: str
    settings: dict[str, Any]
    inputs: tuple[Input, ...]


def submit_words(caller: Caller, wish: Wish) -> Submitted:
    """Shoot ``wish`` as a shot of its own. The same key again gives the same take; ConflictError with others.

    Raises UsageError for what the model cannot do, LimitError without budget or room in the queue.
    """
    request = wish.request(caller)
    inputs = wish.inputs(caller)
    estimate_s = caller.house.engine.estimate(caller.desk, request, inputs)
    terms = Terms(submit_key(wish.key), estimate_s=estimate_s)
    project_id = inbox(caller.desk).id
    with caller.house.spans.named("submit"), refusals_kept(caller.desk, project_id):
        try:
            return _once(caller, project_id, request, inputs, terms)
        except IntegrityError:
            # The same key at the same moment: now it is there to be found.
            return _once(caller, project_id, request, inputs, terms)


def submit_to_shot(caller: Caller, shot_id: str, wish: Wish, terms: Terms = PLAIN) -> Submitted:
    """Shoot another take of a shot that is there."""
    request, inputs = wish.request(caller), wish.inputs(caller)
    estimate_s = caller.house.engine.estimate(caller.desk, request, inputs)
    terms = Terms(submit_key(wish.key), terms.lane, terms.priority, estimate_s, terms.is_held)
    with caller.house.spans.named("submit"):
        return submit_take(caller.desk, shot_id, request, terms, inputs=inputs)


def submit_remix(caller: Caller, take: Take, prompt: str, key: str) -> Submitted:
    """Shoot a take again in other words, with its seed, settings and all the files it started from.

    Raises UsageError for what the model cannot do.
    """
    caller.house.engine.model(take.request.model)
    request = asked_again(caller.desk, take, prompt)
    estimate_s = caller.house.engine.estimate(caller.desk, request, take.inputs)
    terms, origin = Terms(submit_key(key), estimate_s=estimate_s), Origin(Relation.REMIX, take.id)
    with caller.house.spans.named("submit"):
        return submit_take(caller.desk, take.shot_id, request, terms, origin, take.inputs)


def submit_remake(
    caller: Caller, remake: Remake, model: str, seed: int | None, terms: Terms, key: str
) -> Submitted:
    """Make a take of footage, by the model of its parent where none is named.

    Raises UsageError for what the model cannot do with it.
    """
    parent, inputs = remake.parent, remake.inputs
    name = caller.house.engine.model(model or parent.request.model).name
    number = drawn_seed(key) if seed is None else seed
    request = TakeRequest(remake.prompt, number, name, remake.settings)
    estimate_s = caller.house.engine.estimate(caller.desk, request, inputs)
    terms = replace(terms, submit_key=submit_key(key), estimate_s=estimate_s)
    with caller.house.spans.named("submit"):
        return submit_take(
            caller.desk, parent.shot_id, request, terms, Origin(remake.relation, parent.id), inputs
        )


def drawn_seed(key: str) -> int:
    """A seed by chance; the same one for the same Idempotency-Key, so that a retry asks the same."""
    drawn = int(sha256(key.encode()).hexdigest(), 16) if key else secrets.randbits(64)
    return drawn % MAX_RANDOM_SEED


def submit_key(key: str) -> str:
    """The ledger's key of an Idempotency-Key; one of its own where the client sent none."""
    return f"http {sha256(key.encode()).hexdigest()}" if key else new_id("key")


def _once(
    caller: Caller, project_id: str, request: TakeRequest, inputs: tuple[Input, ...], terms: Terms
) -> Submitted:
    desk = caller.desk
    digest = digest_of(["words", asdict(request), *(asdict(each) for each in inputs)])
    with desk.store.write() as connection:
        known = submitted(connection, desk, terms.submit_key, digest)
        if known is not None:
            return Submitted(get_take(connection, desk, _take_id(known)), known)
        # A code by chance: counting up would read all codes of a busy inbox.
        code = f"API_{secrets.token_hex(6).upper()}"
        shot = add_shot(connection, desk, project_id, Words(request.prompt), code, "")
        take = add_take(connection, desk, shot.id, request, inputs=inputs)
        work = work_key(request, inputs)
        lane = lane_of(connection, desk, project_id, request.model, terms.lane)
        new = NewJob(project_id, take.id, terms.submit_key, {}, work, lane, estimate_s=terms.estimate_s)
        return Submitted(take, submit(connection, desk, new, digest))


def _take_id(job: Job) -> str:
    assert job.take_id is not None
    return job.take_id
