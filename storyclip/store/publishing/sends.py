"""Every intent to send a clip, for as long as a post may come of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from storyclip.domain.clip import Clip
from storyclip.domain.identity import sent_as
from storyclip.domain.moves import Move
from storyclip.domain.send import FIRST_ASKED, Send, is_given_another
from storyclip.domain.story import Post
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_instant, to_text
from storyclip.store.publishing.rows import KEPT, SELECT_CLIP, clip_of

_SELECT = (
    "SELECT s.clip_id, s.number, c.clip_url, s.media_url, s.planned_for, s.intended_at, s.post_id,"
    " s.post_uuid, s.removed_at, s.gone_at,"
    " EXISTS (SELECT 1 FROM publish_sends t WHERE t.media_url = s.media_url"
    " AND (t.clip_id <> s.clip_id OR t.number <> s.number))"
    " FROM publish_sends s JOIN publish_batch_clips c ON c.id = s.clip_id"
)


def of_clip(clip_id: int) -> tuple[Send, ...]:
    """Return the sends of a clip, oldest first; on the caller's connection."""
    rows = run(f"{_SELECT} WHERE s.clip_id = ? ORDER BY s.number", (clip_id,)).fetchall()
    return tuple(map(_send, rows))


def watched(lane_id: int, since: datetime) -> Sequence[tuple[Send, Clip]]:
    """Return the sends of a lane with a date after `since`, each with its clip as it is now."""
    with reading():
        rows = run(
            f"{_SELECT} WHERE s.lane_id = ? AND s.planned_for > ? ORDER BY s.clip_id, s.number",
            (lane_id, to_text(since)),
        ).fetchall()
        ours = run(
            f"{SELECT_CLIP} WHERE c.id IN (SELECT clip_id FROM publish_sends"
            " WHERE lane_id = ? AND planned_for > ?)",
            (lane_id, to_text(since)),
        ).fetchall()
    clips = {clip.id: clip for clip in map(clip_of, ours)}
    return [(send, clips[send.clip_id]) for send in map(_send, rows) if send.clip_id in clips]


def keep(move: Move, at: datetime) -> None:
    """Write what a move means for the sends of its clip; in the transaction of the move.

    A new intent is one more send. One that surely made no post leaves none. A post that the clip
    lets go of stays known: it may come back, or turn up late.
    """
    before, after = move.before, move.after
    if after.sends > before.sends:
        run(
            "INSERT INTO publish_sends"
            " (clip_id, number, lane_id, media_url, planned_for, intended_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                after.id,
                after.sends,
                after.lane.id,
                after.media_url,
                to_text(after.planned_for),
                to_text(after.intended_at),
            ),
        )
    elif move.is_void and before.was_sent:
        run("DELETE FROM publish_sends WHERE clip_id = ? AND number = ?", (before.id, before.sends))
    elif move.is_gone or move.lets_go:
        let_go = before if before.post_id is not None else after
        run(
            "UPDATE publish_sends SET post_id = ?, post_uuid = ?, gone_at = COALESCE(?, gone_at)"
            " WHERE clip_id = ? AND number = ?",
            (
                let_go.post_id,
                let_go.post_uuid,
                to_text(at if move.is_gone else None),
                before.id,
                sent_as(let_go, of_clip(before.id)),
            ),
        )


def keep_late_id(clip: Clip, number: int, post: Post) -> None:
    """Write the post that came of a send whose clip has gone on without it; the audit finds it.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        run(
            "UPDATE publish_sends SET post_id = ?, post_uuid = ? WHERE clip_id = ? AND number = ?",
            (post.id, post.uuid, clip.id, number),
        )


def keep_given(clip: Clip, post: Post, at: datetime) -> None:
    """Write a post that a person says came of a clip, of a send whose row is lost.

    As one before all that are known: what came of those is the clip's. In the caller's transaction.
    """
    (first,) = run(
        "SELECT MIN(number) FROM publish_sends WHERE clip_id = ? AND number < ?",
        (clip.id, FIRST_ASKED),
    ).fetchone()
    number = (FIRST_ASKED if first is None else first) - 1
    made_at = to_text(post.created_at or at)
    run(
        "INSERT INTO publish_sends (clip_id, number, lane_id, media_url, planned_for, intended_at,"
        " post_id, post_uuid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            clip.id,
            number,
            clip.lane.id,
            post.media_urls[0] if post.media_urls else clip.source_url,
            to_text(post.planned_for) or made_at,
            made_at,
            post.id,
            post.uuid,
        ),
    )
    # Whoever has decided on its sends as they were decides anew
    run(
        "UPDATE publish_batch_clips SET revision = revision + 1, noted_at = ? WHERE id = ?",
        (to_text(at), clip.id),
    )


def begin_removal(send: Send, post: Post, at: datetime) -> None:
    """Write that we are about to delete a post that came of a send, as one too many.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        run(
            "UPDATE publish_sends SET post_id = ?, post_uuid = ?, removed_at = ?"
            " WHERE clip_id = ? AND number = ?",
            (post.id, post.uuid, to_text(at), send.clip_id, send.number),
        )


def goes_on_without(clip: Clip) -> bool:
    """Return whether a clip begins anew should the very post that it holds be deleted.

    We began to delete that as one too many; or a person says that another came of the clip.

    Raises:
        StoreUnavailable: nobody knows.
    """
    if clip.post_uuid is None:
        return False
    with reading():
        its = of_clip(clip.id)
    removed = [send for send in its if send.removed_at is not None]
    is_removed = any(send.post_uuid == clip.post_uuid for send in removed)
    return is_removed or is_given_another(its, clip.post_uuid)


def mark_gone(send: Send, at: datetime) -> None:
    """Write that the post of a send was seen among the deleted.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        run(
            "UPDATE publish_sends SET gone_at = ? WHERE clip_id = ? AND number = ?",
            (to_text(at), send.clip_id, send.number),
        )


@lru_cache(KEPT)
def _send(row: tuple[object, ...]) -> Send:
    clip_id, number, source, media, planned, intended, post_id, uuid, removed, gone, shared = row
    return Send(
        clip_id=int(str(clip_id)),
        number=int(str(number)),
        source_url=str(source),
        media_url=str(media),
        planned_for=datetime.fromisoformat(str(planned)),
        intended_at=datetime.fromisoformat(str(intended)),
        post_id=None if post_id is None else str(post_id),
        post_uuid=None if uuid is None else str(uuid),
        removed_at=to_instant(None if removed is None else str(removed)),
        gone_at=to_instant(None if gone is None else str(gone)),
        is_shared=bool(shared),
    )
