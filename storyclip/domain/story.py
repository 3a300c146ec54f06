"""What we ask of Metricool and what it shows us, in our own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from storyclip.domain.errors import RetrySafety
from storyclip.domain.network import Network

WEEK = 7 * 24  # hours
MEDIA_DEADLINES = 12  # a large file takes minutes: integrators allow 4 min against our usual 20 s


class PostStatus(StrEnum):
    """The outcome as Metricool tells it; words we do not know are UNKNOWN, never failure."""

    PENDING = "PENDING"
    PUBLISHING = "PUBLISHING"
    PUBLISHED = "PUBLISHED"
    ERROR = "ERROR"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Story:
    """One clip to be published once, on one network of one account.

    `planned_for` is aware UTC, on a whole second; Metricool cuts it to its date step.
    """

    account_id: str
    network: Network
    media_url: str
    planned_for: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One of Metricool's posts as far as one network of it goes.

    Its `uuid` is what it is: the id changes with every edit in the planner, and may be another
    post's by now. A wall time in the hour that comes twice means `planned_for` or
    `other_reading`. `words` and `retry_safety` are meant for ERROR: the network's reason, and
    what it allows.
    """

    id: str
    network: Network
    media_urls: tuple[str, ...]
    planned_for: datetime | None
    status: PostStatus
    words: str = ""
    retry_safety: RetrySafety = RetrySafety.SAFE
    network_post_id: str | None = None
    public_url: str | None = None
    uuid: str | None = None  # opaque; today a signed 64-bit number, negative ones too
    created_at: datetime | None = None  # cut to the minute
    deleted_at: datetime | None = None  # only among the deleted
    other_reading: datetime | None = None
    is_draft: bool = False
    is_story: bool | None = None  # None where it is not shown


@dataclass(frozen=True, slots=True)
class Look:
    """A list of posts, and how far it may be believed.

    What is in it is there. What is not in it may be absent only if the look `is_whole` and says
    what time it was upstream when it was made.
    """

    posts: tuple[Post, ...]
    upstream_now: datetime | None
    is_whole: bool  # no post unreadable, no page left out


@dataclass(frozen=True, slots=True)
class Brand:
    """An account that the credentials can publish for; `id` is Metricool's blogId.

    `facebook` and `instagram` are what Metricool calls it there, None where it is not connected.
    """

    id: str
    label: str
    timezone: str
    facebook: str | None
    instagram: str | None
    picture: str | None


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How well each hour of a week does: seven days from Monday on, each with 24 local hours.

    The more the better, and no more than that: the values are relative to the account.
    """

    days: tuple[tuple[int, ...], ...]

    @property
    def is_flat(self) -> bool:
        """Return whether all hours are alike, as they are without history: it advises nothing."""
        return len({value for day in self.days for value in day}) <= 1

    def value_at(self, local: datetime) -> int:
        """Return the value of the hour that the clocks of the zone show."""
        return self.days[local.weekday()][local.hour]

    def shifted(self, minutes: int) -> HeatMap:
        """Return the map by clocks that are so many minutes ahead; parts of hours are weighed."""
        values = [value for day in self.days for value in day]
        hours, late = divmod(-minutes, 60)
        moved = [
            round((values[at % WEEK] * (60 - late) + values[(at + 1) % WEEK] * late) / 60)
            for at in range(hours, hours + WEEK)
        ]
        return HeatMap(tuple(tuple(moved[day : day + 24]) for day in range(0, WEEK, 24)))


class Upstream(Protocol):
    """What the flow needs of Metricool. Every call ends within its hard deadline."""

    def prepare_media(self, account_id: str, source_url: str) -> str:
        """Have Metricool copy the file, and return its own URL for it. May be repeated.

        Raises:
            UpstreamRefused, UpstreamDenied, UpstreamBusy, UpstreamUnreachable, MediaUnavailable
        """

    def submit_story(self, story: Story, send_by: float | None = None) -> Post:
        """Have one story published; one POST, never repeated in here.

        After `send_by`, a moment of the monotonic clock, nothing leaves any more.

        Raises:
            UpstreamRefused, UpstreamDateInPast, UpstreamDenied: surely not created.
            UpstreamBusy, UpstreamUnreachable: surely not created.
            UpstreamUnanswered: it may have been created.
        """

    def post(self, account_id: str, network: Network, post_id: str) -> Post | None:
        """Return one post, or None when no post for the network has such an id.

        That is weak: ids change, lists and single posts lag, and a person may have edited it.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def posts_between(
        self, account_id: str, network: Network, start: datetime, end: datetime
    ) -> Look:
        """Return all posts dated from `start` to `end`, whatever their status, deleted ones not.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def deleted_posts(self, account_id: str, network: Network) -> Look:
        """Return the posts that somebody deleted, latest deletion first.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def delete_post(self, account_id: str, post_id: str, send_by: float | None = None) -> None:
        """Delete a post; one that is already gone is fine.

        After `send_by`, a moment of the monotonic clock, nothing leaves any more.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed: it may be gone.
        """

    def brands(self) -> Sequence[Brand]:
        """Return the accounts of these credentials, without deleted and demo ones.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def best_times(
        self, account_id: str, network: Network, timezone: str, start: datetime, end: datetime
    ) -> HeatMap:
        """Return how well the hours of the zone do, learned from `start` to `end`, a week at most.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def month_count(self, account_id: str) -> int | None:
        """Return how many posts the account published this month; None when nobody tells.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def now(self) -> datetime | None:
        """Return what time it is upstream, by its recent answers; None while they do not tell."""

    def is_heard(self) -> bool:
        """Return whether it answered of late, so that what it tells of its time is known."""
