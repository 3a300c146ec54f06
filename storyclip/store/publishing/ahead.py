"""What was written by a clock that ran ahead: it would wait until ours has come there, too."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.dates.mode import Mode
from storyclip.store.database import free_of, marks, reading, run, writing
from storyclip.store.instants import to_text

AHEAD = timedelta(minutes=1)  # no clock of ours is so far ahead, unless it is wrong, or was

_WRONG = "FROM publish_batch_clips WHERE next_at IS NOT NULL AND noted_at > ?"

# Since when something lasts begins anew; when it was asked for is now at the latest
_SINCE = ("missing_since", "postponed_since")
_ANEW = ", ".join(f"{name} = CASE WHEN {name} > ? THEN NULL ELSE {name} END" for name in _SINCE)


def make_due(at: datetime) -> list[int]:
    """Have clips decided anew that were put off by a clock ahead of ours; return which.

    A machine that started an hour ahead and was set right has put everything off by an hour. To
    decide once too often costs a look; each wait is reckoned anew. What is in a worker's hand stays
    there. A turn that is to come, in mode now, has come: dates that a user asked for stay.

    Raises:
        StoreUnavailable: nothing was written.
    """
    now, ahead = to_text(at), to_text(at + AHEAD)
    with reading():
        if run(f"SELECT 1 {_WRONG} LIMIT 1", (ahead,)).fetchone() is None:
            return []  # nearly always: no turn at writing is taken for it
    wrong = free_of(f"SELECT id {_WRONG}")
    with writing():
        rows = run(
            "UPDATE publish_batch_clips SET noted_at = ?, rung_at = ?,"
            " next_at = CASE WHEN worker IS NULL AND next_at > ? THEN ? ELSE next_at END,"
            " wished_for = CASE WHEN wished_for > ? AND EXISTS (SELECT 1 FROM publish_batches b"
            " WHERE b.batch_id = publish_batch_clips.batch_id"
            f" AND b.publish_mode = '{Mode.NOW}') THEN ? ELSE wished_for END,"
            f" intended_at = CASE WHEN intended_at > ? THEN ? ELSE intended_at END, {_ANEW}"
            f" WHERE id {wrong} RETURNING id",
            (*[now] * 8, *[now] * len(_SINCE), ahead),
        ).fetchall()
        ids = [clip_id for (clip_id,) in rows]
        if ids:
            run(
                "UPDATE publish_sends SET intended_at = ? WHERE intended_at > ?"
                f" AND clip_id IN ({marks(ids)})",
                (now, now, *ids),
            )
    return ids
