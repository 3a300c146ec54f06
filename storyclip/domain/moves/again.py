"""Moves of a failed clip that the user asks for again."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, Event
from storyclip.domain.moves.move import NEVER, Move, anew, mine, stepped, uncounted, without_error


def retried(clip: Clip, wished_for: datetime, *, order_waived: bool) -> Move:
    """Begin anew with a failed clip of which nothing can exist upstream, or by a person's word."""
    back = replace(stepped(clip, Event.RETRIED, NEVER), wished_for=wished_for)
    return Move(clip, replace(anew(back), order_waived=order_waived), Event.RETRIED)


def rechecked(clip: Clip, now: datetime, wished_for: datetime, *, order_waived: bool) -> Move:
    """Look first for a failed clip that may exist, by its dates and its marker."""
    back = uncounted(without_error(stepped(clip, Event.RECHECKED, mine(now))))
    return Move(
        clip,
        replace(
            back,
            wished_for=wished_for,
            order_waived=order_waived,
            attempts=0,
            checks=0,
            missing_since=None,
            taken_back_at=None,
            recall_wished_at=None,
        ),
        Event.RECHECKED,
    )
