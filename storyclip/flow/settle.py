"""A clip whose answer was lost: look for it, and believe its absence only past the fence."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.clip import Clip, Event
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import ErrorCode, UpstreamBusy, UpstreamDenied, UpstreamError
from storyclip.domain.schedule import seconds
from storyclip.domain.story import Post
from storyclip.flow.confirm import confirm
from storyclip.flow.engine import Engine, denied_look, fail
from storyclip.flow.look import look_around, ours
from storyclip.store.clips import note, record

SECOND_LOOK = 12  # the two looks that prove an absence are this part of the margin apart: 10 s
FAR_AHEAD_S = 3600.0  # dates further ahead than this …
FAR_SETTLE = 5  # … are settled by looking for so many margins after the send: 10 min
LONGEST_WAIT_S = 30.0  # between two looks while the fence is still ahead


def settle(clip: Clip, engine: Engine) -> None:
    """Adopt the clip's post if it is there; prove that it cannot appear, or look again later.

    Raises:
        LostRace: somebody else settled it meanwhile.
        StoreUnavailable: nothing was written.
    """
    try:
        look = look_around(clip, engine)
        crashpoint("looked")
        if found := ours(clip, look.posts):
            _adopt(clip, engine, found)
        elif not look.is_whole or not _is_past_fence(clip, look.upstream_now, engine):
            _look_again(clip, engine, look.upstream_now)
        elif not _is_second_look(clip, engine):
            _note_absence(clip, engine)
        else:
            lane = clip.lane
            deleted = engine.upstream.deleted_posts(lane.account_id, lane.network)
            if ours(clip, deleted.posts):
                _deleted(clip, engine)
            elif not deleted.is_whole:
                _look_again(clip, engine, look.upstream_now)
            else:
                _try_again(clip, engine)
    except UpstreamDenied as refusal:
        note(clip, next_at=denied_look(clip, engine, refusal.words), rung_at=None)
    except UpstreamError as failure:
        wait_s = failure.retry_after_s if isinstance(failure, UpstreamBusy) else 0.0
        later = engine.now() + seconds(max(wait_s, engine.settings.confirm_interval_s))
        note(clip, next_at=later, rung_at=None)


def _adopt(clip: Clip, engine: Engine, post: Post) -> None:
    now = engine.now()
    clip = record(
        clip,
        Event.FOUND,
        at=now,
        post_id=post.id,
        planned_for=post.planned_for or clip.planned_for,
        uploaded_at=now,
        next_at=now,
        rung_at=now,
        checks=0,
        missing_since=None,
        error=None,
    )
    confirm(clip, engine)


def _is_past_fence(clip: Clip, upstream_now: datetime | None, engine: Engine) -> bool:
    """Return whether, by Metricool's own clock, a POST still under way must be refused by now.

    While it does not tell its time, nobody can say so.

    A date far ahead is not waited for: nothing stays on the way for so long, and should it
    make a twin after all, the audit deletes that long before it is due.
    """
    return upstream_now is not None and _to_fence_s(clip, upstream_now, engine) <= 0


def _to_fence_s(clip: Clip, upstream_now: datetime, engine: Engine) -> float:
    assert clip.fence_at is not None
    assert clip.intended_at is not None
    to_date_s = (clip.fence_at - upstream_now).total_seconds()
    if to_date_s > FAR_AHEAD_S:
        settling = seconds(FAR_SETTLE * engine.settings.settle_s)
        over_at = engine.send_over_at(clip.intended_at) + settling
        return (over_at - engine.now()).total_seconds()
    return to_date_s + engine.settings.settle_s


def _is_second_look(clip: Clip, engine: Engine) -> bool:
    apart = seconds(engine.settings.settle_s / SECOND_LOOK)
    return clip.missing_since is not None and engine.now() >= clip.missing_since + apart


def _look_again(clip: Clip, engine: Engine, upstream_now: datetime | None) -> None:
    """Look soon at first, then less often, and again right past the fence."""
    assert clip.intended_at is not None
    now, settings = engine.now(), engine.settings
    waited_s = (now - clip.intended_at).total_seconds()
    wait_s = min(max(waited_s / 2, settings.confirm_interval_s), LONGEST_WAIT_S)
    if upstream_now is not None and (to_fence_s := _to_fence_s(clip, upstream_now, engine)) > 0:
        wait_s = min(wait_s, to_fence_s)
    note(clip, next_at=now + seconds(wait_s), rung_at=None)


def _note_absence(clip: Clip, engine: Engine) -> None:
    now = engine.now()
    apart = seconds(engine.settings.settle_s / SECOND_LOOK)
    since = clip.missing_since or now
    note(clip, missing_since=since, next_at=max(since + apart, now), rung_at=None)


def _deleted(clip: Clip, engine: Engine) -> None:
    words = "deleted in Metricool before it was published"
    code = ErrorCode.DELETED_IN_METRICOOL
    fail(clip, Event.DELETED_UPSTREAM, engine, words, code)


def _try_again(clip: Clip, engine: Engine) -> None:
    if clip.attempts >= engine.settings.max_attempts:
        words = f"Metricool's answer was lost {clip.attempts} times and no story came of it"
        fail(clip, Event.GIVEN_UP, engine, words, ErrorCode.NOT_CREATED)
        return
    now = engine.now()
    record(
        clip, Event.ABSENT, at=now, next_at=now, rung_at=None, intended_at=None, missing_since=None
    )
