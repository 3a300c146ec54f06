"""What a person should look at, written once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import structlog

from storyclip.domain.incident import Incident
from storyclip.store.database import run, writing
from storyclip.store.instants import to_text

log = structlog.get_logger("storyclip")


def raise_incident(incident: Incident, at: datetime) -> bool:
    """Write an incident, and return whether it is new; the same kind and subject is said once.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        return write(incident, at)


def write(incident: Incident, at: datetime) -> bool:
    """Do the same in the caller's transaction."""
    cursor = run(
        "INSERT INTO incidents (kind, subject, detail, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kind, subject) DO NOTHING",
        (incident.kind, incident.subject, incident.detail, to_text(at)),
    )
    is_new = bool(cursor.rowcount == 1)
    if is_new:
        log.error("incident", **asdict(incident))
    return is_new
