"""How many stories an account may publish in any 24 hours, and when there is room for more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

DAY = timedelta(hours=24)


def fits(taken: Sequence[datetime], more: Sequence[datetime], limit: int) -> bool:
    """Return whether no 24 hours would hold more than `limit` of both.

    Only windows that hold one of the new ones are looked at: what was too many before is done.
    """
    dates = sorted([*taken, *more])
    for date in more:
        first, last = bisect_right(dates, date - DAY), bisect_left(dates, date + DAY)
        for end in range(first, last):
            begin = bisect_right(dates, dates[end] - DAY)
            if dates[end] >= date and dates[begin] <= date and end - begin + 1 > limit:
                return False
    return True


def used(taken: Sequence[datetime], at: datetime) -> int:
    """Return how many of the dates lie in the 24 hours before `at` or later."""
    return sum(date > at - DAY for date in taken)


def earliest_start(
    taken: Sequence[datetime], more: Sequence[datetime], limit: int
) -> datetime | None:
    """Return when the first of `more` may go out so that all fit, moved together; None for never.

    Room comes when one of those that are taken is 24 hours old.
    """
    if not more or not fits((), more, limit):
        return None
    start = min(more)
    for shift in sorted({timedelta(), *(max(date + DAY - start, timedelta()) for date in taken)}):
        if fits(taken, [date + shift for date in more], limit):
            return start + shift
    return None
