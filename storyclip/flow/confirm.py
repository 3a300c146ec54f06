"""A clip that Metricool has: look until it is live, refused, or the checks are used up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import (
    ErrorCode,
    RetrySafety,
    UpstreamBusy,
    UpstreamDenied,
    UpstreamError,
)
from storyclip.domain.schedule import seconds
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.engine import Engine, denied_look, fail
from storyclip.flow.look import look_around, ours
from storyclip.flow.withdraw import gone, is_to_be_taken_back, is_wanted_again, take_back
from storyclip.store import clips, lanes
from storyclip.store.clips import note, record

LASTING_CHECKS = 3  # a 404 for so many intervals is no longer the lag after a create
FAR_AHEAD_LOOK_S = 3600.0  # so that what was deleted or moved in Metricool shows the same hour
LATE_WATCH_PART = 4  # the late watch looks again after this part of the time already waited …
LATE_WATCH_MAX_S = 300.0  # … but at least this often


def confirm(clip: Clip, engine: Engine) -> None:
    """Take one look at the clip's post, and write what it shows.

    Raises:
        LostRace: somebody else looked meanwhile.
        StoreUnavailable: nothing was written.
    """
    assert clip.post_id is not None
    lane = clip.lane
    try:
        post = engine.upstream.post(lane.account_id, lane.network, clip.post_id)
        if post is None:
            _missing(clip, engine)
            return
    except UpstreamDenied as refusal:
        note(clip, next_at=denied_look(clip, engine, refusal.words), rung_at=None)
        return
    except UpstreamError as failure:
        _unreadable(clip, engine, failure)
        return
    if lane.blocked_reason is not None:
        lanes.unblock(lane.id)
    _seen(clip, engine, post)


def _seen(clip: Clip, engine: Engine, post: Post) -> None:
    now = engine.now()
    if is_wanted_again(clip):
        clip = note(clip, taken_back_at=None)
    if post.status is PostStatus.PUBLISHED:
        _live(clip, now, post)
    elif post.status is PostStatus.ERROR:
        words = post.words or "Metricool reports an error without words"
        code = ErrorCode.NETWORK_ERROR
        fail(clip, Event.SEEN_FAILED, engine, words, code, post.retry_safety)
    elif clip.state is State.FAILED:
        _watch_on(clip, engine, missing_since=None)
    elif post.status is PostStatus.AWAITING_CONFIRMATION:
        words = (
            "Metricool waits for somebody to confirm this story in its app. It goes out when that"
            " is done; StoryClip keeps looking."
        )
        _unconfirmed(clip, engine, words, ErrorCode.AWAITING_CONFIRMATION)
    elif is_to_be_taken_back(clip, engine, post):
        take_back(clip, engine, post)
    elif post.planned_for is not None and post.planned_for != clip.planned_for:
        _moved(clip, engine, planned_for=post.planned_for)
    else:
        _not_yet(clip, engine, missing_since=None)


def _live(clip: Clip, now: datetime, post: Post) -> None:
    crashpoint("live")
    record(
        clip,
        Event.SEEN_LIVE,
        at=now,
        published_at=now,
        network_post_id=post.network_post_id,
        public_url=post.public_url,
        next_at=None,
        rung_at=None,
        error=None,
        error_code=None,
        retry_safety=None,
    )


def _missing(clip: Clip, engine: Engine) -> None:
    """Metricool knows no such id: the lag after a create, an edit (new id), or a deletion."""
    if clip.taken_back_at is not None and clip.state is State.WAITING_CONFIRMATION:
        gone(clip, engine)
        return
    now = engine.now()
    since = clip.missing_since or now
    lasting_s = LASTING_CHECKS * engine.settings.confirm_interval_s
    if (now - since).total_seconds() >= lasting_s:
        edited = ours(clip, look_around(clip, engine).posts)
        if edited is not None and edited.id != clip.post_id:
            planned_for = edited.planned_for or clip.planned_for
            _moved(clip, engine, post_id=edited.id, planned_for=planned_for)
            return
        lane = clip.lane
        if ours(clip, engine.upstream.deleted_posts(lane.account_id, lane.network).posts):
            _deleted(clip, engine)
            return
    if clip.state is State.FAILED:
        _watch_on(clip, engine, missing_since=since)
    else:
        _not_yet(clip, engine, missing_since=since)


def _moved(clip: Clip, engine: Engine, **where: Any) -> None:
    """Follow a post that was edited in Metricool; the count of checks starts anew."""
    now = engine.now()
    record(
        clip, Event.MOVED, at=now, next_at=now, rung_at=None, checks=0, missing_since=None, **where
    )


def _deleted(clip: Clip, engine: Engine) -> None:
    words = "deleted in Metricool"
    code = ErrorCode.DELETED_IN_METRICOOL
    event = Event.SEEN_FAILED if clip.state is State.FAILED else Event.DELETED_UPSTREAM
    fail(clip, event, engine, words, code)


def _not_yet(clip: Clip, engine: Engine, missing_since: datetime | None) -> None:
    now, settings = engine.now(), engine.settings
    assert clip.planned_for is not None
    if now < clip.planned_for:
        soon = now + seconds(settings.confirm_interval_s)
        first_check = clip.planned_for + seconds(settings.confirm_interval_s)
        first_check = min(first_check, now + seconds(FAR_AHEAD_LOOK_S))
        _prepare_next(clip, engine)
        next_at = first_check if missing_since is None else min(soon, first_check)
        note(clip, next_at=next_at, rung_at=None, missing_since=missing_since)
        return
    checks = clip.checks + 1
    if checks >= settings.confirm_attempts:
        total_s = settings.confirm_attempts * settings.confirm_interval_s
        _unconfirmed(clip, engine, _not_live_within(total_s), ErrorCode.UNCONFIRMED, checks=checks)
        return
    next_at = now + seconds(settings.confirm_interval_s)
    note(clip, next_at=next_at, rung_at=None, checks=checks, missing_since=missing_since)


def _prepare_next(clip: Clip, engine: Engine) -> None:
    """Have the next clip's file copied while this one waits for its minute."""
    following = clips.next_in_batch(clip)
    if following is not None:
        engine.ring_prepare(following)


def _unreadable(clip: Clip, engine: Engine, failure: UpstreamError) -> None:
    """A look without an answer says nothing: it is not counted, but it does not last for ever."""
    now, settings = engine.now(), engine.settings
    if clip.state is State.FAILED:
        _watch_on(clip, engine, missing_since=clip.missing_since)
    elif now >= _watched_until(clip, engine):
        words = _not_live_within(settings.late_watch_s) + f" (last look: {failure})"
        _unconfirmed(clip, engine, words, ErrorCode.UNCONFIRMED)
    else:
        wait_s = failure.retry_after_s if isinstance(failure, UpstreamBusy) else 0.0
        later = now + seconds(max(wait_s, settings.confirm_interval_s))
        note(clip, next_at=later, rung_at=None)


def _unconfirmed(clip: Clip, engine: Engine, words: str, code: ErrorCode, **changes: Any) -> None:
    next_at = _late_look_at(clip, engine)
    safety = RetrySafety.CHECK_FIRST
    fail(clip, Event.TIMED_OUT, engine, words, code, safety, next_at=next_at, **changes)


def _watch_on(clip: Clip, engine: Engine, missing_since: datetime | None) -> None:
    next_at = _late_look_at(clip, engine)
    note(clip, next_at=next_at, rung_at=None, missing_since=missing_since)


def _late_look_at(clip: Clip, engine: Engine) -> datetime | None:
    """Return when to look again at a clip already called unconfirmed, None once for all."""
    assert clip.planned_for is not None
    now, until = engine.now(), _watched_until(clip, engine)
    if now >= until:
        return None
    waited_s = (now - clip.planned_for).total_seconds()
    wait_s = max(waited_s / LATE_WATCH_PART, engine.settings.confirm_interval_s)
    return min(now + seconds(min(wait_s, LATE_WATCH_MAX_S)), until)


def _watched_until(clip: Clip, engine: Engine) -> datetime:
    assert clip.planned_for is not None
    return clip.planned_for + seconds(engine.settings.late_watch_s)


def _not_live_within(total_s: float) -> str:
    return (
        f"Metricool accepted it but did not report it live within {total_s:.0f} s. It may still"
        " appear: StoryClip keeps looking. Look at the account before you ask for it again."
    )
