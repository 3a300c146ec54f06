"""The month of an account: counted now and then, added up with ours, waited for when it is full."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip
from storyclip.domain.dates import fair_use
from storyclip.domain.dates.fair_use import Month
from storyclip.domain.errors import UpstreamError
from storyclip.domain.moves import Move
from storyclip.flow.asking import Course, ask, not_counted, put
from storyclip.flow.calls import CountMonth
from storyclip.flow.visit import Visit


def counted(clip: Clip, visit: Visit) -> Course[Clip]:
    """Return the clip with a count of its account's month that may be relied on, if there is one.

    What Metricool does not tell holds nobody up.
    """
    asked_at = visit.there  # what is published while it answers may not be in the count
    if not fair_use.is_count_due(clip.lane, asked_at):
        return clip
    try:
        count: int | None = yield from ask(CountMonth(clip.lane))
    except UpstreamError:
        if clip.lane.month_count is not None:
            return clip  # the old count, and what is ours since then
        count = None
    lane = replace(clip.lane, month_count=count, month_counted_at=asked_at)
    return (yield from put(Move(clip, clip, None, lane=lane)))


def is_full(clip: Clip, month: Month, visit: Visit) -> Course[bool]:
    """Return whether nothing more goes out in a month, as far as Metricool and our rows tell."""
    count = fair_use.counted(clip.lane, month)
    if count is None or clip.lane.month_counted_at is None:
        return False
    if count >= fair_use.MONTHLY:
        return True
    since = visit.times.at_ours(clip.lane.month_counted_at)
    ours = yield from not_counted(clip.lane, month, since)
    return count + ours >= fair_use.MONTHLY


def waiting(clip: Clip, month: Month, own: datetime | None, visit: Visit) -> Move:
    """Return the move of a clip whose month is full: it looks again within the hour.

    Its date stays what it was. What comes due on its lane meanwhile is late only from then on:
    its user was told that it goes on by itself.
    """
    next_month = visit.times.at_ours(fair_use.month_of(visit.there).end)
    until = min(visit.now + fair_use.COUNTED_FOR, next_month)
    wait = moves.held_up(clip, until, fair_use.full_words(month), clip.wished_for)
    if own is not None and own > until:
        return wait
    return replace(wait, lane=replace(clip.lane, reopened_at=until))
