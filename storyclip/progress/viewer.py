"""One viewer: on which wire, how far it is, and what it has yet to be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storyclip.domain.batch import RUNNING
from storyclip.domain.holder import Badge
from storyclip.domain.reach import Reach
from storyclip.domain.shown import StreamEnd
from storyclip.progress.cursor import BatchCursor, UserCursor
from storyclip.progress.outbox import Ending, Outbox


@dataclass(frozen=True, slots=True)
class Event:
    """One committed change as the database has it; `body` is its JSON."""

    batch_id: str
    seq: int
    epoch: int
    body: str
    has_ended: bool
    timestamp: str


def event_of(batch_id: str, seq: int, body: str, epoch: int) -> Event:
    """Return the event of a row."""
    facts = json.loads(body)
    return Event(batch_id, seq, epoch, body, facts["status"] not in RUNNING, facts["timestamp"])


class Wire(Protocol):
    """How things are written on one kind of line; the same bytes for every viewer of that kind."""

    def snapshot(self, facts: Mapping[str, object]) -> bytes:
        """The state as of now, first of all."""

    def event(self, word: str, body: str) -> bytes:
        """One event, and the word that resumes after it."""

    def beat(self) -> bytes:
        """A sign of life; empty where the line has its own."""

    def farewell(self, ending: Ending, end: StreamEnd | None) -> bytes:
        """The last bytes: why it is over; `end` of the one batch, None of many."""


Encoded = dict[tuple[Wire, str], bytes]


class Viewer:
    """A stream that is open, seen from inside: what it shows, and by which key or session."""

    __slots__ = ("badge", "cursor", "outbox", "shows", "wire")

    def __init__(
        self,
        wire: Wire,
        outbox: Outbox,
        cursor: BatchCursor | UserCursor,
        shows: Reach,
        badge: Badge,
    ) -> None:
        self.wire, self.outbox, self.cursor = wire, outbox, cursor
        self.shows, self.badge = shows, badge

    def step(self, event: Event, now: datetime, encoded: Encoded) -> bytes | None:
        """Move on by one event and return its bytes; None if the viewer is past it already.

        Args:
            encoded: what was made for others of the same event, kept for the next.
        """
        seq = self.cursor.seq(event.batch_id)
        if seq is None or event.seq <= seq:
            return None
        ended_at = now if event.has_ended else None
        self.cursor.advance(event.batch_id, (event.seq, event.epoch), ended_at)
        key = (self.wire, self.cursor.word(now))
        data = encoded.get(key)
        if data is None:
            data = encoded[key] = self.wire.event(key[1], event.body)
        return data
