"""The rows of one scenario, read and drawn nearer beside the processes that work on them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storyclip.domain.batch import RUNNING
from storyclip.domain.clip import ENDED, State
from storyclip.store.instants import to_text
from tests.crash.scenario import EVERY, Scenario

NEAR_S = 6.0  # some kills come before a date, some after it
NEAR_WITH_HANDS_S = 12.0  # time to hand three over, kill, and take them back
BEHIND_S = 15.0  # the dates after that of a clip that pauses its batch, to be taken back in time
LONG_OVER = timedelta(hours=2)


@dataclass(frozen=True)
class Clip:
    """A clip as its row says; `url` is its name in the ledger."""

    index: int
    url: str
    state: State
    error_code: str | None
    retry_safety: str | None


class Rows:
    """The database of a scenario, which is there once a child has made it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def draw_dates_near(self, scenario: Scenario, batch_id: str) -> None:
        """Move the dates of a batch from minutes to seconds ahead, before any worker sees them."""
        now = datetime.now(UTC).replace(microsecond=0)
        first_s = NEAR_WITH_HANDS_S if scenario.is_stopped else NEAR_S
        for clip in self.clips(batch_id):
            behind_s = BEHIND_S if scenario.pauses and clip.index > scenario.clip else 0.0
            date = now + timedelta(seconds=first_s + clip.index + behind_s)
            if scenario.is_missed and clip.index <= scenario.clip:
                date = now - LONG_OVER
            self._ask(
                "UPDATE publish_batch_clips SET wished_for = ?"
                " WHERE batch_id = ? AND clip_index = ?",
                (to_text(date), batch_id, clip.index),
            )
        self._ask("UPDATE publish_batches SET gap_s = 1 WHERE batch_id = ?", (batch_id,))

    def clips(self, batch_id: str) -> list[Clip]:
        """Return the clips of a batch in their order."""
        found = self._ask(
            "SELECT clip_index, clip_url, status, error_code, retry_safety"
            " FROM publish_batch_clips WHERE batch_id = ? ORDER BY clip_index",
            (batch_id,),
        )
        return [Clip(index, url, State(status), *rest) for index, url, status, *rest in found]

    def has_come_to(self, batch_id: str, state: State, index: int) -> bool:
        """Return whether a clip, or each, is in that state, or has ended in whichever way."""
        clips = [clip for clip in self.clips(batch_id) if index in (EVERY, clip.index)]
        return bool(clips) and all(clip.state in {state, *ENDED} for clip in clips)

    def have_ended(self) -> bool:
        """Return whether there are batches, and none goes on or can be gone on with."""
        rows = self._ask("SELECT status FROM publish_batches")
        return bool(rows) and all(status not in RUNNING for (status,) in rows)

    def post_of(self, batch_id: str, index: int) -> int:
        """Return the id of the post that a clip holds."""
        select = (
            "SELECT metricool_post_id FROM publish_batch_clips"
            " WHERE batch_id = ? AND clip_index = ?"
        )
        return int(self._ask(select, (batch_id, index))[0][0])

    def known_posts(self) -> set[str]:
        """Return the uuids that a clip holds, or that are kept of one of its sends."""
        columns = (("publish_batch_clips", "post_uuid"), ("publish_sends", "post_uuid"))
        found = [row for table, uuid in columns for row in self._ask(f"SELECT {uuid} FROM {table}")]
        return {uuid for (uuid,) in found if uuid is not None}

    def told(self) -> list[Any]:
        """Return what helps to see where it stands."""
        return self._ask(
            "SELECT clip_index, status, attempts, error_msg, next_at, scheduled_at"
            " FROM publish_batch_clips ORDER BY id"
        )

    def changes(self) -> int:
        """Return how often anything was written about any clip."""
        found = self._ask("SELECT sum(revision) FROM publish_batch_clips")
        return int(found[0][0] or 0) if found else 0

    def have_a_worker(self) -> bool:
        """Return whether one has begun."""
        return bool(self._ask("SELECT 1 FROM workers"))

    def _ask(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        if not self._path.exists():
            return []
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            found = connection.execute(sql, parameters).fetchall()
            connection.commit()
            return found
        except sqlite3.OperationalError as failure:
            if "no such table" in str(failure):  # the child that makes them is still starting
                return []
            raise
        finally:
            connection.close()
