"""A copy put in the place of the database, which is kept aside; only while nothing runs."""

from __future__ import annotations

from storyclip.store.service.restore_postgres import PostgresPlace
from storyclip.store.service.restore_sqlite import SqlitePlace
from storyclip.store.service.standing import Place, RestoreRefused, Standing

__all__ = ["Place", "RestoreRefused", "Standing", "place_at", "still_beating"]


def place_at(url: str) -> Place:
    """Return the place that a DATABASE_URL names."""
    return SqlitePlace(url) if url.startswith("sqlite") else PostgresPlace(url)


def still_beating(before: Standing | None, after: Standing | None) -> list[str]:
    """Return the workers whose counter has moved between two looks, or that have come."""
    known = (before and before.beats) or {}
    now = (after and after.beats) or {}
    return sorted(name for name, count in now.items() if known.get(name) != count)
