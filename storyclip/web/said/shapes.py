"""What clients are told, field by field, for the OpenAPI document. More fields may come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from storyclip.domain.batch import Phase, Status
from storyclip.domain.clip import State

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Count = Annotated[int, Field(ge=0)]


class Shape(BaseModel):
    """camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel)


class Fault(Shape):
    """One place of the request, by JSON pointer, and what is wrong with it."""

    pointer: str
    detail: str


class ProblemDetails(Shape):
    """What went wrong (RFC 9457); `code` is for programs and stays, `error` repeats the title."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: str
    error: str
    errors: list[Fault] = []


class ClipShape(Shape):
    """One clip. `retrySafety` says whether sending it again could show the story twice."""

    index: Annotated[int, Field(ge=1)]
    id: str
    url: str
    title: str
    status: State
    metricool_post_id: str | None
    facebook_post_id: str | None
    public_url: str | None
    error: str | None
    error_code: str | None
    retry_safety: Literal["safe", "check_first", "never"] | None
    attempts: Count
    scheduled_at: Instant | None
    uploaded_at: Instant | None
    published_at: Instant | None


class Waiting(Shape):
    """For how many seconds the current clip has been checked, of how many."""

    elapsed: float
    total: float


class Facts(Shape):
    """What a batch's status and its summary have in common."""

    batch_id: str
    tenant: str
    job_id: str | None
    status: Status
    phase: Phase
    publish_mode: Literal["now", "scheduled", "bestTime"]
    account_id: str
    network: Literal["facebook", "instagram"]
    progress: Annotated[int, Field(ge=0, le=100)]
    current_index: Count
    current_story: str | None
    current_status: State | None
    wait_progress: Waiting
    scheduled_for: Instant | None
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None
    error: str | None
    last_seq: Count


class Counts(Shape):
    """The clips of a batch, counted by how they ended."""

    total: Count
    published: Count
    failed: Count
    unconfirmed: Count
    cancelled: Count


class BatchStatus(Facts):
    """A batch with all its clips."""

    posts: Counts
    clips: list[ClipShape]


class Summary(Facts, Counts):
    """A batch without its clips."""


class OneBatch(Shape):
    """One batch."""

    success: Literal[True]
    batch: Summary


class ManyBatches(Shape):
    """Several batches, newest first."""

    success: Literal[True]
    batches: list[Summary]
    count: Count


class Queued(Shape):
    """How many clips were recorded."""

    total: Count
    queued: Count


class Links(Shape):
    """Where to look."""

    status: str
    stream: str
    ws: str


class Created(Shape):
    """A batch that was recorded; nothing of it has been sent yet."""

    batch_id: str
    tenant: str
    status: Literal["processing"]
    posts: Queued
    schedule: dict[str, object]
    settings: dict[str, object]
    created_at: Instant
    links: Links


class Ticket(Shape):
    """What a browser shows as `?ticket=` where it can send no header."""

    ticket: str
    expires_in_s: int


class BrandShape(Shape):
    """An account of Metricool's."""

    id: str
    label: str
    timezone: str | None
    has_facebook: bool
    has_instagram: bool
    picture: str | None


class Brands(Shape):
    """The accounts that the key may publish for."""

    success: Literal[True]
    brands: list[BrandShape]


class BestDay(Shape):
    """How good each hour of a weekday is, Monday being 1."""

    day_of_week: Annotated[int, Field(ge=1, le=7)]
    hours: Annotated[list[float], Field(min_length=24, max_length=24)]


class BestSlot(Shape):
    """A good time that is still to come."""

    starts_at: Instant
    value: float


class BestTimes(Shape):
    """When an account's followers look."""

    success: Literal[True]
    timezone: str
    days: list[BestDay]
    next: list[BestSlot]


class SessionShape(Shape):
    """Who is signed in; `accounts` is null where every one is allowed."""

    user_id: str
    scopes: list[str]
    accounts: list[str] | None


class Alive(Shape):
    """The process answers."""

    status: Literal["alive"]


class Ready(Shape):
    """All that the process stands on answers."""

    status: Literal["ready"]
    checks: dict[str, str]
