"""What is explored: how many clips, when they are wanted, and what may go wrong or be wished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.settings import Settings
from storyclip.domain.batch import OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from tests.model.twin import batches
from tests.model.twin.rows import Rows

T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
NEVER_COUNTED = T0 + timedelta(days=3650)  # the month is not counted: it decides nothing here
LANE = Lane(1, "2000001", Network.FACEBOOK, month_counted_at=NEVER_COUNTED)

# Few, and as far apart as the decisions allow: each one that differs is a moment more to explore
SETTINGS = Settings.from_environment(
    {
        "STORYCLIP_CONFIRM_INTERVAL_S": "60",
        "STORYCLIP_CONFIRM_ATTEMPTS": "3",
        "STORYCLIP_LATE_WATCH_S": "240",
        "STORYCLIP_SETTLE_S": "24",
    },
    needs_upstream=False,
)

SENDING = ("lost", "answer lost", "late")
WORKING = ("dies", "freezes", "rung twice")  # the last: two that live have the same clip in hand
DELETING = ("delete lost", "delete answer lost", "delete late")
LOOKING = ("look fails",)
EVERYTHING = (*WORKING, *SENDING, *DELETING, *LOOKING)


@dataclass(frozen=True)
class Scene:
    """One thing to explore.

    `dates_s` are when the clips are wanted, in seconds from the start; none for mode now. Of the
    wishes the first may come at any moment, the second at any moment after it, and so on; of what
    `people` do in the planner, each once. `audits` may begin at any moment, beside those that have
    to come.
    """

    name: str
    clips: int = 1
    dates_s: tuple[int, ...] = ()
    faults: int = 0
    kinds: tuple[str, ...] = EVERYTHING
    wishes: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    audits: int = 0
    on_failure: OnFailure = OnFailure.CONTINUE
    settings: Settings = SETTINGS

    def rows(self) -> Rows:
        """Return the rows as they are when the batch was accepted."""
        return batches.create(Rows(), self.batch(), LANE, T0)

    def batch(self) -> NewBatch:
        """Return the batch as it was asked for."""
        return NewBatch(
            batch_id="b1",
            job_id=None,
            user_id="ana",
            key_id=None,
            account_id=LANE.account_id,
            network=LANE.network,
            on_failure=self.on_failure,
            gap_s=60.0 if self.dates_s else 0.0,
            clips=tuple(self._clip(index) for index in range(self.clips)),
            mode=Mode.SCHEDULED if self.dates_s else Mode.NOW,
        )

    def _clip(self, index: int) -> NewClip:
        dated = T0 + timedelta(seconds=self.dates_s[index]) if self.dates_s else None
        url = f"https://cdn.example.com/{index + 1}.mp4"
        return NewClip(f"clip_{index + 1}", url, f"Clip {index + 1}", dated)
