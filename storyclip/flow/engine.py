"""What every step of the flow works with, handed in by the mains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.schedule import backoff_s, seconds
from storyclip.domain.story import Upstream
from storyclip.store.clips import record
from storyclip.store.lanes import block

PREPARE_DEADLINES = 12  # a large file takes Metricool minutes, an ordinary call 20 s at most
SLACK_S = 5.0  # for the writes around a call, before its worker is called late
DENIED_RETRY_S = 60.0  # how often a refused account is tried: cheap for us, soon for the user


@dataclass(frozen=True)
class Engine:
    """The surroundings of a step: Metricool, the settings, the time and the bells.

    `jitter` draws evenly from 0 to 1. `ring_prepare` takes a clip id and may go unheard.
    """

    upstream: Upstream
    settings: Settings
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    worker: str
    ring_prepare: Callable[[int], None]

    def send_over_at(self, now: datetime) -> datetime:
        """Return when a worker that sends from now on must be done, or be called dead."""
        return now + seconds(self.settings.http_deadline_s + SLACK_S)

    def prepare_over_at(self, now: datetime) -> datetime:
        """Return when a worker that prepares media from now on must be done, or be called dead."""
        return now + seconds(PREPARE_DEADLINES * self.settings.http_deadline_s + SLACK_S)


def postpone(clip: Clip, engine: Engine, reason: str, at_least_s: float = 0.0) -> Clip:
    """Put a clip back that surely was not created because Metricool could not take it now.

    Its attempt is given back: an outage burns no clip. Only when it has lasted for longer than a
    story may be late does the clip fail.
    """
    now, settings = engine.now(), engine.settings
    since = clip.postponed_since or now
    if (now - since).total_seconds() > settings.max_late_s:
        words = f"Metricool could not take this story for {settings.max_late_s:.0f} s: {reason}"
        return fail(clip, Event.REFUSED, engine, words, ErrorCode.UPSTREAM_UNAVAILABLE)
    wait_s = backoff_s(
        clip.postponements, settings.retry_base_s, settings.retry_max_s, engine.jitter()
    )
    return record(
        clip,
        Event.POSTPONED,
        at=now,
        next_at=now + seconds(max(wait_s, at_least_s)),
        rung_at=None,
        attempts=clip.attempts - 1,
        postponed_since=since,
        postponements=clip.postponements + 1,
        intended_at=None,
        error=reason,
    )


def hold(clip: Clip, engine: Engine, reason: str) -> Clip:
    """Put a clip back that Metricool refuses to take for this account; the lane waits with it."""
    now = engine.now()
    block(clip.lane.id, _reconnect(reason), now)
    return record(
        clip,
        Event.POSTPONED,
        at=now,
        next_at=now + seconds(DENIED_RETRY_S),
        rung_at=None,
        attempts=clip.attempts - 1,
        intended_at=None,
        error=_reconnect(reason),
    )


def try_again_or_fail(clip: Clip, engine: Engine, reason: str, code: ErrorCode) -> Clip:
    """Put a clip back that was surely not created, its attempt spent; fail it after the last."""
    if clip.attempts >= engine.settings.max_attempts:
        return fail(clip, Event.REFUSED, engine, reason, code)
    now, settings = engine.now(), engine.settings
    wait_s = backoff_s(clip.attempts, settings.retry_base_s, settings.retry_max_s, engine.jitter())
    return record(
        clip,
        Event.POSTPONED,
        at=now,
        next_at=now + seconds(wait_s),
        rung_at=None,
        intended_at=None,
        error=reason,
    )


def fail(
    clip: Clip,
    event: Event,
    engine: Engine,
    words: str,
    code: ErrorCode,
    safety: RetrySafety = RetrySafety.SAFE,
    **changes: Any,
) -> Clip:
    """End a clip without it having been seen live, and say why and what may be done."""
    at = engine.now()
    ending = {"next_at": None, "rung_at": None, **changes}
    return record(
        clip, event, at=at, error=words, error_code=code.value, retry_safety=safety, **ending
    )


def denied_look(clip: Clip, engine: Engine, reason: str) -> datetime:
    """Note that Metricool refuses to show this account, and return when to look again."""
    now = engine.now()
    if clip.lane.blocked_reason is None:
        block(clip.lane.id, _reconnect(reason), now)
    return now + seconds(DENIED_RETRY_S)


def is_due(clip: Clip, now: datetime) -> bool:
    """Return whether its next step may be taken now; a bell alone is no reason."""
    return clip.next_at is not None and clip.next_at <= now


def was_sent(clip: Clip) -> bool:
    """Return whether the clip in hand may have left: its intent is written."""
    return clip.state is State.UPLOADING and clip.intended_at is not None


def _reconnect(reason: str) -> str:
    return (
        f"Metricool refuses this account ({reason}). Nothing more is sent until it is"
        " reconnected in Metricool; StoryClip goes on by itself then."
    )
