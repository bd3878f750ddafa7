"""``/v1/batches``: many takes at once, from rows or from variants of one description."""

import secrets
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rushes.core.errors import UsageError
from rushes.core.request import MAX_SEED
from rushes.language.templates import library
from rushes.service.caller import Caller, Reader, Writer
from rushes.service.errors import ERRORS
from rushes.service.files import Sha256
from rushes.service.footage import Window, list_footage
from rushes.service.pages import After, Limit, Page
from rushes.service.studio import TakeSettings
from rushes.service.submit import MAX_RANDOM_SEED, Wish
from rushes.service.tags import IfMatch, expecting, tag_of
from rushes.service.variants import VariantsWish
from rushes.service.video_fields import Name, Words
from rushes.service.videos import IdempotencyKey
from rushes.service.views import TakeView
from rushes.studio.batches import (
    Batch,
    Row,
    cancel_batch,
    estimate_batch,
    find_batch,
    list_batches,
    pause_batch,
    submit_batch,
)
from rushes.studio.jobs.job import ENDED, JobState, Lane
from rushes.studio.projects import find_project
from rushes.studio.shooting import Terms
from rushes.studio.shots import find_shot

router = APIRouter(prefix="/v1", tags=["batches"], responses=ERRORS)
MOST_TAKES = 1000
_MOST_TAKES_OF_ROW = 99
_ROWS: Any = [
    {"text": "a red fox in rain", "takes": 2, "seed": 7},
    {"template": "previs_chase", "language": "en", "values": {"place": "forest"}, "settings": {"steps": 8}},
]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED - _MOST_TAKES_OF_ROW)]


class RowWish(BaseModel):
    """Takes of one shot: in words, by a template and its values, or in the words of the ``shot`` it names.

    A shot that is not there is made; without ``shot`` the row gets one of its own. Seeds count up from
    ``seed``.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _ROWS})
    shot: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,30}(_[A-Z0-9][A-Z0-9-]{0,30})?$")] | None = None
    text: Words | None = None
    template: Name | None = None
    language: Literal["zh", "en", "ja", "ko"] = "en"
    values: Annotated[dict[Name, Name], Field(max_length=50)] = {}
    takes: Annotated[int, Field(ge=1, le=_MOST_TAKES_OF_ROW)] = 1
    seed: Seed | None = None
    model: Name = ""
    settings: TakeSettings = TakeSettings()
    first_frame: Sha256 | None = None

    def row(self, caller: Caller, project_id: str, line: int, name: str) -> Row:
        """As the studio wants it; a seed that is not given comes from the batch's name and the line."""
        drawn = int(sha256(f"{name} {line}".encode()).hexdigest(), 16) % MAX_RANDOM_SEED
        seed = drawn if self.seed is None else self.seed
        try:
            text = self._text(caller, project_id)
            wishes = [self._wish(text, seed + number) for number in range(self.takes)]
            inputs = wishes[0].inputs(caller)
            requests = tuple(wish.request(caller) for wish in wishes)
        except UsageError as error:
            raise type(error)(f"row {line}: {error}") from None
        return Row(line, self.shot or "", text, requests, inputs)

    def _wish(self, text: str, seed: int) -> Wish:
        return Wish(text, self.model, seed, self.settings.document(), first_frame=self.first_frame or "")

    def _text(self, caller: Caller, project_id: str) -> str:
        if self.text is not None and self.template is None:
            return self.text
        if self.template is not None and self.text is None:
            template = library().get(self.template)
            if template is None:
                raise UsageError(f"there is no template {self.template!r}: choose of {', '.join(library())}")
            return template.fill(self.values, self.language)
        if self.shot is None or self.text is not None:
            raise UsageError("a row needs words: send text, template or shot, not two of text and template")
        return find_shot(caller.desk, project_id, self.shot).words.text


class VariedWish(VariantsWish):
    """Variants to film: each description is a shot, each seed a take of it."""

    model: Name = ""
    settings: TakeSettings = TakeSettings()
    first_frame: Sha256 | None = None

    def rows(self, caller: Caller) -> Iterator[Row]:
        """One row a description."""
        by_text = groupby(self.variants(), key=lambda variant: variant.text)
        for line, (text, group) in enumerate(by_text, 1):
            settings, picture = self.settings.document(), self.first_frame or ""
            wishes = [Wish(text, self.model, each.seed, settings, first_frame=picture) for each in group]
            requests = tuple(wish.request(caller) for wish in wishes)
            yield Row(line, "", text, requests, wishes[0].inputs(caller))


class BatchWish(BaseModel):
    """Rows, or variants of one description."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "monday", "rows": _ROWS, "lane": "night"}]}
    )
    name: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = ""
    rows: Annotated[list[RowWish], Field(min_length=1, max_length=MOST_TAKES)] | None = None
    variants: VariedWish | None = None
    lane: Lane = Lane.BATCH
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    is_paused: bool = False

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "BatchWish":
        if (self.rows is None) == (self.variants is None):
            raise ValueError("send rows or variants, one of them")
        return self

    def studio_rows(self, caller: Caller, project_id: str, name: str) -> list[Row]:
        """As the studio wants them. UsageError for what cannot be filmed, and for too many takes."""
        if self.variants is not None:
            return list(self.variants.rows(caller))
        asked = self.rows or []
        number = sum(row.takes for row in asked)
        if number > MOST_TAKES:
            raise UsageError(f"{number} takes are more than {MOST_TAKES}: send several batches")
        return [row.row(caller, project_id, line, name) for line, row in enumerate(asked, 1)]

    def terms(self) -> Terms:
        """How its takes are queued."""
        return Terms(lane=self.lane, priority=self.priority, is_held=self.is_paused)


class BatchChange(BaseModel):
    """Whether nothing more of it starts."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_paused": True}]})
    is_paused: bool


class BatchPlan(BaseModel):
    """What a batch would take, in machine seconds; 0 while nothing of the model was made here."""

    num_takes: int
    estimate_s: float
    budget_left_s: float | None
    fits: bool


class BatchView(BaseModel):
    """A batch: how many of its takes are in each state, and the part from 0 to 1 that has ended."""

    id: str
    object: Literal["batch"] = "batch"
    project_id: str
    name: str
    created_at: float
    num_takes: int
    counts: dict[JobState, int]
    num_held: int
    progress: float
    is_paused: bool

    @classmethod
    def of(cls, batch: Batch) -> "BatchView":
        """From the studio's rows."""
        whole = sum(batch.counts.values())
        ended = sum(batch.counts[state] for state in ENDED)
        return cls(
            id=batch.id, project_id=batch.project_id, name=batch.name, created_at=batch.created_at,
            num_takes=whole, counts=dict(batch.counts), num_held=batch.num_held,
            progress=ended / whole if whole else 0.0, is_paused=batch.is_paused,
        )  # fmt: skip


@router.post("/projects/{project_id}/batch-plans")
def plan(caller: Reader, project_id: str, asked: BatchWish) -> BatchPlan:
    """Count a batch, look at every row of it, and foretell its time and budget; nothing is queued."""
    project = find_project(caller.desk, project_id)
    rows = asked.studio_rows(caller, project.id, "")
    seconds = estimate_batch(caller.desk, project, rows, asked.lane, caller.house.engine.estimate)
    left = None if project.budget_s is None else project.budget_s - project.spent_s - project.reserved_s
    whole = sum(seconds)
    return BatchPlan(
        num_takes=len(seconds), estimate_s=whole, budget_left_s=left, fits=left is None or whole <= left
    )


@router.post("/projects/{project_id}/batches", status_code=202)
def submit(caller: Writer, project_id: str, asked: BatchWish, key: IdempotencyKey = "") -> BatchView:
    """Queue all takes of a batch. One row that cannot be filmed refuses all of it, before anything is queued.

    The same Idempotency-Key with the same rows adds nothing.
    """
    project = find_project(caller.desk, project_id)
    # Takes are found again by the batch's name, so the key is part of it.
    mark = sha256(key.encode()).hexdigest()[:12] if key else secrets.token_hex(6)
    name = f"{asked.name or 'batch'} {mark}"
    rows = asked.studio_rows(caller, project.id, name)
    batch, _ = submit_batch(caller.desk, project, name, rows, asked.terms(), caller.house.engine.estimate)
    return BatchView.of(batch)


@router.get("/projects/{project_id}/batches")
def batches(caller: Reader, project_id: str, limit: Limit = 20, after: After = "") -> Page[BatchView]:
    """The batches of a project, newest first."""
    found = list_batches(caller.desk, find_project(caller.desk, project_id).id, limit + 1, after)
    views = [BatchView.of(batch) for batch in found]
    return Page(data=views[:limit], next=views[limit - 1].id if len(views) > limit else None)


@router.get("/batches/{batch_id}")
def batch(caller: Reader, batch_id: str, response: Response) -> BatchView:
    """One batch and how far it is; its ETag says whether it is paused."""
    found = find_batch(caller.desk, batch_id)
    response.headers["etag"] = _tag(found)
    return BatchView.of(found)


@router.patch("/batches/{batch_id}")
def change(
    caller: Writer, batch_id: str, asked: BatchChange, response: Response, if_match: IfMatch = ""
) -> BatchView:
    """Pause a batch, or let it go on; what runs, runs on."""
    check = expecting(if_match, _tag, "the batch")
    found = pause_batch(caller.desk, batch_id, asked.is_paused, check)
    response.headers["etag"] = _tag(found)
    return BatchView.of(found)


@router.post("/batches/{batch_id}/cancel", status_code=202)
def cancel(caller: Writer, batch_id: str) -> BatchView:
    """Cancel what has not ended; what is made stays."""
    return BatchView.of(cancel_batch(caller.desk, batch_id))


@router.get("/batches/{batch_id}/takes")
def takes(caller: Reader, batch_id: str, limit: Limit = 50, after: After = "") -> Page[TakeView]:
    """The takes of a batch, newest first."""
    found_batch = find_batch(caller.desk, batch_id)
    found, has_more = list_footage(caller.desk, Window(limit, after, batch_id=found_batch.id))
    return Page(data=[TakeView.of(each) for each in found], next=found[-1].take.id if has_more else None)


def _tag(batch: Batch) -> str:
    return tag_of(batch.id, batch.is_paused)
