"""What is learned of a clip that does not move, or of its lane."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import Told
from storyclip.domain.moves.move import Due, Move, uncounted


def leading(move: Move, lead_s: float, until: datetime) -> Move:
    """Have the lane's stories planned at least so many seconds ahead until then."""
    lane = replace(move.lane or move.before.lane, lead_s=lead_s, lead_until=until)
    return replace(move, lane=lane)


def due(clip: Clip, when: Due) -> Move:
    """Note when to go on."""
    return Move(clip, replace(clip, next_at=when.next_at, rung_at=when.rung_at), None)


def looked(
    clip: Clip,
    when: Due,
    *,
    checks: int,
    missing_since: datetime | None,
    seen_at: datetime | None,
) -> Move:
    """Note what one look showed, and when to look again.

    Of what Metricool has, nothing but looks that failed can have been said.
    """
    error = None if clip.state is State.WAITING_CONFIRMATION else clip.error
    seen = replace(clip, seen_at=seen_at, missing_since=missing_since, checks=checks, error=error)
    return Move(clip, replace(seen, next_at=when.next_at, rung_at=when.rung_at), None)


def not_asked(clip: Clip) -> Move:
    """Note that nobody asked Metricool to take it for a while: that counts as no outage of it."""
    return Move(clip, uncounted(clip), None)


def could_not_look(clip: Clip, when: Due, reason: Told | None) -> Move:
    """Note that looking does not work, in words once it has lasted."""
    there = replace(clip, error=reason or clip.error)
    return Move(clip, replace(there, next_at=when.next_at, rung_at=when.rung_at), None)


def seen_unread(move: Move, now: datetime) -> Move:
    """Note besides that nothing waits any longer for a first look at its post."""
    return replace(move, after=replace(move.after, seen_at=now))
