"""What a person should look at, written once."""

from __future__ import annotations

from datetime import datetime

import structlog

from storyclip.store.database import run, writing
from storyclip.store.instants import to_text

log = structlog.get_logger("storyclip")


def raise_incident(kind: str, subject: str, detail: str, at: datetime) -> bool:
    """Write an incident, and return whether it is new; the same kind and subject is said once.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        cursor = run(
            "INSERT INTO incidents (kind, subject, detail, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, subject) DO NOTHING",
            (kind, subject, detail, to_text(at)),
        )
    if cursor.rowcount == 1:
        log.error("incident", kind=kind, subject=subject, detail=detail)
    return bool(cursor.rowcount == 1)
