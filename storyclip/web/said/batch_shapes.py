"""What clients are told of batches, field by field, for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from storyclip.domain.batch import Phase, Status
from storyclip.domain.clip import State
from storyclip.domain.dates.best_time import Distribution, Rule
from storyclip.domain.errors import RefusalCode
from storyclip.web.said.shape import Count, Instant, Shape


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


class AtOnce(Shape):
    """Each clip follows the one before it."""

    mode: Literal["now"]


class OnADate(Shape):
    """The first clip on a date, the others at the interval."""

    mode: Literal["scheduled"]
    scheduled_at: Instant
    local_time: Instant
    timezone: str | None
    interval_minutes: Count


class DatedClip(Shape):
    """The date that was chosen for a clip, and how good its hour is."""

    index: Annotated[int, Field(ge=1)]
    scheduled_at: Instant
    local_time: Instant
    score: int


class AtBestTimes(Shape):
    """Each clip on the date that was chosen for it, and by which rule."""

    mode: Literal["bestTime"]
    scheduled_at: Instant
    local_time: Instant
    timezone: str
    interval_minutes: Count
    distribution: Distribution
    within_days: Count
    rule: Rule
    clips: list[DatedClip]


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
    schedule: AtOnce | OnADate | AtBestTimes
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


class Acted(Summary):
    """A batch after somebody's wish, with all of its summary at the top level too."""

    success: Literal[True]
    batch: Summary


class Paused(Acted):
    """A paused batch, and the clips that may go out all the same."""

    may_go_out: list[int]


class Outcome(Shape):
    """The clips of a cancelled batch by index; `unknown` may be out, or may still come out."""

    published: list[int]
    cancelled: list[int]
    failed: list[int]
    unknown: list[int]


class Cancelled(Acted):
    """A cancelled batch, and what is out of it."""

    outcome: Outcome


class NotRetried(Shape):
    """A failed clip that was left alone, and why."""

    clip: int
    code: RefusalCode
    detail: str


class RetriedShape(Acted):
    """What was sent again, what was found live instead, and where they come in the order."""

    order: Literal["kept", "appended"]
    retried: list[int]
    found_live: list[int]
    not_retried: list[NotRetried]


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


class CreatedSettings(Shape):
    """Where it goes out, and how."""

    account_id: str
    network: Literal["facebook", "instagram"]
    on_failure: Literal["continue", "pause"]
    publish_speed: Literal["safe", "fast", "ultra"] = "safe"
    webhook_url: str = ""


class Created(Shape):
    """A batch that was recorded; nothing of it has been sent yet."""

    batch_id: str
    tenant: str
    status: Literal["processing"]
    posts: Queued
    schedule: AtOnce | OnADate | AtBestTimes
    settings: CreatedSettings
    created_at: Instant
    links: Links
