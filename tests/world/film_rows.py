"""What the rows of films say: for the simulated media processes, and for the judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storyclip.store import database
from storyclip.store.files import sweeping
from storyclip.store.instants import to_instant

TABLES = ("transfers", "file_uses", "file_pieces", "files")

_DUE = (
    "SELECT MIN(at) FROM (SELECT MIN(next_at) AS at FROM transfers"
    " UNION ALL SELECT MIN(next_at) FROM files)"
)


@dataclass(frozen=True)
class FilmRow:
    """One film as the rows have it."""

    name: str
    state: str
    needs: tuple[str, ...]  # places in the spool


def soonest_due() -> datetime | None:
    """Return when something is due about a film next, None for never."""
    (at,) = database.run(_DUE).fetchone()
    return to_instant(at) if at is not None else None


def name_of(file_id: str) -> str:
    """Return how its user calls a file; the id of one that is gone."""
    row = database.run("SELECT name FROM files WHERE id = ?", (file_id,)).fetchone()
    return str(row[0]) if row else file_id


def all_films() -> list[FilmRow]:
    """Return the films that are not over."""
    rows = database.run(
        "SELECT id, name, state FROM files WHERE marked_at IS NULL ORDER BY id"
    ).fetchall()
    made: dict[str, list[str]] = {}
    for file_id, name in database.run(
        "SELECT file_id, name FROM file_pieces ORDER BY number"
    ).fetchall():
        made.setdefault(file_id, []).append(f"whole/{name}")
    return [FilmRow(name, state, tuple(made.get(file_id, ()))) for file_id, name, state in rows]


def known() -> set[str]:
    """Return all names on the disk that a row knows of."""
    return {*sweeping.arriving(), *sweeping.whole()}


def is_any_batch_open() -> bool:
    """Return whether a batch may still need its films."""
    row = database.run("SELECT 1 FROM publish_batches WHERE completed_at IS NULL").fetchone()
    return row is not None


def open_transfers() -> list[int]:
    """Return the clips of whose bytes something is still due."""
    rows = database.run("SELECT clip_id FROM transfers WHERE next_at IS NOT NULL").fetchall()
    return [clip_id for (clip_id,) in rows]
