"""Every intent to send a clip, for as long as a post may come of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from storyclip.domain.clip import Clip
from storyclip.domain.identity import sent_as
from storyclip.domain.moves import Move
from storyclip.domain.send import Send
from storyclip.domain.story import Post
from tests.model.twin.rows import Rows


def keep(rows: Rows, move: Move, at: datetime) -> Rows:
    """Write what `store.sends.keep` does."""
    before, after = move.before, move.after
    if after.sends > before.sends:
        sends = (*rows.sends, _intent(after))
        return replace(rows, sends=tuple(sorted(sends, key=lambda one: (one.clip_id, one.number))))
    if move.is_void and before.was_sent:
        void = (before.id, before.sends)
        left = (send for send in rows.sends if (send.clip_id, send.number) != void)
        return replace(rows, sends=tuple(left))
    if move.is_gone or move.lets_go:
        let_go = before if before.post_id is not None else after
        number = sent_as(let_go, rows.sends_of(before.id))
        facts = {"post_id": let_go.post_id, "post_uuid": let_go.post_uuid}
        gone = {"gone_at": at} if move.is_gone else {}
        return _noted(rows, before.id, number, **facts, **gone)
    return rows


def keep_late_id(rows: Rows, clip: Clip, number: int, post: Post) -> Rows:
    """Write what `store.sends.keep_late_id` does."""
    return _noted(rows, clip.id, number, post_id=post.id, post_uuid=post.uuid)


def begin_removal(rows: Rows, send: Send, post: Post, at: datetime) -> Rows:
    """Write what `store.sends.begin_removal` does."""
    facts = {"post_id": post.id, "post_uuid": post.uuid}
    return _noted(rows, send.clip_id, send.number, **facts, removed_at=at)


def goes_on_without(rows: Rows, clip: Clip) -> bool:
    """Return what `store.sends.goes_on_without` does."""
    if clip.post_uuid is None:
        return False
    removed = (send for send in rows.sends_of(clip.id) if send.removed_at is not None)
    return any(send.post_uuid == clip.post_uuid for send in removed)


def mark_gone(rows: Rows, send: Send, at: datetime) -> Rows:
    """Write what `store.sends.mark_gone` does."""
    return _noted(rows, send.clip_id, send.number, gone_at=at)


def _intent(clip: Clip) -> Send:
    assert clip.media_url is not None
    assert clip.planned_for is not None
    assert clip.intended_at is not None
    return Send(
        clip.id, clip.sends, clip.source_url, clip.media_url, clip.planned_for, clip.intended_at
    )


def _noted(rows: Rows, clip_id: int, number: int, **facts: Any) -> Rows:
    meant = (clip_id, number)
    sends = (
        replace(send, **facts) if (send.clip_id, send.number) == meant else send
        for send in rows.sends
    )
    return replace(rows, sends=tuple(sends))
