"""Stories that a lane waits for though their clips never had it."""

from __future__ import annotations

from storyclip.domain.clip import State
from storyclip.domain.dates.mode import Mode
from storyclip.store.database import run
from storyclip.store.publishing.rows import SELECT_CLIP, clip_of

# Nearly all clips have no lane: an index must not be asked for those, so it is no bare column
_WITHOUT_THE_LANE = (
    " JOIN publish_batches b ON b.batch_id = c.batch_id WHERE b.lane_id = ?"
    f" AND b.completed_at IS NULL AND b.publish_mode = '{Mode.NOW}'"
    f" AND c.status = '{State.WAITING_CONFIRMATION}' AND COALESCE(c.lane_held, 0) = 0"
)
_THEY = f"{SELECT_CLIP}{_WITHOUT_THE_LANE}"
# Of a lane, for a statement that asks for more: that there is none is all that most turns need
MAY_BE_AWAITED = f"EXISTS (SELECT 1 FROM publish_batch_clips c{_WITHOUT_THE_LANE})"


def is_any_awaited(lane_id: int) -> bool:
    """Return whether a story without a date of its own has yet to be live that was adopted.

    It may have been while another clip had the lane, which one clip has at a time. In the caller's
    transaction.
    """
    rows = run(_THEY, (lane_id,)).fetchall()
    return any(not clip_of(row).is_let_go for row in rows)
