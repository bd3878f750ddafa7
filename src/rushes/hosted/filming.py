"""One clip from a hosted model: ordered once, waited for, fetched and looked at.

Every order costs money, so it stands in the log before it is sent, and its task before it is asked for:
whoever comes next goes on with it. What cannot be known is told, never guessed.
"""

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NoReturn, TypeVar

from rushes.core.errors import ConflictError, HostedError, RushesError
from rushes.hosted.clip import check_clip
from rushes.hosted.failures import (
    LinkExpiredError,
    ThrottledError,
    UnansweredError,
    UnreachableError,
    failure,
)
from rushes.hosted.service import Service, Task
from rushes.hosted.task_log import Order, TaskLog
from rushes.hosted.wish import Wish
from rushes.media.video import VideoFacts

# The service writes times without their zone: its own, or the world's.
_ZONES = (UTC, timezone(timedelta(hours=8)))
_NEAR_S = 180.0
_MOST_LOOKED_AT = 20


@dataclass(frozen=True)
class Pace:
    """Seconds. Looks begin ``first_s`` apart and grow to ``most_s``; the vendor advises 15.

    ``slice_s``: how often whoever watches hears something; ``busy_s``: how long a full or silent service is
    asked again; ``deadline_s``: how long a task may take; ``settle_s``: until a lost order must be in the
    service's list; ``cancel_s``: what saying goodbye may take. ``tries`` of fetching a clip.
    """

    first_s: float = 5.0
    most_s: float = 15.0
    slice_s: float = 0.5
    busy_s: float = 300.0
    deadline_s: float = 1800.0
    settle_s: float = 5.0
    cancel_s: float = 3.0
    tries: int = 4


PACE = Pace()


@dataclass(frozen=True)
class Waiting:
    """How far it is, 0 to 1 and a guess, and what is waited for."""

    done: float
    doing: str


@dataclass(frozen=True)
class Clip:
    """The clip as the service made it, and the task it came from."""

    path: Path
    task: Task
    facts: VideoFacts


_T = TypeVar("_T")
Steps = Generator[Waiting, None, _T]


@dataclass(frozen=True)
class Filming:
    """One wish at one service. ``tell`` writes into the take's history; ``key`` is what the clip is known by.

    ``is_unwanted`` says, when work is stopped, whether nobody wants the clip any more; else the task is left
    running for the next attempt.
    """

    service: Service
    wish: Wish
    log: TaskLog
    key: str
    tell: Callable[[str, Mapping[str, Any]], None]
    is_unwanted: Callable[[], bool]
    pace: Pace = PACE
    _began: float = field(default_factory=monotonic)

    def film(self, path: Path) -> Generator[Waiting | Clip, None, None]:
        """Write the clip to ``path``; ends with Clip.

        Raises UsageError, RefusedError and LimitError as the service means it, HostedBusyError when it stays
        out of reach or full, ConflictError where a person has to decide, HostedError for the rest.
        """
        self.log.forget_old()
        with ExitStack() as place:
            while not place.enter_context(self.log.place(self.wish.model.tasks_at_once)):
                place.close()
                yield from self._sleep(self.pace.slice_s, 0.0, "a free place of the key")
            try:
                order = yield from self._ordered()
                task = yield from self._wait_for(order.task_id)
                facts = yield from self._fetch(task, path)
            except (GeneratorExit, KeyboardInterrupt) as stop:
                self._let_go(isinstance(stop, KeyboardInterrupt) or self.is_unwanted())
                raise
        yield Clip(path, task, facts)

    # Ordering

    def _ordered(self) -> Steps[Order]:
        """The order with its task: of an earlier attempt, or a new one."""
        order = self.log.find(self.key)
        if order is None:
            return (yield from self._order())
        if order.base != self.service.base:
            raise ConflictError(
                f"this was ordered at {order.base}: set DASHSCOPE_REGION back to go on with it"
            )
        if order.task_id:
            self.tell("hosted task resumed", {"task": order.task_id})
            return order
        if order.is_told:
            self.tell("hosted order sent anew", {"after": "its outcome stayed unknown"})
            return (yield from self._order())
        found = yield from self._look_for(order)
        return found if found is not None else (yield from self._order())

    def _order(self) -> Steps[Order]:
        """Order until the service takes it, or for as long as it is worth asking."""
        until, tries = monotonic() + self.pace.busy_s, 0
        while True:
            try:
                return (yield from self._send())
            except HostedError as error:
                throttled = error if isinstance(error, ThrottledError) else None
                if monotonic() > until:
                    raise throttled.in_the_end if throttled else error from error
                tries += 1
                pause = self._back_off(tries, throttled.wait_s if throttled else None)
            yield from self._sleep(pause, 0.0, "the service to take the order")

    def _send(self) -> Steps[Order]:
        """Order once; the order with its task. Raises an error when it was certainly not taken."""
        with ExitStack() as door:
            yield from self._pass(door)
            order = Order(self.service.base, self.wish.model.remote_name, self.wish.prompt, time.time())
            self.log.write(self.key, order)
            try:
                order = replace(order, task_id=self.service.submit(self.wish))
            except UnansweredError:
                pass
            except RushesError:
                self.log.remove(self.key)
                raise
            else:
                self.log.write(self.key, order)
                self.tell("hosted task submitted", {"task": order.task_id})
                return order
        found = yield from self._look_for(order)
        if found is None:
            raise UnreachableError("the service never got the order; it is tried again")
        return found

    def _pass(self, door: ExitStack) -> Steps[None]:
        """Wait until nobody else of this account orders, and the last order is long enough ago."""
        while not door.enter_context(self.log.door(self.wish.model.submits_a_second)):
            door.close()
            yield from self._sleep(min(0.1, self.pace.slice_s), 0.0, "a turn to order")

    def _look_for(self, lost: Order) -> Steps[Order | None]:
        """The order with the task it became though no answer came; None where the service never got it.

        Raises ConflictError where that cannot be known: a person decides whether to pay once more.
        """
        self.tell("hosted order unanswered", {"at": lost.at})
        yield from self._sleep(self.pace.settle_s, 0.0, "the service's list of tasks")
        with ExitStack() as door:
            yield from self._pass(door)
            try:
                found = list(self._candidates(lost))
            except HostedError as error:
                self._give_to_a_person(str(error))
            others = [
                each for each in self.log.others(self.key) if not each.task_id and _is_alike(each, lost)
            ]
            if len(found) > 1 or (found and others):
                self._give_to_a_person(f"{len(found)} tasks could be it")
            if not found:
                self.log.remove(self.key)
                self.tell("hosted order never arrived", {})
                return None
            order = replace(lost, task_id=found[0].id)
            self.log.write(self.key, order)
        self.tell("hosted task found again", {"task": order.task_id})
        return order

    def _candidates(self, lost: Order) -> Iterator[Task]:
        """Tasks with these words from that moment which belong to no other order."""
        taken = {each.task_id for each in self.log.others(self.key)}
        free = [each for each in self.service.newest() if each not in taken]
        if len(free) > _MOST_LOOKED_AT:
            raise UnansweredError(f"{len(free)} other tasks are too many to look through")
        for task_id in free:
            task = self.service.look(task_id)
            if task.prompt == lost.prompt and _was_near(task.submit_time, lost.at):
                yield task

    def _give_to_a_person(self, why: str) -> NoReturn:
        self.log.tell(self.key)
        raise ConflictError(
            f"nobody can say whether the service took this order ({why}): it may be charged. Look into the "
            "service's console; queued again, the take is ordered and paid anew"
        )

    # Waiting

    def _wait_for(self, task_id: str) -> Steps[Task]:
        """The task, succeeded. What failed is forgotten, so that another attempt orders anew."""
        until = monotonic() + self.pace.deadline_s
        wait_s, silent, status = self.pace.first_s, 0, "PENDING"
        while True:
            try:
                task = self.service.look(task_id)
            except HostedError as error:
                silent += 1
                pause = self._back_off(silent, error.wait_s if isinstance(error, ThrottledError) else None)
            else:
                silent, status = 0, task.status
                if status not in ("PENDING", "RUNNING", "SUSPENDED"):
                    return self._ended(task)
                pause = wait_s * random.uniform(0.8, 1.2)
                wait_s = min(self.pace.most_s, 1.25 * wait_s)
            if monotonic() > until:
                self._too_late(task_id, status)
            yield from self._sleep(pause, self._guess(status), f"{status} at the service")

    def _ended(self, task: Task) -> Task:
        if task.status == "SUCCEEDED":
            return task
        self.log.remove(self.key)
        self.tell("hosted task ended", {"task": task.id, "status": task.status, "code": task.code})
        if task.status == "FAILED":
            raise failure(task.code, task.message)
        if task.status == "CANCELED":
            raise ConflictError(f"task {task.id} was cancelled at the service: queue the take again")
        raise ConflictError(
            f"the service does not know task {task.id} any more (it keeps them for a day) and may have "
            "charged it: queued again, the take is ordered and paid anew"
        )

    def _too_late(self, task_id: str, status: str) -> NoReturn:
        """Cancel what has not begun; wait on for what has, in another attempt."""
        after = f"after {self.pace.deadline_s:.0f} s"
        if status == "PENDING" and self._cancel(task_id):
            raise HostedError(f"task {task_id} had not begun {after} and was cancelled: it is tried again")
        raise HostedError(f"task {task_id} is {status} {after}: another attempt waits on for the same task")

    # Fetching

    def _fetch(self, task: Task, path: Path) -> Steps[VideoFacts]:
        """The clip, fetched whole and decoded to its end."""
        for number in range(1, self.pace.tries + 1):
            try:
                for size in self.service.download(task, path):
                    yield Waiting(0.95, f"fetching the clip, {size / 1e6:.1f} MB")
                return check_clip(path, self.wish.seconds)
            except HostedError as error:
                path.unlink(missing_ok=True)
                if number == self.pace.tries:
                    raise self._lost(task, error) from error
                is_expired = isinstance(error, LinkExpiredError)
                yield from self._sleep(self._back_off(number, None), 0.95, "the clip")
                if is_expired:
                    task = yield from self._wait_for(task.id)
        raise AssertionError("a clip is fetched once at least")

    def _lost(self, task: Task, error: HostedError) -> RushesError:
        if not isinstance(error, LinkExpiredError):
            return error
        self.log.remove(self.key)
        return ConflictError(
            f"{error}: task {task.id} was made and charged, but links last a day; queued again, the take is "
            "ordered and paid anew"
        )

    # Stopping

    def _let_go(self, is_unwanted: bool) -> None:
        """Cancel what waits, say what is left running. Otherwise leave the task to the next attempt."""
        order = self.log.find(self.key)
        if order is None or not is_unwanted:
            return
        if not order.task_id:
            self.tell("hosted order left", {"why": "nobody knows whether it was taken; it may be charged"})
            return
        if self._cancel(order.task_id):
            self.tell("hosted task cancelled", {"task": order.task_id})
        else:
            why = "it has begun and is charged; the same take shot again within a day uses it"
            self.tell("hosted task abandoned", {"task": order.task_id, "why": why})

    def _cancel(self, task_id: str) -> bool:
        """Whether the task will never run."""
        try:
            self.service.cancel(task_id, self.pace.cancel_s)
        except RushesError:
            return False
        self.log.remove(self.key)
        return True

    def _guess(self, status: str) -> float:
        return (
            0.05 if status == "PENDING" else min(0.9, (monotonic() - self._began) / self.wish.model.usual_s)
        )

    def _back_off(self, tries: int, asked_s: float | None) -> float:
        """As long as the service asks, else ever longer; never all at the same moment."""
        if asked_s is not None:
            return asked_s + random.uniform(0, self.pace.slice_s)
        longest = min(self.pace.most_s, self.pace.first_s * 2.0 ** (tries - 1))
        return longest * random.uniform(0.5, 1.0)

    def _sleep(self, seconds: float, done: float, doing: str) -> Steps[None]:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            sleep(min(left, self.pace.slice_s))
            yield Waiting(done, f"waiting for {doing}, {monotonic() - self._began:.0f} s")


def _is_alike(one: Order, other: Order) -> bool:
    """Whether two orders could be taken for each other in the service's list."""
    is_same = (one.remote_name, one.prompt) == (other.remote_name, other.prompt)
    return is_same and abs(one.at - other.at) < _NEAR_S


def _was_near(stamp: str, at: float) -> bool:
    """Whether ``stamp``, like ``2026-11-20 09:30:00.123`` in a zone nobody names, is about ``at``."""
    try:
        written = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    moments = (written.replace(tzinfo=zone).timestamp() for zone in _ZONES)
    return any(abs(moment - at) < _NEAR_S for moment in moments)
