"""Whether the rows at hand are the newest there ever were, and whether they may be acted on.

A backup that was put back, a failover to a copy that lacks the last second, a machine set back to
a snapshot, a copy started elsewhere: the rows look right and are not. What tells is a mark that is
moved in the database first and then outside of it, where it was last alive, and when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storyclip.domain.clip_words import Told, say

STOOD_STILL = timedelta(seconds=5)  # since the last sign of life: each lane is looked at once
MAY_BE_LOST = timedelta(minutes=1)  # since then the numbers that rows were given may be others'
BEFORE = timedelta(seconds=10)  # rows are committed, and posts dated, by clocks that differ

EVER = datetime(2000, 1, 1, tzinfo=UTC)  # since when posts are unknown to rows begun anew

_EPOCHS_FROM = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """What the database says of itself.

    `place` is where it was last alive, `server` which run of which server. `mark` counts the signs
    of life. Rows written since it may have lost some have another `epoch`. `lost_since` and
    `lost_until` tell when posts may have been made that its rows do not know. `elsewhere` is where
    it belongs, should that be another place than this one; `rival` another installation that
    publishes for the same user of Metricool; `paused_at` since when the operator has it paused.
    """

    installation: str | None = None
    place: str | None = None
    server: str | None = None
    epoch: int = 0
    mark: int = 0
    alive_at: datetime | None = None
    lost_since: datetime | None = None
    lost_until: datetime | None = None
    elsewhere: str | None = None
    rival: str | None = None
    paused_at: datetime | None = None

    @property
    def may_act(self) -> bool:
        """Return whether anything may be done to what Metricool has, in this place."""
        return self.elsewhere is None and self.rival is None

    def is_alive(self, now: datetime) -> bool:
        """Return whether some process has shown a sign of life of late."""
        return self.alive_at is not None and now - self.alive_at <= STOOD_STILL

    @property
    def why_nothing_is_sent(self) -> Told | None:
        """Return in words what stops everything, None while nothing does."""
        if self.elsewhere is not None:
            return say("elsewhere", place=self.elsewhere)
        if self.rival is not None:
            return say("rival", place=self.rival)
        if self.paused_at is not None:
            return say("all_paused")
        return None


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of life as it was left outside the database."""

    installation: str
    mark: int
    epoch: int
    alive_at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """The last intent to send, as it was left outside the database before the story was asked for.

    Rows that lack it were put back, though nobody has given a sign of life since they were copied.
    """

    clip_id: int
    number: int
    at: datetime


class Doubt(StrEnum):
    """Why the rows may not be the newest."""

    OLDER = "older than the mark that was left outside it"
    LACKING = "lacking the story that was asked for last"
    OTHER = "of another installation than the one that was here"
    RESTORED = "put back from a backup"
    SERVER = "on a database server that was started again"
    STILL = "begun with again, or without a sign of life for a while"


@dataclass(frozen=True, slots=True)
class Finding:
    """What to make of the rows: since when posts may be unknown to them, and whether rows are lost.

    Rows are not lost where StoryClip only stood still: then a look at each lane is enough.
    """

    doubt: Doubt
    since: datetime
    loses_rows: bool


def newest(marks: Iterable[Mark | None]) -> Mark | None:
    """Return the mark that was left last, None if there is none.

    Each is one more than all before it, whatever the clock was that it was left by.
    """
    return max((one for one in marks if one is not None), key=lambda one: one.mark, default=None)


def judged(
    here: Installation,
    outside: Mark | None,
    server: str,
    now: datetime,
    *,
    is_restored: bool,
    is_boot: bool,
    lacks_sending: bool = False,
) -> Finding | None:
    """Return why the rows may not be the newest there ever were, None if they surely are.

    A process that begins knows nothing of what was put back a moment before, within one sign of
    life: to it they may always be older.
    """
    if here.alive_at is None and outside is None and not is_restored:
        return None  # a new one
    since = _since(here, now)
    if is_restored:
        return Finding(Doubt.RESTORED, since, loses_rows=True)
    if outside is not None and here.installation not in (None, outside.installation):
        return Finding(Doubt.OTHER, since, loses_rows=True)
    if outside is not None and (here.alive_at is None or outside.mark > here.mark):
        return Finding(Doubt.OLDER, since, loses_rows=True)
    if lacks_sending:
        return Finding(Doubt.LACKING, since, loses_rows=True)
    assert here.alive_at is not None
    still = now - here.alive_at
    if is_boot or still > STOOD_STILL:
        return Finding(Doubt.STILL, since, loses_rows=still > MAY_BE_LOST)
    if here.server not in (None, server):
        return Finding(Doubt.SERVER, since, loses_rows=_line(here.server) != _line(server))
    return None


def last(sendings: Iterable[Sending | None]) -> Sending | None:
    """Return which was left last, None if none was."""
    return max((one for one in sendings if one is not None), key=lambda one: one.at, default=None)


def later_sign(known: datetime | None, at: datetime) -> datetime:
    """Return which of two signs of life counts; one that is still to come was a wrong clock's."""
    return at if known is None or known - at > STOOD_STILL else max(known, at)


def next_epoch(here: Installation, outside: Mark | None, now: datetime) -> int:
    """Return a number that no row was given yet, also none of those that are lost.

    The hour makes it differ where a machine was set back together with its marks.
    """
    hours = int((now - _EPOCHS_FROM) / timedelta(hours=1))
    return max(here.epoch + 1, outside.epoch + 1 if outside else 0, hours)


def _line(server: str | None) -> str:
    """Return a server's line of history: the same after a restart, another after a failover."""
    return (server or "").partition(",")[0]


def _since(here: Installation, now: datetime) -> datetime:
    return EVER if here.alive_at is None else min(here.alive_at, now) - BEFORE
