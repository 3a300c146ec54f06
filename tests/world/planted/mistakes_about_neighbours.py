"""Mistakes about who stands still in a transaction: what others wait for, and how it wakes."""

from __future__ import annotations

from typing import Any

from storyclip.domain.changing import replace
from storyclip.domain.errors import StoreUnavailable
from storyclip.flow import hand
from storyclip.store import postgres
from storyclip.store.publishing import lanes, stalled
from storyclip.store.service import workers
from tests.world.planted.plant import Plant, always, plant


@plant("neighbours")
def locks_kept_for_a_minute(instead: Plant) -> None:
    """Leave its locks for a minute to whoever stands still in a transaction."""
    instead.of(postgres, "IN_TRANSACTION_S", 60.0)


@plant("neighbours")
def the_clock_waits_for_a_lane(instead: Plant) -> None:
    """Wait for a lane that somebody holds where it could be left to him."""

    def wait(table: str, row_id: int) -> bool:
        vars(lanes)["lock_row"](table, row_id)
        return True

    instead.of(stalled, "try_lock_row", wait)


@plant("neighbours")
def left_in_a_living_hand(instead: Plant) -> None:
    """Leave what a living worker could not write until its deadline is over."""
    instead.of(workers, "put_back", always(True))


@plant("neighbours")
def goes_on_when_it_wakes(instead: Plant) -> None:
    """Take what was being written when the process stood still for written."""
    kept = hand.Hand._write

    def write(self: Any, move: Any) -> Any:
        try:
            return kept(self, move)
        except StoreUnavailable:
            self._created, self.goes_on = None, False
            return replace(move.after, revision=move.before.revision + 1)

    instead.of(hand.Hand, "_write", write)
