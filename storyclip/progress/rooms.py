"""Who watches what: a room for each batch, and the way in, through and out.

What a viewer is handed, and the word that resumes after it, are made under one lock, so that both
are in the same order as the bytes on its line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from storyclip.domain.reach import Reach, together
from storyclip.domain.views import rfc3339
from storyclip.progress.cursor import Numbered, UserCursor
from storyclip.progress.outbox import Ending
from storyclip.progress.viewer import Encoded, Event, Viewer, event_of
from storyclip.store.history import events, streams


def past(batch_id: str, seq: int) -> Sequence[Event]:
    """Return the next page of events after `seq`; empty when there are none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return [event_of(batch_id, *row) for row in events.events_after(batch_id, seq)]


def shown_before(batch_id: str, instant: datetime) -> Numbered:
    """Return the last event with which the batch had ended before `instant`.

    That is how far somebody has seen it who watched until then and was not told where.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    text, shown, seq = str(rfc3339(instant)), (0, 0), 0
    while events := past(batch_id, seq):
        for event in events:
            if event.has_ended and event.timestamp <= text:
                shown = event.seq, event.epoch
        seq = events[-1].seq
    return shown


class _Room:
    """The viewers of one batch, and the event that all of them have."""

    __slots__ = ("epoch", "seq", "viewers")

    def __init__(self, seq: int, epoch: int) -> None:
        self.seq, self.epoch = seq, epoch
        self.viewers: set[Viewer] = set()


class Rooms:
    """All viewers of this process; every method may be called by any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._rooms: dict[str, _Room] = {}
        self._viewers: set[Viewer] = set()
        self.is_empty = threading.Event()
        self.is_empty.set()

    def enter(self, viewer: Viewer) -> None:
        """Hand the viewer everything from its cursor on, from now on as it is committed.

        Raises:
            StoreUnavailable: the database does not answer; it has to leave.
        """
        with self._lock:
            self._viewers.add(viewer)
            self.is_empty.clear()
            for batch_id in viewer.cursor.batch_ids():
                self._place(viewer, batch_id)
        if isinstance(viewer.cursor, UserCursor):
            self.discover({viewer.shows})

    def leave(self, viewer: Viewer) -> None:
        """Forget the viewer; harmless if it never entered."""
        with self._lock:
            if viewer not in self._viewers:
                return
            self._viewers.discard(viewer)
            for batch_id in viewer.cursor.batch_ids():
                self._take_out(viewer, batch_id)
            if not self._viewers:
                self.is_empty.set()

    def everybody(self) -> list[Viewer]:
        """Return all viewers."""
        with self._lock:
            return list(self._viewers)

    def seqs(self) -> dict[str, int]:
        """Return the batches that are watched, each with the event that was handed on last."""
        with self._lock:
            return {batch_id: room.seq for batch_id, room in self._rooms.items()}

    def seq(self, batch_id: str) -> int | None:
        """Return the event that was handed on last, None if nobody watches the batch."""
        room = self._rooms.get(batch_id)
        return None if room is None else room.seq

    def watched_wholly(self) -> set[Reach]:
        """Return what somebody watches all batches of."""
        with self._lock:
            return {one.shows for one in self._viewers if isinstance(one.cursor, UserCursor)}

    def catch_up(self, batch_id: str) -> None:
        """Hand on everything of a batch that is committed and was not handed on.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        while (room := self._rooms.get(batch_id)) is not None:
            events = past(batch_id, room.seq)
            if not events:
                return
            with self._lock:
                for event in events:
                    if event.seq == room.seq + 1:
                        if room.seq and event.epoch != room.epoch:
                            self.went_back(batch_id)  # what it had last may have been given anew
                            return
                        room.seq, room.epoch = event.seq, event.epoch
                        self._hand_on(event, room.viewers)
                if room.seq == events[-1].seq and events[-1].has_ended:
                    for viewer in list(room.viewers):
                        self._ended(viewer, batch_id)

    def went_back(self, batch_id: str) -> None:
        """Send away who watches a batch whose rows may have been put back: they come again, and are
        told what is new.
        """
        with self._lock:
            room = self._rooms.get(batch_id)
            for viewer in list(room.viewers) if room else ():
                viewer.outbox.end(Ending.STOPPING)

    def discover(self, reaches: Collection[Reach]) -> None:
        """Have the batches within these that run now watched by whoever watches all of them.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if not reaches:
            return
        places = streams.running_within(together(reaches))
        with self._lock:
            for viewer in self._viewers:
                if isinstance(viewer.cursor, UserCursor):
                    for place in places:
                        if viewer.shows.covers(place.user_id, place.account_id):
                            self._follow(viewer, viewer.cursor, place)

    def _follow(self, viewer: Viewer, cursor: UserCursor, place: streams.Place) -> None:
        batch_id = place.batch_id
        if cursor.follows(batch_id) or cursor.is_full():
            return
        seen = cursor.numbered(batch_id)
        if seen is None:
            seen = shown_before(batch_id, cursor.since)
        elif seen[0] >= place.last_seq:
            return  # it ran when we looked, and has ended since
        cursor.add(batch_id, (place.lane_id, place.turn), seen[0], epoch=seen[1])
        self._place(viewer, batch_id)

    def _place(self, viewer: Viewer, batch_id: str) -> None:
        """Put the viewer into a batch's room, with all it has missed."""
        has_ended = False
        while events := past(batch_id, viewer.cursor.seq(batch_id) or 0):
            for event in events:
                self._hand_on(event, (viewer,))
            has_ended = events[-1].has_ended
        seq, epoch = viewer.cursor.numbered(batch_id) or (0, 0)
        room = self._rooms.setdefault(batch_id, _Room(seq, epoch))
        room.viewers.add(viewer)
        if room.seq < seq:
            self.catch_up(batch_id)
        elif has_ended:
            self._ended(viewer, batch_id)

    def _hand_on(self, event: Event, viewers: Iterable[Viewer]) -> None:
        now = self._now()
        encoded: Encoded = {}
        for viewer in viewers:
            data = viewer.step(event, now, encoded)
            if data is not None:
                viewer.outbox.put(data)

    def _ended(self, viewer: Viewer, batch_id: str) -> None:
        self._take_out(viewer, batch_id)
        if not isinstance(viewer.cursor, UserCursor):
            viewer.outbox.end(Ending.DONE)

    def _take_out(self, viewer: Viewer, batch_id: str) -> None:
        room = self._rooms.get(batch_id)
        if room is not None:
            room.viewers.discard(viewer)
            if not room.viewers:
                del self._rooms[batch_id]
