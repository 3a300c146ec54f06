"""A stage whose Metricool is in this very process: put together from its ledger in no time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from config.settings import Settings
from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.installation import Sending
from storyclip.domain.network import Network
from storyclip.flow.accept import accept
from storyclip.sandbox import in_process
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.ledger import Line, MemoryLedger
from storyclip.store.history.events import on_change
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from storyclip.upstream import SANDBOX_TOKEN, SANDBOX_USER_ID
from storyclip.upstream.exchange import Answer, Request
from storyclip.upstream.metricool import Metricool
from tests.flow.conftest import ACCOUNT, Stage, source
from tests.judge import published
from tests.people import known

NOON = "2026-12-01T12:00:00Z"
GAPS = {Mode.NOW: 0, Mode.SCHEDULED: 1, Mode.BEST_TIME: 7}  # minutes between two clips
AHEAD = timedelta(minutes=5)


class Carrier:
    """Carries the calls of the real client to the sandbox in this process."""

    def __init__(self, lines: Sequence[Line], at: datetime) -> None:
        """Begin with what a ledger tells of; `at` is the time there."""
        ledger = MemoryLedger()
        ledger._lines = list(lines)
        ledger.last_time_ms = from_rfc3339(lines[-1]["time"]) if lines else 0
        self.sandbox = in_process.start(from_rfc3339(at.isoformat()), ledger=ledger)

    def ask(self, request: Request, over_at: float) -> Answer:
        """Make a call; nothing goes wrong on the way."""
        body = b"" if request.body is None else json.dumps(request.body).encode()
        theirs = in_process.Request(
            request.method, f"/api{request.path}", request.query, request.headers, body
        )
        answer = in_process.ask(self.sandbox, theirs)
        return Answer(answer.status, answer.headers, answer.body, has_marked_end=True)

    def tell(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> Answer:
        """Do the same."""
        answer = self.ask(request, over_at)
        if on_sent is not None:
            on_sent()
        return answer

    def stop(self) -> None:
        """Nothing is under way."""


class OnStageHere(Metricool):
    """Its clock is moved with the stage's."""

    def __init__(self, carrier: Carrier, now: Callable[[], datetime]) -> None:
        super().__init__("http://here", SANDBOX_TOKEN, SANDBOX_USER_ID, 20.0, carrier)
        self._now = now

    def now(self) -> datetime:
        return self._now()

    def is_heard(self) -> bool:
        return True


class StageHere(Stage):
    """The stage of the flow's tests, without HTTP."""

    def __init__(self, lines: Sequence[Line] = (), at: datetime | None = None) -> None:
        self.bells: list[int] = []
        self.prepared: list[int] = []
        self.audits: list[int] = []
        self.sent: list[Sending] = []
        on_change(self._hear)
        self.at = at or datetime.fromisoformat(NOON)
        self.settings = Settings.from_environment({"METRICOOL_BASE_URL": "http://127.0.0.1:1/api"})
        self.carrier = Carrier(lines, self.at)
        self.upstream = OnStageHere(self.carrier, lambda: self.at)
        self.engine = self.engine_of("worker-a")

    def asked_for(self, mode: Mode, count: int, first: datetime | None = None) -> Batch:
        """Accept a batch of a mode; its dates begin at `first`, or soon."""
        first = first or self.at + AHEAD
        dates = [first + n * timedelta(minutes=GAPS[mode]) for n in range(count)]
        clips = tuple(
            NewClip(
                f"clip_{i}",
                source("b1", i),
                f"Clip {i}",
                None if mode is Mode.NOW else dates[i - 1],
            )
            for i in range(1, count + 1)
        )
        gap_s = 60.0 * GAPS[mode] if mode is Mode.SCHEDULED else 0.0
        new = NewBatch(
            batch_id="b1",
            job_id=None,
            user_id=known("ana", self.at),
            key_id=None,
            account_id=ACCOUNT,
            network=Network.FACEBOOK,
            on_failure=OnFailure.CONTINUE,
            gap_s=gap_s,
            clips=clips,
            mode=mode,
        )
        return accept(new, self.at, quota_24h=None)

    def stand_still(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self._catch_up()

    def pass_time(self, seconds: float) -> None:
        end = self.at + timedelta(seconds=seconds)
        while self.at < end:
            self.at = min(end, max(self.soonest(), self.at + timedelta(seconds=0.25)))
            self._catch_up()
            self.play()

    def live(self, account: str = ACCOUNT, network: str = "facebook") -> list[str]:
        return published(self.lines(), account, network)

    def lines(self) -> list[Line]:
        """The ledger, as of the stage's time."""
        self.carrier.sandbox.catch_up()
        return self.carrier.sandbox.ledger.lines()

    def _catch_up(self) -> None:
        self.carrier.sandbox.clock.freeze(from_rfc3339(self.at.isoformat()))
        self.carrier.sandbox.catch_up()
