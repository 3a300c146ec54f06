"""Batches whose users may not publish on their account any more: what is to come of them ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from storyclip.domain.clip import State
from storyclip.store.access import users
from storyclip.store.database import lock_row, marks, reading, run, writing
from storyclip.store.instants import to_text

_TO_COME = (State.PENDING, State.VERIFYING, State.WAITING_CONFIRMATION)
_RUNNING = "FROM publish_batches WHERE completed_at IS NULL"


def make_due(at: datetime) -> int:
    """Make due what is to come of them, so that it ends now; return how many clips that are.

    What is being taken back goes on at its own pace. The clock rings for them: nobody here need.

    Raises:
        StoreUnavailable: some may not be due; each is refused when it would leave, all the same.
    """
    return sum(_make_due(batch_id, lane_id, at) for batch_id, lane_id in list(_not_allowed()))


def _not_allowed() -> Iterator[tuple[str, int]]:
    with reading():
        running = run(f"SELECT DISTINCT user_id, account_id {_RUNNING}").fetchall()
        known = {user.user_id: user for user in users.every()} if running else {}
        for user_id, account_id in running:
            if not users.is_allowed(known.get(user_id), account_id):
                yield from run(
                    f"SELECT batch_id, lane_id {_RUNNING} AND user_id = ? AND account_id = ?",
                    (user_id, account_id),
                ).fetchall()


def _make_due(batch_id: str, lane_id: int, at: datetime) -> int:
    now = to_text(at)
    with writing():
        lock_row("lanes", lane_id)
        made = run(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL, noted_at = ?,"
            " revision = revision + 1 WHERE batch_id = ? AND (next_at IS NULL OR next_at > ?)"
            f" AND taken_back_at IS NULL AND status IN ({marks(_TO_COME)})",
            (now, now, batch_id, now, *_TO_COME),
        )
    return int(made.rowcount)
