"""A clip whose turn has come: whether it may be sent now, on which date, and its file first.

A clip whose wished date is far enough ahead is handed over with that date. When it is too near, it
waits for it, and then goes out as its turn comes, as one without a date does. What is later than
STORYCLIP_MAX_LATE_S is not sent any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain import moves, order
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_source import piece_of
from storyclip.domain.clip_words import say
from storyclip.domain.dates import quota
from storyclip.domain.dates.fair_use import month_of
from storyclip.domain.dates.schedule import first_step, seconds
from storyclip.domain.errors import (
    ErrorCode,
    NotItsTurn,
)
from storyclip.domain.moves import Move, later
from storyclip.domain.order import Verdict
from storyclip.domain.situation import Situation, Wanted
from storyclip.flow import fair_use
from storyclip.flow.ask_first import hear, is_clear
from storyclip.flow.asking import Course, MakeWay, Rest, put
from storyclip.flow.file_deeds import FetchFile
from storyclip.flow.file_first import brought, copied, fetched
from storyclip.flow.send import send
from storyclip.flow.setbacks import (
    forbidden,
    out_of_order,
    sent_before,
)
from storyclip.flow.visit import Visit

STOOD_STILL = timedelta(minutes=1)  # the clock rings every second, and workers are soon replaced


def begin(situation: Situation, visit: Visit) -> Course[None]:
    """Claim a clip and send it, or say why not now.

    Raises:
        NotItsTurn: another clip comes first after all, or the batch was stopped.
    """
    clip = situation.clip
    if situation.wanted is Wanted.FORBIDDEN:
        yield from _forbidden(situation, visit)
        return
    if situation.wanted is not Wanted.YES or situation.batch.pause_requested_at is not None:
        yield Rest(clip)
        return
    if clip.postponed_since is not None and _stood_still(clip, visit):
        clip = yield from put(moves.not_asked(clip))
        situation = situation.with_clip(clip)
    if not visit.times.is_heard:
        is_heard = yield from hear(clip, visit)
        if not is_heard:
            return
    if _too_late(situation, visit) is None and _verdict(situation, visit) is Verdict.WAIT:
        yield from put(moves.due(clip, later(visit.soon())))
        return
    if situation.sends:  # what was asked for before may have come of it, late
        clear = yield from is_clear(situation, visit)
        if not clear:
            return
    if (too_late := _too_late(situation, visit)) is not None:
        yield from put(too_late)
        return
    if (waiting := _must_wait(situation, visit)) is not None:
        yield from put(waiting)
        return
    clip = yield from fair_use.counted(clip, visit)
    situation = situation.with_clip(clip)
    own = own_date(situation, visit)
    month = month_of(own or _first_date(clip, visit))
    full = yield from fair_use.is_full(clip, month, visit)
    if full:
        yield from put(fair_use.waiting(clip, month, own, visit))
        return
    match _verdict(situation, visit):
        case Verdict.FREE:
            yield from _claim(situation, visit)
        case Verdict.WAIT:
            yield from put(moves.due(clip, later(visit.soon())))
        case Verdict.RECALL:
            yield MakeWay(clip)
            yield from put(moves.due(clip, later(visit.soon())))
        case Verdict.LATE:
            yield from put(out_of_order(clip))


def _forbidden(situation: Situation, visit: Visit) -> Course[None]:
    """End a clip that may not go out any more, once nothing of an earlier send shows."""
    if situation.sends:
        is_heard = visit.times.is_heard or (yield from hear(situation.clip, visit))
        if not is_heard or not (yield from is_clear(situation, visit)):
            return
    yield from put(forbidden(situation))


def _verdict(situation: Situation, visit: Visit) -> Verdict:
    """Return whether a clip with a date may be sent now; the others have their turn, or not."""
    clip = situation.clip
    if not situation.is_planned or clip.order_waived:
        return Verdict.FREE
    date = own_date(situation, visit) or _first_date(clip, visit)
    return order.verdict(clip.index, date, situation.siblings)


def _stood_still(clip: Clip, visit: Visit) -> bool:
    """Return whether StoryClip comes back to a clip long after it was to ask for it again."""
    return clip.next_at is not None and visit.now - clip.next_at > STOOD_STILL


def _claim(situation: Situation, visit: Visit) -> Course[None]:
    clip, own = situation.clip, own_date(situation, visit)
    media_url = clip.media_url
    if media_url is None and (piece := piece_of(clip.source_url)) is not None:
        media_url = yield from brought(situation, piece, visit)
        if media_url is None:
            return
    elif media_url is None and situation.transfer is not None:
        media_url = yield from fetched(situation, situation.transfer, visit)
        if media_url is None:
            return
    elif media_url is None:
        clip = yield from put(moves.claimed(clip, visit.worker, visit.prepare_over_at()))
        media_url = yield from copied(clip, visit)
        if media_url is None:
            return
        if visit.settings.fetch_clips and media_url == clip.source_url:
            yield FetchFile(clip)
            yield from put(moves.postponed(clip, later(visit.soon()), None, None))
            return
        if own is not None and not _can_be_met(situation, own, visit):
            due = later(max(visit.times.at_ours(own), visit.now))
            yield from put(moves.postponed(clip, due, None, None, media_url))
            return
    date = own_date(situation, visit) or _first_date(clip, visit)
    over_at = visit.send_over_at()
    intent = moves.intended(clip, media_url, date, visit.worker, visit.now, over_at)
    try:
        clip = yield from put(intent)
    except NotItsTurn:
        if clip.state is State.PENDING:
            raise
        due = later(visit.now)
        clip = yield from put(moves.postponed(clip, due, None, None, media_url))
        if clip.state is State.PENDING:
            yield Rest(clip)
        return
    yield from send(situation.with_clip(clip), visit)


def _too_late(situation: Situation, visit: Visit) -> Move | None:
    """Return the end of a clip that is older than anybody would still want it to go out.

    What its account was refused for does not count, nor a full month: its user was told that it
    goes on by itself.
    Neither does what held up the clip before it, which went out all the same.
    """
    clip, lane = situation.clip, situation.clip.lane
    wished_for = clip.wished_for
    if wished_for is None or lane.blocked_reason is not None:
        return None
    before = order.latest_before(clip.index, situation.siblings)
    since = max(wished_for, lane.reopened_at or wished_for, before or wished_for)
    # Late by both clocks: the wrong one of two may be ours
    late_s = (min(visit.now, visit.there) - since).total_seconds()
    if late_s <= visit.settings.max_late_s:
        return None
    if clip.postponed_since is not None:
        words = say("not_taken_in_time", why=str(clip.error))
        return moves.missed(clip, words, ErrorCode.UPSTREAM_UNAVAILABLE)
    limit_s = visit.settings.max_late_s
    words = say("missed", late=late_s, limit=limit_s, before=sent_before(clip))
    return moves.missed(clip, words, ErrorCode.MISSED)


def _must_wait(situation: Situation, visit: Visit) -> Move | None:
    clip = situation.clip
    own = own_date(situation, visit)
    if own is not None and not _can_be_met(situation, own, visit):
        return moves.due(clip, later(visit.times.at_ours(own)))
    limit = visit.settings.quota_24h
    date = own or visit.there  # the dates of what went out are Metricool's, too
    taken = [one for one in situation.taken if one > date - quota.DAY]
    free_at = quota.earliest_start(taken, [date], limit) if situation.taken else date
    if free_at is None or free_at == date:
        return None
    words = say("quota", limit=limit, at=free_at)
    until = visit.times.at_ours(free_at)
    return moves.held_up(clip, until, words, free_at if situation.is_planned else until)


def own_date(situation: Situation, visit: Visit) -> datetime | None:
    """Return the date ahead that was asked for this clip, None when its turn has come or gone.

    Metricool's clock tells whether it is ahead there. In mode now there is none: what a turn is
    counted from may be ahead by a clock that was wrong.
    """
    wished_for = situation.clip.wished_for if situation.is_planned else None
    return wished_for if wished_for is not None and wished_for > visit.there else None


def _first_date(clip: Clip, visit: Visit) -> datetime:
    lead_s = clip.lane.lead_or(visit.settings.lead_s, visit.now)
    return first_step(visit.there, lead_s, visit.settings.date_step_s)


def _can_be_met(situation: Situation, own: datetime, visit: Visit) -> bool:
    """Return whether Metricool gets it early enough, and after the clips before it."""
    clip, settings = situation.clip, visit.settings
    lead_s = clip.lane.lead_or(settings.lead_s, visit.now)
    before = order.latest_before(clip.index, situation.siblings)
    is_after = before is None or own >= before + seconds(settings.date_step_s)
    return own >= visit.there + seconds(lead_s) and is_after
