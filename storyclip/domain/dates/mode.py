"""The modes of publishing: now, on a date, at the best times."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How a batch's clips get their dates."""

    NOW = "now"  # none has one: each follows the one before it
    SCHEDULED = "scheduled"  # the first on the date asked for, the others at the interval
    BEST_TIME = "bestTime"  # each on a date chosen by the account's heat map
