"""One hub a process: it hears what was committed, reads it once, and has it handed to all.

The news says only where to look: events come from the database, so a forged, lost or repeated
message changes nothing. Once a second it looks without being told, at all batches in one query.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Scope
from storyclip.progress.outbox import Ending
from storyclip.progress.rooms import Rooms
from storyclip.progress.viewer import Viewer
from storyclip.store.access import sessions
from storyclip.store.history import streams
from storyclip.store.service import newest

log = structlog.get_logger("storyclip")

LOOK_EVERY_S = 1.0  # without Redis a viewer is behind by this and one query
CHECK_BADGES_EVERY_S = 0.5  # the streams of who may no longer watch end within 1 s
MOST_NEWS = 500  # batches looked at in one query, whoever floods the channel
READERS = 8  # who read the past at once: a thousand who reconnect must not take all connections
FAREWELL_S = 1.5  # for those who take no farewell; the process must be gone within 5 s


class Listens(Protocol):
    """Something that hears the news."""

    def listen(self, tell: Callable[[str, int], None], stopped: threading.Event) -> None:
        """Call `tell` with every (batch id, seq) that is announced, until stopped."""


class Hub:
    """All open streams of this process; its threads start with the first of them.

    `monotonic` returns seconds that never run back. Without an `ear` it looks once a second.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        ear: Listens | None = None,
    ) -> None:
        self.now, self._monotonic, self._ear = now, monotonic, ear
        self._heard: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._rooms = Rooms(now)
        self._starting = threading.Lock()
        self._epoch: int | None = None  # when it was looked last, None while nobody watched
        self._thread: threading.Thread | None = None
        self._listener: threading.Thread | None = None
        self.readers = threading.BoundedSemaphore(READERS)
        self.stopped = threading.Event()

    def admit(self, viewer: Viewer) -> None:
        """Hand the viewer everything from its cursor on, from now on as it is committed.

        Raises:
            StoreUnavailable: the database does not answer; it has to leave.
        """
        self._start()
        self._rooms.enter(viewer)
        if self.stopped.is_set():
            viewer.outbox.end(Ending.STOPPING)

    def leave(self, viewer: Viewer) -> None:
        """Forget the viewer; harmless if it was never admitted."""
        self._rooms.leave(viewer)

    def stop(self) -> None:
        """Have every viewer told, and cut off who does not listen; returns when all are."""
        self.stopped.set()
        self.tell("", 0)  # it may be waiting for news
        self._end_all()
        if not self._rooms.is_empty.wait(FAREWELL_S):
            for viewer in self._rooms.everybody():
                viewer.outbox.cut()

    def tell(self, batch_id: str, seq: int) -> None:
        """Say that event `seq` of the batch may be there."""
        self._heard.put((batch_id, seq))

    def check_badges(self) -> None:
        """End the streams of keys and sessions that are no longer good, or reach no further.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        viewers = self._rooms.everybody()
        if viewers:
            inside = sessions.still_in({viewer.badge for viewer in viewers}, self.now())
            for viewer in viewers:
                holder = inside.get(viewer.badge)
                if holder is None:
                    viewer.outbox.end(Ending.REVOKED)
                elif not (holder.may(Scope.READ) and viewer.shows <= holder.reach):
                    viewer.outbox.end(Ending.NARROWED)

    def _start(self) -> None:
        with self._starting:
            if self.stopped.is_set():
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
                self._thread.start()
            if self._ear is not None and self._listener is None:
                said = (self.tell, self.stopped)
                self._listener = threading.Thread(
                    target=self._ear.listen, args=said, name="ear", daemon=True
                )
                self._listener.start()

    def _run(self) -> None:
        look_at = self._monotonic() + LOOK_EVERY_S
        check_at = self._monotonic() + CHECK_BADGES_EVERY_S
        try:
            while not self.stopped.is_set():
                news = self._news(min(look_at, check_at))
                if self.stopped.is_set():
                    break
                try:
                    self._follow_up(news)
                    if self._monotonic() >= look_at:
                        look_at = self._monotonic() + LOOK_EVERY_S
                        self._look()
                    if self._monotonic() >= check_at:
                        self.check_badges()
                        check_at = self._monotonic() + CHECK_BADGES_EVERY_S
                except StoreUnavailable as failure:
                    log.warning("streams_wait", reason=str(failure))
                    look_at = self._monotonic() + LOOK_EVERY_S
                    check_at = self._monotonic() + CHECK_BADGES_EVERY_S
        finally:
            self._end_all()  # whatever ended us: they come again, and start another

    def _news(self, until: float) -> dict[str, int]:
        """Return what was announced, one number a batch; wait for the first, but not for ever."""
        news: dict[str, int] = {}
        try:
            said = self._heard.get(timeout=max(0.001, until - self._monotonic()))
            while len(news) < MOST_NEWS:
                news[said[0]] = max(news.get(said[0], 0), said[1])
                said = self._heard.get_nowait()
        except queue.Empty:
            pass
        return news

    def _follow_up(self, news: dict[str, int]) -> None:
        unwatched = []
        for batch_id, seq in news.items():
            seen = self._rooms.seq(batch_id)
            if seen is None:
                unwatched.append(batch_id)
            elif seq > seen:
                self._rooms.catch_up(batch_id)
        watched = self._rooms.watched_wholly() if unwatched else set()
        if watched:
            whose = streams.whose(unwatched)
            self._rooms.discover({one for one in watched if any(one.covers(*of) for of in whose)})

    def _look(self) -> None:
        seen = self._rooms.seqs()
        before, self._epoch = self._epoch, newest.find().epoch if seen else None
        is_another = None not in (before, self._epoch) and before != self._epoch
        for batch_id, seq in streams.last_seqs(seen).items():
            if is_another or seq < seen[batch_id]:
                self._rooms.went_back(batch_id)
            elif seq > seen[batch_id]:
                self._rooms.catch_up(batch_id)
        self._rooms.discover(self._rooms.watched_wholly())

    def _end_all(self) -> None:
        for viewer in self._rooms.everybody():
            viewer.outbox.end(Ending.STOPPING)
