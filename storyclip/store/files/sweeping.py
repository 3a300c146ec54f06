"""Which files are over, and what the rows of all others know of."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.user_file import FileState
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text

KEPT = timedelta(hours=24)  # a person may come back the next day, and ask for a clip again

_NEEDED = (
    "EXISTS (SELECT 1 FROM file_uses u JOIN publish_batches b ON b.batch_id = u.batch_id"
    " WHERE u.file_id = files.id AND (b.completed_at IS NULL OR b.completed_at > ?))"
)
_MAY_BE_SENT = (
    "EXISTS (SELECT 1 FROM publish_batch_clips c JOIN publish_batches b ON b.batch_id = c.batch_id"
    " WHERE c.id = transfers.clip_id AND (b.completed_at IS NULL OR b.completed_at > ?))"
)
_MARKED = "SELECT id FROM files WHERE marked_at IS NOT NULL"


def mark_over(at: datetime) -> None:
    """Mark the files that nobody touched for long and no batch needs, and end old transfers.

    Raises:
        StoreUnavailable: nothing was written.
    """
    before = to_text(at - KEPT)
    with writing():
        run(
            "UPDATE files SET marked_at = ?, next_at = NULL"
            f" WHERE marked_at IS NULL AND touched_at < ? AND NOT {_NEEDED}",
            (to_text(at), before, before),
        )
        run(f"DELETE FROM transfers WHERE NOT {_MAY_BE_SENT}", (before,))


def is_anything_marked() -> bool:
    """Return whether files are over whose bytes may still be there.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return run(f"{_MARKED} LIMIT 1").fetchone() is not None


def arriving() -> set[str]:
    """Return the files whose bytes are to come.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(
            f"SELECT id FROM files WHERE state = '{FileState.RECEIVING}' AND marked_at IS NULL"
        ).fetchall()
    return {file_id for (file_id,) in rows}


def whole() -> set[str]:
    """Return the hashes of all that is needed.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(
            "SELECT sha256 FROM files WHERE marked_at IS NULL"
            " UNION SELECT poster FROM files WHERE marked_at IS NULL"
            " UNION SELECT strip FROM files WHERE marked_at IS NULL"
            " UNION SELECT p.name FROM file_pieces p JOIN files f ON f.id = p.file_id"
            " WHERE f.marked_at IS NULL"
        ).fetchall()
    return {name for (name,) in rows if name is not None}


def forget_marked() -> None:
    """Forget the files that are over; their bytes are gone.

    Raises:
        StoreUnavailable: they are forgotten the next time.
    """
    with writing():
        for table in ("file_pieces", "file_uses"):
            run(f"DELETE FROM {table} WHERE file_id IN ({_MARKED})")
        run("DELETE FROM files WHERE marked_at IS NOT NULL")
