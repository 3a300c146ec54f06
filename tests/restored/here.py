"""A stage whose Metricool is in this very process: put together from its ledger in no time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.installation import Sending
from storyclip.domain.network import Network
from storyclip.flow.accept import accept
from storyclip.sandbox.ledger import Line
from storyclip.store.history.events import on_change
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from tests.flow.conftest import ACCOUNT, Stage, settings_of, source
from tests.flow.here import NOON, SandboxHere
from tests.people import known

GAPS = {Mode.NOW: 0, Mode.SCHEDULED: 1, Mode.BEST_TIME: 7}  # minutes between two clips
AHEAD = timedelta(minutes=5)


class StageHere(Stage):
    """The stage of the flow's tests, without HTTP."""

    def __init__(self, lines: Sequence[Line] = (), at: datetime | None = None) -> None:
        self.bells: list[int] = []
        self.prepared: list[int] = []
        self.audits: list[int] = []
        self.sent: list[Sending] = []
        on_change(self._hear)
        self.at = at or datetime.fromisoformat(NOON)
        self.sandbox = SandboxHere(self.at.isoformat(), lines)
        self.settings = settings_of({"METRICOOL_BASE_URL": self.sandbox.url})
        self.upstream = self.access(self.settings.http_deadline_s)
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

    def lines(self) -> list[Line]:
        """The ledger, as of the stage's time."""
        return self.sandbox.ledger()
