"""``/v1/webhook_endpoints``: where a tenant is told of its videos, in the shape OpenAI's client manages."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rushes.service.caller import Reader, Writer
from rushes.service.courier import CAPS, body_of, deliver
from rushes.service.errors import ERRORS
from rushes.service.footage import video_id
from rushes.service.outbound import MAX_URL, check_url
from rushes.service.pages import After, Limit, Page
from rushes.service.tags import IfMatch, expecting, tag_of
from rushes.service.videos import IdempotencyKey
from rushes.studio.outbox import (
    SECRET_PREFIX,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointTerms,
    Kind,
    NewEndpoint,
    add_endpoint,
    change_endpoint,
    find_endpoint,
    list_deliveries,
    list_endpoints,
    remove_endpoint,
    replay,
    rotate_secret,
)
from rushes.studio.store import new_id

router = APIRouter(prefix="/v1", tags=["webhooks"], responses=ERRORS)
EventType = Literal["video.completed", "video.failed"]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Address = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=2)]
_URL = "https://hooks.example.com/rushes"


class EndpointWish(BaseModel):
    """An address to be told of videos that are completed or failed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "post", "url": _URL, "event_types": ["video.completed"]}]},
    )
    name: Title
    url: Address
    event_types: EventTypes


class EndpointChange(BaseModel):
    """What may change of an endpoint; left out: stays. It is turned on again where it was off."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"url": _URL}]})
    name: Title | None = None
    url: Address | None = None
    event_types: EventTypes | None = None


class SecretWish(BaseModel):
    """Whether the old secret signs too for a day."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"keep_old_secret_active_for_24_hours": True}]}
    )
    keep_old_secret_active_for_24_hours: bool = False


_AT_ONCE = SecretWish()


class TrialWish(BaseModel):
    """An event to try an endpoint with; it tells of no video."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"event_type": "video.completed"}]}
    )
    event_type: EventType


class EndpointView(BaseModel):
    """An endpoint. ``is_off``: it answered 410 and is told nothing until it is changed."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    created_at: int
    updated_at: int
    name: str
    url: str
    event_types: list[EventType]
    signing_secret_hint: str
    is_off: bool
    reason: str

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointView":
        """From the studio's row."""
        return cls(
            id=endpoint.id, created_at=int(endpoint.created_at), updated_at=int(endpoint.updated_at),
            name=endpoint.name, url=endpoint.url, is_off=endpoint.is_off, reason=endpoint.reason,
            event_types=[_type_of(kind) for kind in endpoint.kinds],
            signing_secret_hint=f"{SECRET_PREFIX}...{endpoint.secret[-4:]}",
        )  # fmt: skip


class EndpointWithSecret(EndpointView):
    """An endpoint and the secret its messages are signed with, which is shown this once."""

    signing_secret: str


class Endpoints(BaseModel):
    """All endpoints of the tenant, oldest first."""

    object: Literal["list"] = "list"
    data: list[EndpointView]
    has_more: bool = False
    first_id: str | None
    last_id: str | None


class DeletedEndpoint(BaseModel):
    """An endpoint that is gone."""

    id: str
    object: Literal["webhook_endpoint.deleted"] = "webhook_endpoint.deleted"
    deleted: Literal[True] = True


class TrialResult(BaseModel):
    """What the endpoint answered."""

    object: Literal["webhook_endpoint.test"] = "webhook_endpoint.test"
    webhook_endpoint_id: str
    event_type: EventType
    status_code: int
    success: Literal[True] = True


class DeliveryView(BaseModel):
    """One event for one endpoint; ``due_at`` is the next try while it waits, times in seconds since 1970."""

    id: str
    event_id: str
    event_type: EventType
    video_id: str
    state: DeliveryState
    tries: int
    answer: str
    created_at: float
    due_at: float | None
    ended_at: float | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """From the studio's row."""
        is_waiting = delivery.state is DeliveryState.WAITING
        return cls(
            id=delivery.id, event_id=delivery.event_id, event_type=_type_of(delivery.kind),
            video_id=video_id(delivery.take_id), state=delivery.state, tries=delivery.tries,
            answer=delivery.answer, created_at=delivery.created_at, ended_at=delivery.ended_at,
            due_at=delivery.due_at if is_waiting else None,
        )  # fmt: skip


@router.post("/webhook_endpoints")
def add(caller: Writer, asked: EndpointWish, key: IdempotencyKey = "") -> EndpointWithSecret:
    """Register an address; the secret is in this answer only."""
    check_url(asked.url, caller.house.allowed_hosts)
    terms = NewEndpoint(asked.name, asked.url, _kinds(asked.event_types))
    return _with_secret(add_endpoint(caller.desk, terms, key))


@router.get("/webhook_endpoints")
def endpoints(
    caller: Reader, after: After = "", limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Endpoints:
    """The endpoints; there are never more than a page of them."""
    found = [EndpointView.of(each) for each in list_endpoints(caller.desk)]
    if after:
        find_endpoint(caller.desk, after)
        found = found[[each.id for each in found].index(after) + 1 :]
    page = found[:limit]
    ends = (page[0].id, page[-1].id) if page else (None, None)
    return Endpoints(data=page, has_more=len(found) > limit, first_id=ends[0], last_id=ends[1])


@router.get("/webhook_endpoints/{endpoint_id}")
def endpoint(caller: Reader, endpoint_id: str, response: Response) -> EndpointView:
    """One endpoint."""
    found = find_endpoint(caller.desk, endpoint_id)
    response.headers["etag"] = _tag(found)
    return EndpointView.of(found)


@router.post("/webhook_endpoints/{endpoint_id}")
def change(
    caller: Writer, endpoint_id: str, asked: EndpointChange, response: Response, if_match: IfMatch = ""
) -> EndpointView:
    """Change an endpoint, and turn it on again."""
    if asked.url is not None:
        check_url(asked.url, caller.house.allowed_hosts)
    kinds = None if asked.event_types is None else _kinds(asked.event_types)
    check = expecting(if_match, _tag, "the endpoint")
    changed = change_endpoint(caller.desk, endpoint_id, EndpointTerms(asked.name, asked.url, kinds), check)
    response.headers["etag"] = _tag(changed)
    return EndpointView.of(changed)


@router.delete("/webhook_endpoints/{endpoint_id}")
def remove(caller: Writer, endpoint_id: str, if_match: IfMatch = "") -> DeletedEndpoint:
    """Tell it nothing any more, and forget what it was to be told."""
    remove_endpoint(caller.desk, endpoint_id, expecting(if_match, _tag, "the endpoint"))
    return DeletedEndpoint(id=endpoint_id)


@router.post("/webhook_endpoints/{endpoint_id}/rotate_secret")
def rotate(caller: Writer, endpoint_id: str, asked: SecretWish = _AT_ONCE) -> EndpointWithSecret:
    """Make a new secret, which is shown in this answer only."""
    keeps_old = asked.keep_old_secret_active_for_24_hours
    return _with_secret(rotate_secret(caller.desk, endpoint_id, keeps_old))


@router.post("/webhook_endpoints/{endpoint_id}/test")
def trial(caller: Writer, endpoint_id: str, asked: TrialWish) -> TrialResult:
    """Send one signed event now, and say what was answered; it is not tried again."""
    found, event_id = find_endpoint(caller.desk, endpoint_id), new_id("evt")
    body = body_of(event_id, Kind(asked.event_type.removeprefix("video.")), "video_test", found.created_at)
    reply = deliver(found, event_id, body, caller.house.allowed_hosts, CAPS)
    return TrialResult(webhook_endpoint_id=endpoint_id, event_type=asked.event_type, status_code=reply.status)


@router.get("/webhook_endpoints/{endpoint_id}/deliveries")
def deliveries(
    caller: Reader, endpoint_id: str, state: DeliveryState | None = None, limit: Limit = 50, after: After = ""
) -> Page[DeliveryView]:
    """What an endpoint was told or is to be, newest first; `state=dead` is what was given up."""
    found, has_more = list_deliveries(caller.desk, endpoint_id, state, limit, after)
    return Page(data=[DeliveryView.of(each) for each in found], next=found[-1].id if has_more else None)


@router.post("/webhook_deliveries/{delivery_id}/replay", status_code=202)
def send_again(caller: Writer, delivery_id: str) -> DeliveryView:
    """Tell it again, under the same event id."""
    return DeliveryView.of(replay(caller.desk, delivery_id))


def _kinds(types: list[EventType]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys(Kind(each.removeprefix("video.")) for each in types))


def _tag(endpoint: Endpoint) -> str:
    return tag_of(endpoint.id, endpoint.updated_at)


def _with_secret(endpoint: Endpoint) -> EndpointWithSecret:
    plain = EndpointView.of(endpoint).model_dump()
    return EndpointWithSecret(**plain, signing_secret=endpoint.secret)


def _type_of(kind: Kind) -> EventType:
    return "video.completed" if kind is Kind.COMPLETED else "video.failed"
