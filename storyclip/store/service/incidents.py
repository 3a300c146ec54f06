"""What a person should look at, written once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import structlog

from storyclip.domain.incident import Incident
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.models import IncidentRow

# By hand: what holds up a lane says so at each look
_ONCE = (
    "INSERT INTO incidents (kind, subject, detail, created_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail,"
    " created_at = excluded.created_at, ended_at = NULL WHERE incidents.ended_at IS NOT NULL"
)

log = structlog.get_logger("storyclip")


def raise_incident(incident: Incident, at: datetime) -> bool:
    """Write an incident, and return whether it is new; the same kind and subject is said once.

    What was over and is there again is new.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        return write(incident, at)


def write(incident: Incident, at: datetime) -> bool:
    """Do the same in the caller's transaction."""
    said = incident.kind, incident.subject, incident.detail
    is_new = bool(run(_ONCE, (*said, to_text(at))).rowcount == 1)
    if is_new:
        log.error("incident", **asdict(incident))
    return is_new


def end(kind: str, at: datetime, subject: str | None = None) -> bool:
    """Note that what was said is so no more, and return whether it was; of all subjects, or one.

    Raises:
        StoreUnavailable: nothing was written.
    """
    its = (IncidentRow.kind == kind) & IncidentRow.ended_at.is_null()
    if subject is not None:
        its &= IncidentRow.subject == subject
    with reading():
        if not IncidentRow.select().where(its).exists():
            return False
    with writing():
        is_over = bool(IncidentRow.update(ended_at=at).where(its).execute())
    log.info("incident_over", kind=kind, subject=subject)
    return is_over
