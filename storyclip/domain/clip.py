"""The life of a clip: its states, what can happen to it, and where each happening leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.lane import Lane


class State(StrEnum):
    """What is known of a clip. The value is what the database and the API show."""

    PENDING = "pending"  # nothing was sent, or what was sent provably created nothing
    UPLOADING = "uploading"  # a worker has it in hand; with `intended_at` it may have been sent
    VERIFYING = "verifying"  # Metricool's answer was lost: the story may exist
    WAITING_CONFIRMATION = "waiting_confirmation"  # Metricool has it; not seen live yet
    PUBLISHED = "published"  # seen live
    FAILED = "failed"  # ended without being seen live; `error_code` says how
    CANCELLED = "cancelled"  # withdrawn by the user, here or in Metricool


class Event(StrEnum):
    """What was observed, not what we hope."""

    CLAIMED = "claimed"  # a worker took it; with a plan, the intent to send is in the same commit
    INTENDED = "intended"  # media and plan are committed; from here on it may have been sent
    ACCEPTED = "accepted"  # Metricool answered with an id
    REFUSED = "refused"  # Metricool said no for good, or the attempts are spent: nothing created
    MISSED = "missed"  # its turn came too late for what was wished: not sent
    FORBIDDEN = "forbidden"  # whose it is may not publish there any more; it is not upstream
    HELD_UP = "held_up"  # it cannot be sent before a later time: quota, or the month is full
    POSTPONED = "postponed"  # surely not created; to be tried again later
    UNANSWERED = "unanswered"  # no readable answer: the story may exist
    FOUND = "found"  # the look upstream shows our post
    ABSENT = "absent"  # past the fence and not there: it cannot appear any more
    GIVEN_UP = "given_up"  # absent, and no attempt left
    MOVED = "moved"  # edited in Metricool: another date, or another id
    TAKING_BACK = "taking_back"  # we are about to delete its post upstream, and go on until it is
    SEEN_LIVE = "seen_live"  # Metricool calls it published
    SEEN_FAILED = "seen_failed"  # Metricool calls it failed, in its own words
    TIMED_OUT = "timed_out"  # all checks used up without an outcome
    DELETED_UPSTREAM = "deleted_upstream"  # somebody deleted it in Metricool
    WITHDRAWN = "withdrawn"  # the user cancelled, and it is not upstream or surely deleted there
    RECALLED = "recalled"  # deleted upstream in time, but still wanted later: to be sent anew
    RETRIED = "retried"  # the user asks again, and nothing can exist upstream
    RECHECKED = "rechecked"  # the user asks again, but it may exist: look first


S, E = State, Event

EDGES: dict[tuple[State, Event], State] = {
    (S.PENDING, E.CLAIMED): S.UPLOADING,
    (S.PENDING, E.WITHDRAWN): S.CANCELLED,
    (S.PENDING, E.MISSED): S.FAILED,
    (S.PENDING, E.FORBIDDEN): S.FAILED,
    (S.PENDING, E.HELD_UP): S.PENDING,
    (S.PENDING, E.FOUND): S.WAITING_CONFIRMATION,
    (S.UPLOADING, E.INTENDED): S.UPLOADING,
    (S.UPLOADING, E.ACCEPTED): S.WAITING_CONFIRMATION,
    (S.UPLOADING, E.REFUSED): S.FAILED,
    (S.UPLOADING, E.POSTPONED): S.PENDING,
    (S.UPLOADING, E.UNANSWERED): S.VERIFYING,
    (S.VERIFYING, E.FOUND): S.WAITING_CONFIRMATION,
    (S.VERIFYING, E.ABSENT): S.PENDING,
    (S.VERIFYING, E.GIVEN_UP): S.FAILED,
    (S.VERIFYING, E.DELETED_UPSTREAM): S.CANCELLED,
    (S.VERIFYING, E.SEEN_LIVE): S.PUBLISHED,
    (S.VERIFYING, E.TIMED_OUT): S.FAILED,
    (S.WAITING_CONFIRMATION, E.SEEN_LIVE): S.PUBLISHED,
    (S.WAITING_CONFIRMATION, E.SEEN_FAILED): S.FAILED,
    (S.WAITING_CONFIRMATION, E.TIMED_OUT): S.FAILED,
    (S.WAITING_CONFIRMATION, E.MOVED): S.WAITING_CONFIRMATION,
    (S.WAITING_CONFIRMATION, E.TAKING_BACK): S.WAITING_CONFIRMATION,
    (S.WAITING_CONFIRMATION, E.DELETED_UPSTREAM): S.CANCELLED,
    (S.WAITING_CONFIRMATION, E.WITHDRAWN): S.CANCELLED,
    (S.WAITING_CONFIRMATION, E.FORBIDDEN): S.FAILED,
    (S.WAITING_CONFIRMATION, E.RECALLED): S.PENDING,
    (S.FAILED, E.SEEN_LIVE): S.PUBLISHED,
    (S.FAILED, E.SEEN_FAILED): S.FAILED,
    (S.FAILED, E.MOVED): S.FAILED,
    (S.FAILED, E.TAKING_BACK): S.FAILED,
    (S.FAILED, E.TIMED_OUT): S.FAILED,
    (S.FAILED, E.WITHDRAWN): S.CANCELLED,
    (S.FAILED, E.FORBIDDEN): S.FAILED,
    (S.FAILED, E.RETRIED): S.PENDING,
    (S.FAILED, E.RECHECKED): S.VERIFYING,
    (S.CANCELLED, E.SEEN_LIVE): S.PUBLISHED,
}

ENDED = frozenset({S.PUBLISHED, S.FAILED, S.CANCELLED})
PUT_BACK = "put back"  # in place of a worker's name: it lives, and could not write what it did
UNCERTAIN = frozenset({S.UPLOADING, S.VERIFYING})  # whether Metricool has it
IN_FLIGHT = frozenset({S.UPLOADING, S.VERIFYING, S.WAITING_CONFIRMATION})
UNDECIDED = frozenset({S.PENDING, *UNCERTAIN})  # Metricool has it not yet, or nobody knows
SOUGHT = frozenset({S.PENDING, S.VERIFYING, S.FAILED})  # what came of its sends may turn up
ENDED_UNSEEN = frozenset({S.FAILED, S.CANCELLED})  # ended without being seen live
LET_GO_AFTER = timedelta(minutes=10)  # Metricool itself moves a date by minutes, a person by days


class NoSuchEdge(ValueError):
    """The event makes no sense in that state: a mistake in our code, never a race."""


def after(state: State, event: Event) -> State:
    """Return the state that `event` leads to.

    Raises:
        NoSuchEdge: the table has no such edge.
    """
    try:
        return EDGES[state, event]
    except KeyError:
        raise NoSuchEdge(f"a clip that is {state} cannot be {event}") from None


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip as its row said when it was read; all times are aware UTC.

    `revision` counts the changes: one is written only over the revision it was decided on.
    `next_at` is when its next step is due, None for never by itself; `rung_at` when its bell rang.
    `worker` is who has it in hand while `uploading`, or PUT_BACK.
    `sends` counts the intents to send it ever; `plans` are the dates asked for since it last began
    anew. `wished_for` is when it is meant to go out: late policy and dates far ahead count from it.
    `post_uuid` is the identity of its post, `post_id` only the name that Metricool had for it when
    last seen; `shown_media` are the URLs under which Metricool showed its media.
    `seen_at` is when its post was first looked at after it was accepted.
    `recall_wished_at` is when it had to make way for an earlier clip of its batch, and
    `taken_back_at` when we began to delete its post upstream, which then goes on until it is gone.
    `order_waived`: the user was told that it comes after later ones, and wants it.
    """

    id: int
    batch_id: str
    index: int
    lane: Lane
    client_id: str
    source_url: str
    title: str
    state: State
    revision: int
    attempts: int
    next_at: datetime | None
    rung_at: datetime | None = None
    worker: str | None = None
    media_url: str | None = None
    intended_at: datetime | None = None
    plans: tuple[datetime, ...] = ()
    sends: int = 0
    wished_for: datetime | None = None
    planned_for: datetime | None = None
    post_id: str | None = None
    post_uuid: str | None = None
    shown_media: tuple[str, ...] = ()
    network_post_id: str | None = None
    public_url: str | None = None
    checks: int = 0
    seen_at: datetime | None = None
    missing_since: datetime | None = None
    recall_wished_at: datetime | None = None
    taken_back_at: datetime | None = None
    order_waived: bool = False
    postponed_since: datetime | None = None
    postponements: int = 0
    error: str | None = None
    error_code: str | None = None
    retry_safety: RetrySafety | None = None
    uploaded_at: datetime | None = None
    published_at: datetime | None = None

    @property
    def fence_at(self) -> datetime | None:
        """Return the latest date that any attempt asked for: past it, a late POST is refused."""
        return max(self.plans, default=None)

    @property
    def was_sent(self) -> bool:
        """Return whether the clip in hand may have left: its intent is written."""
        return self.state is State.UPLOADING and self.intended_at is not None

    @property
    def is_unconfirmed(self) -> bool:
        """Return whether it was called failed, and may be out or go out all the same."""
        return self.state is State.FAILED and self.retry_safety is RetrySafety.CHECK_FIRST

    @property
    def is_left_open(self) -> bool:
        """Return whether Metricool called it failed in words that leave open whether it is out."""
        return self.is_unconfirmed and self.error_code == ErrorCode.NETWORK_ERROR

    @property
    def is_let_go(self) -> bool:
        """Return whether somebody moved its post so far ahead that nothing waits for it."""
        asked_for = self.fence_at
        if self.planned_for is None or asked_for is None:
            return False
        return self.planned_for - asked_for > LET_GO_AFTER

    def is_due(self, now: datetime) -> bool:
        """Return whether its next step may be taken now; a bell alone is no reason."""
        return self.next_at is not None and self.next_at <= now
