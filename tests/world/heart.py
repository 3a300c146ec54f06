"""All that the simulated world knows of StoryClip's own code: the real thing, nothing imitated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from config.settings import Settings
from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.clip_source import FilePiece
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.domain.dates.timetable import Timetable, at_once
from storyclip.domain.errors import (
    ActionRefused,
    IdempotencyKeyReused,
    LostRace,
    NotFound,
    QuotaExceeded,
    RequestInvalid,
    StoreUnavailable,
    UpstreamError,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.network import Network
from storyclip.domain.shown import Summary
from storyclip.domain.user_file import FileState, UserFile
from storyclip.domain.views import summary_view
from storyclip.flow import take_in
from storyclip.flow.accept import accept
from storyclip.flow.bring import bring
from storyclip.flow.control import Hand, Patience
from storyclip.flow.engine import Engine
from storyclip.flow.lane_care import look_after
from storyclip.flow.mend_file import work_on
from storyclip.flow.newest import Outside, Watchman
from storyclip.flow.reconcile import reconcile
from storyclip.flow.retry import Retry
from storyclip.flow.sources import Shelf
from storyclip.flow.step import prepare, step
from storyclip.spool.local import Spool
from storyclip.store.files import files, pieces, uses
from storyclip.store.publishing import batches
from storyclip.store.publishing.new_batch import IdempotencyKey, NewBatch, NewClip
from storyclip.upstream.exchange import Answer, Exchange, Request
from storyclip.upstream.metricool import Metricool
from storyclip.upstream.part_line import PartCarrier
from tests.people import of

__all__ = [
    "DROPPED",
    "REFUSALS",
    "Answer",
    "Batch",
    "Exchange",
    "FileState",
    "Heart",
    "Mode",
    "Outside",
    "Request",
    "Settings",
    "StoreUnavailable",
    "Timetable",
    "UpstreamUnanswered",
    "UpstreamUnreachable",
]

USER = "user"
OK = 200
ROOM = take_in.Room(of_one=10**9, of_user=10**12, of_all=10**12)
DROPPED = (NotFound, StoreUnavailable)  # what an actor drops, for the row rings again
REFUSALS = (  # what the web answers with a problem of its own
    ActionRefused,
    IdempotencyKeyReused,
    LostRace,
    NotFound,
    QuotaExceeded,
    RequestInvalid,
    StoreUnavailable,
    UpstreamError,
)


class Heart:
    """StoryClip in one process: what workers, clock and web do there."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        exchange: Exchange,
        moment: Callable[[], object],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        ring_prepare: Callable[[int], None],
        ring_audit: Callable[[int], None],
        server_time: Callable[[], datetime | None],
        outside: Sequence[Outside],
        hold: Callable[[str], str | None],
        parts: PartCarrier | None = None,
    ) -> None:
        """Begin it.

        Args:
            moment: what clocks go by; while it is the same, all of them show what they did.
        """
        deadline_s = settings.http_deadline_s
        upstream = Metricool("", "sandbox-token", "1", deadline_s, exchange, monotonic, parts=parts)
        self._uploads = upstream.uploads
        self._clock = SharedClock(SteadyClock(now, monotonic), monotonic, server_time)
        self._watchman = Watchman(outside, hold, monotonic)
        self._engine = Engine(
            upstream,
            settings,
            self.now,
            monotonic,
            sleep,
            jitter,
            name,
            ring_prepare,
            ring_audit,
            self._watchman.leave_sending,
        )
        self._hand = Hand(settings, self.now, Patience(monotonic, sleep), of(USER), None)
        self._has_server_time = server_time() is not None
        self._moment = moment
        self._shown_at: object = None
        self._now = self.now()

    def now(self) -> datetime:
        """Return the time that this process believes it is: its clock's ticks go by it, too."""
        if (moment := self._moment()) != self._shown_at:  # else it says the same once more
            if self._has_server_time:
                self._clock.follow()  # which those ticks do
            self._shown_at, self._now = moment, self._clock()
        return self._now

    def look(self) -> None:
        """Give a sign of life, and see whether the rows are the newest there ever were."""
        self._watchman.look(self.now())

    def step(self, clip_id: int) -> None:
        """Take the step that is due for a clip."""
        step(clip_id, self._engine)

    def prepare(self, clip_id: int) -> None:
        """Have a clip's file copied ahead."""
        prepare(clip_id, self._engine)

    def audit(self, lane_id: int) -> None:
        """Clear up a lane in doubt, and compare its rows with what Metricool lists."""
        look_after(lane_id, self._engine)

    def bring(self, clip_id: int, shelf: Shelf) -> None:
        """Bring a clip's bytes into Metricool."""
        bring(clip_id, self._engine, self._uploads, shelf)

    def work_on(self, file_id: str, spool: Spool) -> None:
        """Look into a file, and make what it can become."""
        engine = self._engine
        work_on(file_id, engine.worker, engine.now, engine.monotonic, spool)

    def announce(self, wanted: take_in.Announced, spool: Spool) -> UserFile:
        """Announce a file whose bytes come afterwards."""
        return take_in.begin(USER, wanted, self._engine.now(), spool, ROOM)

    def receive(self, file_id: str, offset: int, blocks: Iterable[bytes], spool: Spool) -> UserFile:
        """Take in bytes of a file."""
        engine = self._engine
        files.find(file_id, of(USER))
        return take_in.receive(file_id, offset, blocks, None, spool, engine.now, engine.monotonic)

    def file(self, file_id: str) -> UserFile:
        """Return a file of the user's."""
        return files.find(file_id, of(USER))

    def remove(self, file_id: str) -> None:
        """Forget a file that no running batch needs."""
        uses.remove(files.find(file_id, of(USER)), self._engine.now())

    def sources(self, file_ids: Sequence[str]) -> list[str]:
        """Return what stands for the pieces of files, in order, where others have addresses."""
        ready = pieces.ready(file_ids, of(USER))
        return [FilePiece(one, n).source for one in file_ids for n in ready.get(one, ())]

    def create(
        self,
        batch_id: str,
        lane: tuple[str, str],
        urls: Sequence[str],
        timetable: Timetable | None,
        on_failure: str,
        gap_s: float,
        key: str | None,
    ) -> dict[str, Any]:
        """Accept a batch, and return what the caller is told."""
        table = timetable or at_once(gap_s)
        dates = table.dates or (None,) * len(urls)
        new = NewBatch(
            batch_id=batch_id,
            job_id=None,
            user_id=USER,
            key_id=None,
            account_id=lane[0],
            network=Network(lane[1]),
            on_failure=OnFailure(on_failure),
            gap_s=table.gap_s,
            clips=tuple(
                NewClip(f"clip_{i}", url, f"Clip {i}", date)
                for i, (url, date) in enumerate(zip(urls, dates, strict=True), 1)
            ),
            mode=table.mode,
            schedule=table.schedule,
        )
        body = json.dumps([lane, list(urls), table.mode, on_failure])
        idempotency = None if key is None else IdempotencyKey(key, body)
        if idempotency and (before := batches.made_before(of(USER), idempotency)):
            return {"batchId": before.batch_id}
        now = self._engine.now()
        made = accept(new, now, idempotency, self._engine.settings.quota_24h)
        return {"batchId": made.batch_id}

    def pause(self, batch_id: str) -> dict[str, Any]:
        """Pause a batch, and return what the caller is told."""
        may_go_out = self._hand.pause(_batch(batch_id))
        return {**self.summary(batch_id), "mayGoOut": list(may_go_out)}

    def resume(self, batch_id: str, confirm_order: bool) -> dict[str, Any]:
        """Let a batch go on, and return what the caller is told."""
        self._hand.resume(_batch(batch_id), order_may_change=confirm_order)
        return {**self.summary(batch_id)}

    def cancel(self, batch_id: str) -> dict[str, Any]:
        """Cancel a batch, and return what the caller is told."""
        outcome = self._hand.cancel(_batch(batch_id))
        return {**self.summary(batch_id), "outcome": asdict(outcome)}

    def retry(
        self, batch_id: str, index: int | None, confirm_order: bool, confirm_absent: bool
    ) -> dict[str, Any]:
        """Ask again for what failed, and return what the caller is told."""
        engine = self._engine
        again = Retry(engine.upstream, engine.settings, engine.now(), of(USER), None)
        done = again(
            _batch(batch_id),
            index,
            order_may_change=confirm_order,
            absence_confirmed=confirm_absent,
        )
        return {
            **self.summary(batch_id),
            "order": "appended" if done.is_late else "kept",
            "retried": list(done.sent_again),
            "foundLive": list(done.found_live),
            "notRetried": [index for index, _ in done.refused],
        }

    def look_at(self, batch_id: str) -> None:
        """Have what is open of a batch looked at now."""
        reconcile(_batch(batch_id), self.now(), self._hand.patience)

    def summary(self, batch_id: str) -> Summary:
        """Return the summary that each wish is answered with."""
        seen = batches.find(batch_id, of(USER))
        return summary_view(seen.batch, seen.current, self._engine.now(), 120.0, seen.blocked)


def _batch(batch_id: str) -> Batch:
    return batches.find(batch_id, of(USER)).batch
