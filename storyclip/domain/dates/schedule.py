"""When: date steps, and how long to wait before asking again."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta


def first_step(now: datetime, lead_s: float, step_s: float) -> datetime:
    """Return the first date on Metricool's grid that is at least `lead_s` seconds ahead.

    Metricool cuts a date down to its step; one that is on the grid stays what it is.
    """
    return datetime.fromtimestamp(math.ceil((now.timestamp() + lead_s) / step_s) * step_s, tz=UTC)


def backoff_s(times: int, base_s: float, max_s: float, jitter: float) -> float:
    """Return the seconds to wait after the `times`-th failure in a row: exponential, full jitter.

    Args:
        jitter: drawn evenly from 0 to 1.
    """
    return jitter * min(max_s, base_s * 2.0 ** min(times, 60))


def seconds(amount: float) -> timedelta:
    """Return so many seconds as a span."""
    return timedelta(seconds=amount)
