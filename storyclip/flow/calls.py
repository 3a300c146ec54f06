"""The calls to Metricool that a decision may ask for: each is a value, made by whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar

from storyclip.domain.lane import Lane
from storyclip.domain.story import Look, Post, Story, Upstream

T_co = TypeVar("T_co", covariant=True)


class Call(Protocol[T_co]):
    """One call to Metricool; `point` is the gap after its answer, where a worker may die."""

    point: ClassVar[str]

    def make(self, upstream: Upstream, send_by: float | None) -> T_co:
        """Make the call; `send_by`: monotonic seconds after which no byte of it may leave."""


@dataclass(frozen=True, slots=True)
class PrepareMedia:
    """Have Metricool copy a file."""

    point: ClassVar[str] = "media_prepared"
    lane: Lane
    source_url: str

    def make(self, upstream: Upstream, send_by: float | None) -> str:
        """Return the URL of the copy."""
        del send_by  # may be repeated, so it may be late
        return upstream.prepare_media(self.lane.account_id, self.source_url)


@dataclass(frozen=True, slots=True)
class Submit:
    """Have one story published."""

    point: ClassVar[str] = "answered"
    story: Story

    def make(self, upstream: Upstream, send_by: float | None) -> Post:
        """Return the post that was created."""
        return upstream.submit_story(self.story, send_by)


@dataclass(frozen=True, slots=True)
class ReadPost:
    """Look at one post by the id that it had."""

    point: ClassVar[str] = "shown"
    lane: Lane
    post_id: str

    def make(self, upstream: Upstream, send_by: float | None) -> Post | None:
        """Return the post that has this id now, whosever it is."""
        del send_by
        return upstream.post(self.lane.account_id, self.lane.network, self.post_id)


@dataclass(frozen=True, slots=True)
class ListPosts:
    """Look at all posts with a date from `start` to `end`."""

    point: ClassVar[str] = "looked"
    lane: Lane
    start: datetime
    end: datetime

    def make(self, upstream: Upstream, send_by: float | None) -> Look:
        """Return what Metricool lists."""
        del send_by
        return upstream.posts_between(self.lane.account_id, self.lane.network, self.start, self.end)


@dataclass(frozen=True, slots=True)
class ListDeleted:
    """Look at what was deleted."""

    point: ClassVar[str] = "looked_among_deleted"
    lane: Lane

    def make(self, upstream: Upstream, send_by: float | None) -> Look:
        """Return what Metricool lists, latest deletion first."""
        del send_by
        return upstream.deleted_posts(self.lane.account_id, self.lane.network)


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a post that was just seen, under this id, to be ours."""

    point: ClassVar[str] = "deleted"
    lane: Lane
    post_id: str

    def make(self, upstream: Upstream, send_by: float | None) -> None:
        """Return when Metricool says that it is gone."""
        upstream.delete_post(self.lane.account_id, self.post_id, send_by)


@dataclass(frozen=True, slots=True)
class CountMonth:
    """Ask how many posts Metricool has published for the account this month."""

    point: ClassVar[str] = "looked"
    lane: Lane

    def make(self, upstream: Upstream, send_by: float | None) -> int | None:
        """Return the count, None when Metricool does not tell."""
        del send_by
        return upstream.month_count(self.lane.account_id)
