"""What a person should look at, written once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

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


def is_open(kind: str, subject: str | None = None) -> bool:
    """Return whether an incident was said and is not over; of any subject, or of one.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return bool(IncidentRow.select().where(_open(kind, subject)).exists())


def end(kind: str, at: datetime, subject: str | None = None) -> None:
    """Note that what was said is so no more; of all subjects, or of one.

    Raises:
        StoreUnavailable: nothing was written.
    """
    if not is_open(kind, subject):  # as nearly always: a look takes no turn of the writers
        return
    with writing():
        is_over = IncidentRow.update(ended_at=at).where(_open(kind, subject)).execute() > 0
    if is_over:  # by us, and nobody else at this moment
        log.info("incident_over", kind=kind, subject=subject)


def _open(kind: str, subject: str | None) -> Any:
    its = (IncidentRow.kind == kind) & IncidentRow.ended_at.is_null()
    return its if subject is None else its & (IncidentRow.subject == subject)
