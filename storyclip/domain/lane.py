"""A lane: one network of one account, where stories go out one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storyclip.domain.network import Network


@dataclass(frozen=True, slots=True)
class Lane:
    """What the next story of a lane has to reckon with.

    `blocked_reason` is why Metricool refuses the account, None while it does not; `reopened_at` is
    when it last ceased to, or when a full month is asked about next. `lead_s` is a lead longer than
    usual, in seconds, in force until `lead_until`. `changes_media`: its lists were seen to show our
    media under other URLs. `month_count` is how many posts Metricool said that it had published for
    the account in the month of `month_counted_at`, which is by its clock. `doubted_since` and
    `doubted_until`: posts made then may be ours without a row; None once that was looked at.
    `held_at`: there are such, and a person has to say whose.
    """

    id: int
    account_id: str
    network: Network
    blocked_reason: str | None = None
    blocked_since: datetime | None = None
    reopened_at: datetime | None = None
    lead_s: float | None = None
    lead_until: datetime | None = None
    changes_media: bool = False
    month_count: int | None = None
    month_counted_at: datetime | None = None
    doubted_since: datetime | None = None
    doubted_until: datetime | None = None
    held_at: datetime | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Return whether Metricool may have stories of ours here that no row knows."""
        return self.doubted_since is not None or self.held_at is not None

    def lead_or(self, usual_s: float, now: datetime) -> float:
        """Return how many seconds ahead a story has to be planned."""
        if self.lead_s is None or self.lead_until is None or self.lead_until <= now:
            return usual_s
        return max(self.lead_s, usual_s)
