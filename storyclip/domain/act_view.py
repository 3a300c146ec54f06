"""An act as it is told, by the API and by the command alike."""

from __future__ import annotations

from typing import TypedDict

from storyclip.domain.act import Act, Via
from storyclip.domain.dates.shown import Instant
from storyclip.domain.views import rfc3339


class AuditEntry(TypedDict):
    """Who did what, and from where; `outcome` is `done`, or the code of a refusal.

    `times`: for how many refusals of this address it stands.
    """

    id: int
    at: Instant
    via: Via
    user: str | None
    key: str | None
    session: str | None
    address: str | None
    action: str
    subject: str
    detail: str | None
    outcome: str
    times: int


def entry_of(act: Act) -> AuditEntry:
    """Return what is told of an act."""
    return {
        "id": act.id,
        "at": rfc3339(act.at),
        "via": act.by.via,
        "user": act.by.user_id,
        "key": act.by.key_id,
        "session": act.by.session_id,
        "address": act.by.address,
        "action": act.action,
        "subject": act.subject,
        "detail": act.detail,
        "outcome": act.outcome,
        "times": act.times,
    }
