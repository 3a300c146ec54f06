"""What a person should look at, written once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import structlog

from storyclip.domain.incident import Incident
from storyclip.store.database import writing
from storyclip.store.models import IncidentRow

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
    once = IncidentRow.insert(asdict(incident), created_at=at).on_conflict(
        action="nothing", conflict_target=[IncidentRow.kind, IncidentRow.subject]
    )
    is_new = bool(once.as_rowcount().execute() == 1)
    if is_new:
        log.error("incident", **asdict(incident))
    return is_new
