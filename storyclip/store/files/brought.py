"""Whose bytes are there: which a user has brought whole, and how many are theirs."""

from __future__ import annotations

from typing import Any

from storyclip.domain.user_file import FileState
from storyclip.store.database import reading, run, writing
from storyclip.store.files.models import FileRow


def has(user_id: str, sha256: str, size: int) -> bool:
    """Return whether a file of the user's has these bytes.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        found = run(
            "SELECT 1 FROM files WHERE user_id = ? AND sha256 = ? AND size = ?"
            f" AND state <> '{FileState.RECEIVING}' AND marked_at IS NULL LIMIT 1",
            (user_id, sha256, size),
        ).fetchone()
    return found is not None


def whose(file_id: str) -> str:
    """Return the user whose file it is, "" where it is gone.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run("SELECT user_id FROM files WHERE id = ?", (file_id,)).fetchone()
    return "" if row is None else str(row[0])


def bytes_of(user_id: str) -> int:
    """Return how many bytes a user's files have, with those that are yet to come.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            "SELECT SUM(size) FROM files WHERE user_id = ? AND marked_at IS NULL", (user_id,)
        ).fetchone()
    return int(row[0] or 0)


def announced_bytes() -> int:
    """Return how many bytes are still to come, of all files.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            "SELECT SUM(size - received) FROM files"
            f" WHERE state = '{FileState.RECEIVING}' AND marked_at IS NULL"
        ).fetchone()
    return int(row[0] or 0)


def lost(file_id: str, problems: list[dict[str, Any]]) -> None:
    """Refuse a file that was ready, and of which bytes are gone.

    Raises:
        StoreUnavailable: nothing was written.
    """
    refused = FileRow.update(state=FileState.REFUSED, problems=problems)
    with writing():
        refused.where(FileRow.id == file_id, FileRow.state == FileState.READY).execute()
