"""The month of an account: counted now and then, and waited for when it is full."""

from __future__ import annotations

from dataclasses import replace

from storyclip.domain import fair_use, moves
from storyclip.domain.clip import Clip
from storyclip.domain.errors import UpstreamError
from storyclip.domain.moves import Move
from storyclip.flow.asking import Course, ask, put
from storyclip.flow.calls import CountMonth
from storyclip.flow.visit import Visit


def counted(clip: Clip, visit: Visit) -> Course[Clip]:
    """Return the clip with a count of its account's month that may be relied on, if there is one.

    What Metricool does not tell holds nobody up.
    """
    if not fair_use.is_count_due(clip.lane, visit.now):
        return clip
    try:
        count = yield from ask(CountMonth(clip.lane))
    except UpstreamError:
        count = clip.lane.month_count
    lane = replace(clip.lane, month_count=count, month_counted_at=visit.now)
    return (yield from put(Move(clip, clip, None, lane=lane)))


def waits(clip: Clip, visit: Visit) -> Move | None:
    """Return the move of a clip whose month is full, None while it is not."""
    if not fair_use.is_full(clip.lane):
        return None
    until = visit.now + fair_use.COUNTED_FOR
    wished_for = max(clip.wished_for or until, until)  # a date that lies further ahead is kept
    return moves.held_up(clip, until, fair_use.full_words(clip.lane), wished_for)
