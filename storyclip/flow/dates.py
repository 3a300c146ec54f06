"""When a clip that is about to be sent may be sent: on its own date, now, later, or not at all.

A clip whose wished date is far enough ahead is handed over with that date. When it is too near, it
waits for it, and then goes out as its turn comes, as one without a date does. What is later than
STORYCLIP_MAX_LATE_S is not sent any more.
"""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.clip import Clip, Event
from storyclip.domain.errors import ErrorCode
from storyclip.domain.schedule import seconds
from storyclip.flow.engine import Engine, fail
from storyclip.store import quota, sent
from storyclip.store.clips import note, record


def is_too_late(clip: Clip, engine: Engine) -> bool:
    """Return whether the clip is older than anybody would still want it to go out."""
    latest = engine.now() - seconds(engine.settings.max_late_s)
    return clip.wished_for is not None and clip.wished_for < latest


def miss(clip: Clip, engine: Engine) -> None:
    """End a clip whose turn came too late, without a word to Metricool.

    Raises:
        LostRace, StoreUnavailable: nothing was written.
    """
    assert clip.wished_for is not None
    late_s = (engine.now() - clip.wished_for).total_seconds()
    words = (
        f"Its turn came {late_s:.0f} s after it was to go out; later than"
        f" {engine.settings.max_late_s:.0f} s it is not published. Nothing was sent: ask for it"
        " again if it is still wanted."
    )
    code = ErrorCode.MISSED
    if clip.postponed_since is not None:
        code = ErrorCode.UPSTREAM_UNAVAILABLE
        words = f"Metricool could not take this story in time: {clip.error}"
    fail(clip, Event.MISSED, engine, words, code)


def must_wait(clip: Clip, engine: Engine) -> bool:
    """Return whether it cannot be sent yet, and note until when and why.

    Raises:
        LostRace, StoreUnavailable: nothing was written.
    """
    now = engine.now()
    own = own_date(clip, now)
    if own is not None and not _can_be_met(clip, own, engine):
        note(clip, next_at=own, rung_at=None)
        return True
    free_at = quota.free_at(clip, own or now, engine.settings.quota_24h)
    if free_at is None:
        return False
    words = (
        f"Instagram takes {engine.settings.quota_24h} stories of an account in 24 hours; the next"
        f" one may go out at {free_at:%Y-%m-%d %H:%M} UTC. It goes on by itself then."
    )
    note(clip, next_at=free_at, rung_at=None, wished_for=free_at, error=words)
    return True


def came_too_near(clip: Clip, own: datetime, engine: Engine, media_url: str) -> bool:
    """Return whether its date came too near while its file was copied; then it is put back.

    Its attempt is given back: nothing was sent.

    Raises:
        LostRace, StoreUnavailable: nothing was written.
    """
    if _can_be_met(clip, own, engine):
        return False
    now = engine.now()
    back = {"media_url": media_url, "attempts": clip.attempts - 1, "rung_at": None}
    record(clip, Event.POSTPONED, at=now, next_at=max(own, now), **back)
    return True


def own_date(clip: Clip, now: datetime) -> datetime | None:
    """Return the date ahead that was asked for this clip, None when its turn has come or gone."""
    return clip.wished_for if clip.wished_for is not None and clip.wished_for > now else None


def _can_be_met(clip: Clip, own: datetime, engine: Engine) -> bool:
    """Return whether Metricool gets it early enough, and after the clips before it."""
    now = engine.now()
    settings = engine.settings
    lead_s = clip.lane.lead_or(settings.lead_s, now)
    before = sent.latest_date_before(clip)
    is_after = before is None or own >= before + seconds(settings.date_step_s)
    return own >= now + seconds(lead_s) and is_after
