"""Which worker processes live, told by a counter that only the living move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from storyclip.domain.clip import PUT_BACK
from storyclip.store.database import free_of, marks, reading, run, try_lock_row, writing
from storyclip.store.instants import to_text
from storyclip.store.models import ClipRow, WorkerRow


def beat(name: str) -> None:
    """Note that the worker `name` lives; the first beat makes it known."""
    with writing():
        WorkerRow.insert(name=name, beats=1).on_conflict(
            conflict_target=[WorkerRow.name], update={WorkerRow.beats: WorkerRow.beats + 1}
        ).execute()


def beats() -> Mapping[str, int]:
    """Return every worker that has beaten, or has a clip in hand, with its counter.

    One may take a clip and die before its first beat, or after it was buried as only slow.
    """
    with reading():
        known = WorkerRow.select(WorkerRow.name, WorkerRow.beats).tuples().execute()
        is_in_hand = ClipRow.worker.is_null(False) & (ClipRow.worker != PUT_BACK)
        in_hand = ClipRow.select(ClipRow.worker).where(is_in_hand).tuples()
        return {**{name: 0 for (name,) in in_hand.execute()}, **dict(known)}


def put_back(clip_id: int, name: str, at: datetime) -> bool:
    """Make due what the worker `name` still has in hand, and could not write further.

    As with a burial it is looked for before it is sent again; but nobody died, and the row says so:
    an attempt that the database alone cost is none of the clip's. Return False if somebody else
    holds its row: then nobody has looked yet.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        if not try_lock_row("publish_batch_clips", clip_id):
            return False
        ours = (ClipRow.id == clip_id) & ClipRow.worker.in_([name, PUT_BACK])
        back = ClipRow.update(next_at=at, rung_at=None, noted_at=at, worker=PUT_BACK)
        back.where(ours).execute()
    return True


def bury(names: Collection[str], at: datetime) -> None:
    """Forget workers that have fallen silent, and make due at once what they had in hand.

    Harmless where one was only slow: its clip is looked for before it is sent again. Rows that
    somebody holds are left: who has one of them in hand is known, and found silent once more.
    """
    theirs = free_of(f"SELECT id FROM publish_batch_clips WHERE worker IN ({marks(names)})")
    known = free_of(f"SELECT name FROM workers WHERE name IN ({marks(names)})")
    with writing():
        run(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL, noted_at = ?"
            f" WHERE id {theirs}",
            (*[to_text(at)] * 2, *names),
        )
        run(f"DELETE FROM workers WHERE name {known}", tuple(names))
