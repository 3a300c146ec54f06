"""Metricool as a value: posts, what is still on its way there, and time that publishes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storyclip.domain.network import Network
from storyclip.domain.story import Look, Post, PostStatus

STRANGER = 0  # the clip that somebody else's post is of


@dataclass(frozen=True, slots=True)
class Planned:
    """A post. `clip` and `number` are the send that it came of, which only the judge may know.

    `is_stray`: its POST left when the row said that nothing was on its way. `is_moved`: somebody
    gave it another date, and with it another place among the others. `is_told`: a worker read its
    id and lives.
    """

    uuid: str
    id: str
    clip: int
    number: int
    media: str
    date: datetime
    is_stray: bool = False
    is_live: bool = False
    is_moved: bool = False
    is_told: bool = False
    deleted_at: datetime | None = None

    def shown(self) -> Post:
        """Return the post as the API shows it."""
        status = PostStatus.PUBLISHED if self.is_live else PostStatus.PENDING
        return Post(
            id=self.id,
            network=Network.FACEBOOK,
            media_urls=(self.media,),
            planned_for=self.date,
            status=status,
            uuid=self.uuid,
            deleted_at=self.deleted_at,
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """A POST that left, and was not handled yet; at `lost_at` it never will be."""

    clip: int
    number: int
    media: str
    date: datetime
    is_stray: bool
    lost_at: datetime


@dataclass(frozen=True, slots=True)
class Deleting:
    """A DELETE that left, and was not handled yet; it knows only the id that the post had."""

    post_id: str


@dataclass(frozen=True, slots=True)
class Metricool:
    """All of it; `names` counts the ids that it gave."""

    posts: tuple[Planned, ...] = ()
    line: tuple[Posting | Deleting, ...] = ()
    copies: int = 0
    names: int = 0

    def copied(self) -> tuple[Metricool, str]:
        """Copy a file; each copy has a URL of its own."""
        copies = self.copies + 1
        return replace(self, copies=copies), f"https://static.metricool.com/{copies}.mp4"

    def handled(self, message: Posting | Deleting, now: datetime) -> Metricool:
        """Handle a message. A date that is over is refused, an id that is not there is fine."""
        if isinstance(message, Posting):
            return self if message.date < now else self._created(message, now)
        return replace(
            self,
            posts=tuple(
                replace(post, deleted_at=now)
                if post.id == message.post_id and post.deleted_at is None
                else post
                for post in self.posts
            ),
        )

    def _created(self, posting: Posting, now: datetime) -> Metricool:
        post = Planned(
            uuid=f"u{self.names + 1}",
            id=f"{self.names + 1}",
            clip=posting.clip,
            number=posting.number,
            media=posting.media,
            date=posting.date,
            is_stray=posting.is_stray,
        )
        return replace(self, posts=(*self.posts, post), names=self.names + 1).at(now)

    def at(self, now: datetime) -> Metricool:
        """Publish what is due, and forget what would be refused when it arrived."""
        posts = tuple(
            replace(post, is_live=True)
            if not post.is_live and post.deleted_at is None and post.date <= now
            else post
            for post in self.posts
        )
        line = tuple(
            one
            for one in self.line
            if not isinstance(one, Posting) or now <= min(one.date, one.lost_at)
        )
        return replace(self, posts=posts, line=line)

    def edited(
        self, uuid: str, by: timedelta = timedelta(), *, hands_id_on: bool = False
    ) -> Metricool:
        """Have somebody edit a post: it gets another id, and the old one may be another post's."""
        names = self.names + 1
        posts = []
        for post in self.posts:
            edited = replace(post, id=str(names), date=post.date + by, is_moved=bool(by))
            posts.append(edited if post.uuid == uuid else post)
            if post.uuid == uuid and hands_id_on:
                other = Planned("stranger", post.id, STRANGER, 0, "https://x/s.mp4", post.date)
                posts.append(other)
        return replace(self, posts=tuple(posts), names=names)

    def post(self, post_id: str) -> Post | None:
        """Return the post that has the id now."""
        there = (post for post in self.posts if post.id == post_id and post.deleted_at is None)
        return next((post.shown() for post in there), None)

    def between(self, start: datetime, end: datetime, now: datetime) -> Look:
        """Return what is listed with a date from `start` to `end`."""
        listed = (post for post in self.posts if post.deleted_at is None)
        posts = tuple(post.shown() for post in listed if start <= post.date <= end)
        return Look(posts, now, is_whole=True)

    def deleted(self, now: datetime) -> Look:
        """Return what was deleted."""
        posts = tuple(post.shown() for post in self.posts if post.deleted_at is not None)
        return Look(posts, now, is_whole=True)

    def soonest(self) -> list[datetime]:
        """Return the dates at which something happens here by itself."""
        pending = [one.date for one in self.posts if not one.is_live and one.deleted_at is None]
        return [*pending, *(one.date for one in self.line if isinstance(one, Posting))]
