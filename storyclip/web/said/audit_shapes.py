"""What administrators are told of acts, field by field."""

from __future__ import annotations

from typing import Literal, TypedDict

from storyclip.domain.act import Via
from storyclip.domain.dates.shown import Count, Instant


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


class AuditEntries(TypedDict):
    """Acts, the newest first."""

    success: Literal[True]
    entries: list[AuditEntry]
    count: Count
