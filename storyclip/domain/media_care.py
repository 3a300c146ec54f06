"""Whether somebody sees to files: a media process that is absent says nothing, so its rows do."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.clip_words import say

SIGN_EVERY_S = 10.0  # of a media process that lives, and looked at what is due
SILENT_FOR = timedelta(seconds=60)  # six signs: it is absent
SEEN_TO_WITHIN = timedelta(minutes=2)  # what is due longer than that was left

NOT_BROUGHT, UNREAD = say("not_brought"), say("file_unread")


def is_alive(alive_at: datetime | None, now: datetime) -> bool:
    """Return whether a media process lives, by its last sign."""
    return alive_at is not None and now - alive_at < SILENT_FOR


def is_late(due_at: datetime | None, now: datetime) -> bool:
    """Return whether what is due has waited for longer than whoever lives lets it wait."""
    return due_at is not None and now - due_at > SEEN_TO_WITHIN


def is_left(due_at: datetime | None, alive_at: datetime | None, now: datetime) -> bool:
    """Return whether what is due was left, with no media process there to see to it."""
    return is_late(due_at, now) and not is_alive(alive_at, now)
