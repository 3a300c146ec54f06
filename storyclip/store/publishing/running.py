"""What runs of a user's, and how much of it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storyclip.domain.errors import TooManyRunning
from storyclip.domain.reach import Reach
from storyclip.store.access.reach import within
from storyclip.store.database import reading, run

# A clip that ended otherwise is among the failed or the cancelled
_RUNNING = (
    "SELECT COUNT(*), COALESCE(SUM(total_clips - published_clips - failed_clips"
    " - cancelled_clips), 0) FROM publish_batches WHERE user_id = ? AND completed_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Caps:
    """How many batches of one user may run at once, and how many clips they may have to come."""

    batches: int
    clips: int


def require_room(user_id: str, clips: int, caps: Caps) -> None:
    """Check that one more batch with so many clips may run.

    Not in the transaction that makes it, which holds up every writer: of requests that come at the
    same moment a few more than that may be let in.

    Raises:
        TooManyRunning: it may not, with the numbers.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        batches, to_come = run(_RUNNING, (user_id,)).fetchone()
    if batches >= caps.batches:
        raise TooManyRunning(
            f"You have {batches} batches that have not ended, and {caps.batches} may be so at once."
            " Wait until some have ended, or cancel some.",
            {"limit": caps.batches, "running": batches, "asked": 1},
        )
    if to_come + clips > caps.clips:
        raise TooManyRunning(
            f"{to_come} of your clips have yet to go out and {clips} more are asked for; at most"
            f" {caps.clips} may wait at once. Wait until some are out, or cancel some.",
            {"limit": caps.clips, "running": int(to_come), "asked": clips},
        )


def running_of(reach: Reach, key_id: str | None = None) -> Sequence[str]:
    """Return the batches that are not finished, the oldest first.

    Args:
        key_id: only those made with this key.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = within(reach)
    if key_id is not None:
        claim, values = f"{claim} AND b.key_id = ?", (*values, key_id)
    with reading():
        rows = run(
            f"SELECT b.batch_id FROM publish_batches b WHERE {claim}"
            " AND b.completed_at IS NULL ORDER BY b.created_at, b.batch_id",
            values,
        ).fetchall()
    return [batch_id for (batch_id,) in rows]
