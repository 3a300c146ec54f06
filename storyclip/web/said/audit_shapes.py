"""What administrators are told of acts, field by field."""

from __future__ import annotations

from typing import Literal, TypedDict

from storyclip.domain.act_view import AuditEntry
from storyclip.domain.dates.shown import Count


class AuditEntries(TypedDict):
    """Acts, the newest first."""

    success: Literal[True]
    entries: list[AuditEntry]
    count: Count
