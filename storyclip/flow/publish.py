"""One step of one clip: whatever its row says is due, and only then."""

from __future__ import annotations

from typing import Any

import structlog

from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import (
    ErrorCode,
    LostRace,
    MediaUnavailable,
    NotItsTurn,
    UpstreamBusy,
    UpstreamDateInPast,
    UpstreamDenied,
    UpstreamError,
    UpstreamRefused,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.schedule import first_step, seconds
from storyclip.domain.story import Post, Story
from storyclip.flow.confirm import confirm
from storyclip.flow.dates import came_too_near, is_too_late, miss, must_wait, own_date
from storyclip.flow.engine import (
    Engine,
    fail,
    hold,
    is_due,
    postpone,
    try_again_or_fail,
    was_sent,
)
from storyclip.flow.settle import settle
from storyclip.store import clips, lanes
from storyclip.store.clips import record

log = structlog.get_logger("storyclip")

LONGER_LEAD_FOR_S = 3600.0  # how long a lane keeps the lead that a past-date refusal taught it


def step(clip_id: int, engine: Engine) -> None:
    """Take the step that is due for a clip; nothing if somebody else did or it is not due.

    Raises:
        StoreUnavailable: what could not be written was not done, or will be found out by looking.
        NotFound: no such clip: a message that is none of ours.
    """
    crashpoint("bell_heard")
    clip = clips.find(clip_id)
    if not is_due(clip, engine.now()):
        return
    try:
        _STEPS[clip.state](clip, engine)
    except LostRace:
        log.debug("lost_race", batch=clip.batch_id, clip=clip.index)
    except NotItsTurn as later:
        log.debug("not_its_turn", batch=clip.batch_id, clip=clip.index, reason=str(later))
        clips.rest(clip, engine.now())


def prepare(clip_id: int, engine: Engine) -> None:
    """Have Metricool copy a clip's file ahead of its turn; what goes wrong shows at its turn."""
    clip = clips.find(clip_id)
    if clip.state is not State.PENDING or clip.media_url is not None:
        return
    try:
        media_url = engine.upstream.prepare_media(clip.lane.account_id, clip.source_url)
    except UpstreamError as failure:
        log.info("prepare_failed", batch=clip.batch_id, clip=clip.index, reason=str(failure))
        return
    crashpoint("media_prepared")
    clips.store_media(clip, media_url)
    crashpoint("media_stored")


def _begin(clip: Clip, engine: Engine) -> None:
    now = engine.now()
    if is_too_late(clip, engine):
        miss(clip, engine)
        return
    if must_wait(clip, engine):
        return
    own = own_date(clip, now)
    taken = {"attempts": clip.attempts + 1, "worker": engine.worker, "rung_at": None}
    if clip.media_url is not None:
        clip = record(clip, Event.CLAIMED, at=now, **taken, **_plan(clip, engine))
    else:
        over_at = engine.prepare_over_at(now)
        claimed = record(clip, Event.CLAIMED, at=now, **taken, intended_at=None, next_at=over_at)
        media_url = _media(claimed, engine)
        if media_url is None:
            return
        if own is not None and came_too_near(claimed, own, engine, media_url):
            return
        try:
            plan = _plan(clip, engine)
            clip = record(claimed, Event.INTENDED, at=engine.now(), media_url=media_url, **plan)
        except NotItsTurn:
            _let_go(claimed, engine)
            return
    _send(clip, engine)


def _plan(clip: Clip, engine: Engine) -> dict[str, Any]:
    now, settings = engine.now(), engine.settings
    planned_for = own_date(clip, now)
    if planned_for is None:
        lead_s = clip.lane.lead_or(settings.lead_s, now)
        planned_for = first_step(now, lead_s, settings.date_step_s)
    return {
        "planned_for": planned_for,
        "plans": (*clip.plans, planned_for),
        "intended_at": now,
        "next_at": engine.send_over_at(now),
        "checks": 0,
        "missing_since": None,
    }


def _media(clip: Clip, engine: Engine) -> str | None:
    """Return the media URL of a clip in hand, None when the clip went back or failed."""
    try:
        media_url = engine.upstream.prepare_media(clip.lane.account_id, clip.source_url)
        crashpoint("media_prepared")
        return media_url
    except UpstreamDenied as refusal:
        hold(clip, engine, refusal.words)
    except UpstreamRefused as refusal:
        fail(clip, Event.REFUSED, engine, refusal.words, ErrorCode.MEDIA_REFUSED)
    except UpstreamBusy as busy:
        postpone(clip, engine, str(busy), at_least_s=busy.retry_after_s)
    except UpstreamUnreachable as failure:
        postpone(clip, engine, str(failure))
    except MediaUnavailable as failure:
        try_again_or_fail(clip, engine, str(failure), ErrorCode.MEDIA_UNAVAILABLE)
    return None


def _send(clip: Clip, engine: Engine) -> None:
    assert clip.media_url is not None
    assert clip.planned_for is not None
    story = Story(clip.lane.account_id, clip.lane.network, clip.media_url, clip.planned_for)
    try:
        post = engine.upstream.submit_story(story)
    except UpstreamUnanswered as silence:
        _unanswered(clip, engine, str(silence))
    except UpstreamDateInPast:
        _plan_further_ahead(clip, engine)
    except UpstreamDenied as refusal:
        hold(clip, engine, refusal.words)
    except UpstreamRefused as refusal:
        fail(clip, Event.REFUSED, engine, refusal.words, ErrorCode.REFUSED)
    except UpstreamBusy as busy:
        postpone(clip, engine, str(busy), at_least_s=busy.retry_after_s)
    except UpstreamUnreachable as failure:
        postpone(clip, engine, str(failure))
    else:
        crashpoint("answered")
        _accepted(clip, engine, post)


def _accepted(clip: Clip, engine: Engine, post: Post) -> None:
    now = engine.now()
    known = {"post_id": post.id, "uploaded_at": now, "next_at": now, "rung_at": now}
    cleared = {"error": None, "postponed_since": None, "postponements": 0}
    try:
        clip = record(clip, Event.ACCEPTED, at=now, **known, **cleared)
    except LostRace:
        # Called dead while only slow: the clip is being looked for, and this is where it is.
        current = clips.find(clip.id)
        if current.state is not State.VERIFYING or current.attempts != clip.attempts:
            raise
        clip = record(current, Event.FOUND, at=now, **known, **cleared)
    if clip.lane.blocked_reason is not None:
        lanes.unblock(clip.lane.id)
    confirm(clip, engine)


def _unanswered(clip: Clip, engine: Engine, reason: str) -> None:
    now = engine.now()
    clip = record(clip, Event.UNANSWERED, at=now, next_at=now, rung_at=now, error=reason)
    settle(clip, engine)


def _plan_further_ahead(clip: Clip, engine: Engine) -> None:
    now, settings = engine.now(), engine.settings
    lead_s = 2 * max(clip.lane.lead_or(settings.lead_s, now), settings.date_step_s / 2)
    lanes.remember_lead(clip.lane.id, lead_s, now + seconds(LONGER_LEAD_FOR_S))
    reason = "the date asked for was over when Metricool handled it"
    if clip.attempts >= settings.max_attempts:
        fail(clip, Event.REFUSED, engine, reason, ErrorCode.REFUSED)
        return
    back = record(clip, Event.POSTPONED, at=now, next_at=now, rung_at=now, intended_at=None)
    _begin(clips.find(back.id), engine)


def _recover(clip: Clip, engine: Engine) -> None:
    """Take over a clip whose worker is gone: looked for if it may have left, else tried again."""
    if was_sent(clip):
        _unanswered(clip, engine, "the worker that sent it died before it wrote the answer")
    elif clip.attempts >= engine.settings.max_attempts:
        reason = "each worker that prepared it died"
        fail(clip, Event.REFUSED, engine, reason, ErrorCode.MEDIA_UNAVAILABLE)
    else:
        now = engine.now()
        back = record(clip, Event.POSTPONED, at=now, next_at=now, rung_at=now)
        _begin(clips.find(back.id), engine)


def _let_go(clip: Clip, engine: Engine) -> None:
    now = engine.now()
    back = record(
        clip, Event.POSTPONED, at=now, next_at=now, rung_at=now, attempts=clip.attempts - 1
    )
    clips.rest(back, now)


_STEPS = {
    State.PENDING: _begin,
    State.UPLOADING: _recover,
    State.VERIFYING: settle,
    State.WAITING_CONFIRMATION: confirm,
    State.FAILED: confirm,
}
