"""``/v1/takes/ID/edits``, ``/extensions`` and ``/v1/in-betweens``: takes made of the clips of others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.core.request import MAX_SEED
from rushes.service.caller import Caller, Writer
from rushes.service.errors import ERRORS
from rushes.service.footage import CLIP, Footage, find_footage
from rushes.service.submit import Remake, submit_remake
from rushes.service.video_fields import Name, Words
from rushes.service.videos import IdempotencyKey
from rushes.service.views import TakeView
from rushes.studio.jobs.job import Lane
from rushes.studio.shooting import Terms
from rushes.studio.takes import Input, Relation, master_of
from rushes.studio.uploads import find_upload

router = APIRouter(prefix="/v1", tags=["remakes"], responses=ERRORS)
Pixel = Annotated[int, Field(ge=0, le=10_000)]
TakeId = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class RemakeWish(BaseModel):
    """What all of them may be told. ``model``: left out, the one that made the take."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seed": 7}]})
    model: Name = ""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    lane: Lane = Lane.INTERACTIVE
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    is_held: bool = False

    def terms(self) -> Terms:
        """How it is queued."""
        return Terms(lane=self.lane, priority=self.priority, is_held=self.is_held)


class EditWish(RemakeWish):
    """What the clip becomes, described as a whole; framing, poses and moves stay.

    ``strength``: how much may change. ``is_masked``: only where the two descriptions differ. ``box``: only
    x, y, width and height in pixels of the clip are painted anew; the other two do not count then.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"prompt": "a red fox leaps over a meadow at night", "seed": 7}]},
    )
    prompt: Words
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0
    is_masked: bool = True
    box: Annotated[list[Pixel], Field(min_length=4, max_length=4)] | None = None

    def settings(self, was: str) -> dict[str, Any]:
        """As a take's; ``was`` is what the model reads for the clip as it is."""
        box = None if self.box is None else ",".join(map(str, self.box))
        return {"edit": {"was": was, "box": box, "strength": self.strength, "mask": self.is_masked}}


class ExtensionWish(RemakeWish):
    """How many seconds longer the clip becomes; ``prompt``: left out, in the words it was made of."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seconds": 2}]})
    seconds: Annotated[float, Field(gt=0, le=30)]
    prompt: Words | None = None


class InBetweenWish(RemakeWish):
    """A clip from the last frame of ``first`` to the first of ``last``: takes, or one take and a file sent.

    It is another take of the first one's shot.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"first": "take_5f0c", "last": "take_6a1d", "prompt": "a red fox runs"}]
        },
    )
    first: TakeId
    last: TakeId
    prompt: Words
    seconds: Annotated[float, Field(gt=0, le=30)] | None = None


@router.post("/takes/{take_id}/edits", status_code=202)
def edit(caller: Writer, take_id: str, asked: EditWish, key: IdempotencyKey = "") -> TakeView:
    """Queue a take that shows something else in the same shot."""
    parent = find_footage(caller.desk, take_id)
    if asked.prompt == parent.take.request.prompt:
        raise UsageError("the clip shows that already: say what it becomes")
    inputs = (Input(CLIP, _clip_of(caller, parent)),)
    settings = asked.settings(_read_as(caller, parent))
    remake = Remake(Relation.EDIT, parent.take, asked.prompt, settings, inputs)
    return _submitted(caller, asked, remake, key)


@router.post("/takes/{take_id}/extensions", status_code=202)
def extend(caller: Writer, take_id: str, asked: ExtensionWish, key: IdempotencyKey = "") -> TakeView:
    """Queue a take that begins with all of this one and goes on."""
    parent = find_footage(caller.desk, take_id)
    inputs = (Input(CLIP, _clip_of(caller, parent)),)
    words, settings = asked.prompt or parent.take.request.prompt, {"extend": {"seconds": str(asked.seconds)}}
    return _submitted(caller, asked, Remake(Relation.EXTEND, parent.take, words, settings, inputs), key)


@router.post("/in-betweens", status_code=202)
def join(caller: Writer, asked: InBetweenWish, key: IdempotencyKey = "") -> TakeView:
    """Queue a take that leads from one to another."""
    ends = {role: _end(caller, name) for role, name in (("first", asked.first), ("last", asked.last))}
    parent = next((end.footage for end in ends.values() if end.footage is not None), None)
    if parent is None:
        raise UsageError("first and last are files: name a take as one of them, its shot gets the new one")
    settings: dict[str, Any] = {"between": {f"{role}_is_clip": end.is_clip for role, end in ends.items()}}
    if asked.seconds is not None:
        settings["seconds"] = str(asked.seconds)
    inputs = tuple(Input(role, end.sha256) for role, end in ends.items())
    remake = Remake(Relation.IN_BETWEEN, parent.take, asked.prompt, settings, inputs)
    return _submitted(caller, asked, remake, key)


@dataclass(frozen=True)
class _End:
    """Where an in-between begins or ends: a kept file, of ``footage`` where it is a take's clip."""

    sha256: str
    is_clip: bool
    footage: Footage | None = None


def _end(caller: Caller, name: str) -> _End:
    if re.fullmatch("[0-9a-f]{64}", name):
        return _End(name, not find_upload(caller.desk, name).facts.is_picture)
    footage = find_footage(caller.desk, name)
    return _End(_clip_of(caller, footage), True, footage)


def _submitted(caller: Caller, asked: RemakeWish, remake: Remake, key: str) -> TakeView:
    made = submit_remake(caller, remake, asked.model, asked.seed, asked.terms(), key)
    return TakeView.of(find_footage(caller.desk, made.take.id))


def _clip_of(caller: Caller, footage: Footage) -> str:
    """Hash of a take's clip. ConflictError while it is not made, MissingError when it is gone."""
    file = footage.files.get(CLIP)
    if file is None:
        raise ConflictError(f"{footage.take.code} is not made yet: wait for it")
    if not caller.house.files.path(caller.desk.tenant_id, file.sha256).exists():
        raise MissingError(f"the clip of {footage.take.code} is not kept any more: make the take again")
    return file.sha256


def _read_as(caller: Caller, footage: Footage) -> str:
    """What the model read for a take's words."""
    master = master_of(caller.desk, footage.take.id)
    stages: list[Mapping[str, Any]] = [] if master is None else master.recipe["stages"]
    words: Mapping[str, Any] = next((each["settings"] for each in stages if each["name"] == "enhance"), {})
    return str(words.get("context_text") or footage.take.request.prompt)
