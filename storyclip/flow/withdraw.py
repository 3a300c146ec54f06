"""A post that the user does not want any more: delete it while its date is ahead, and be sure."""

from __future__ import annotations

import structlog

from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import ErrorCode, RetrySafety, UpstreamBusy, UpstreamError
from storyclip.domain.schedule import seconds
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.engine import Engine, fail
from storyclip.flow.look import ours
from storyclip.store import wishes
from storyclip.store.clips import note, record

log = structlog.get_logger("storyclip")


def is_to_be_taken_back(clip: Clip, engine: Engine, post: Post) -> bool:
    """Return whether a post is one that the user does not want, and can still be stopped."""
    if clip.state is not State.WAITING_CONFIRMATION or post.status is not PostStatus.PENDING:
        return False
    planned_for = post.planned_for or clip.planned_for
    is_ahead = planned_for is not None and engine.now() < planned_for
    return is_ahead and wishes.not_wanted(clip) is not None


def is_wanted_again(clip: Clip) -> bool:
    """Return whether the user went on before a post that we began to delete was gone."""
    return clip.taken_back_at is not None and wishes.not_wanted(clip) is None


def take_back(clip: Clip, engine: Engine, post: Post) -> None:
    """Delete a clip's post, read back that it is gone, and write what became of the clip.

    That we begin is written first: once gone, the post could as well have been deleted by a
    person, and the clip would be called cancelled though the user only paused.

    Raises:
        LostRace: somebody else looked meanwhile.
        StoreUnavailable: the next look finds out.
    """
    lane = clip.lane
    planned_for = post.planned_for or clip.planned_for
    clip = note(clip, taken_back_at=engine.now(), planned_for=planned_for)
    crashpoint("taking_back")
    try:
        engine.upstream.delete_post(lane.account_id, post.id)
        crashpoint("deleted")
        still_there = engine.upstream.post(lane.account_id, lane.network, post.id)
        if still_there is None:
            gone(clip, engine)
            return
        reason = f"Metricool still shows it as {still_there.status}"
    except UpstreamError as failure:
        reason = str(failure)
        if isinstance(failure, UpstreamBusy):
            note(clip, next_at=engine.now() + seconds(failure.retry_after_s), rung_at=None)
            return
    log.info("not_taken_back", batch=clip.batch_id, clip=clip.index, reason=reason)
    soon = engine.now() + seconds(engine.settings.confirm_interval_s)
    note(clip, next_at=soon, rung_at=None)


def gone(clip: Clip, engine: Engine) -> None:
    """Write what becomes of a clip whose post we began to delete and that is gone.

    Raises:
        UpstreamError: its date has passed meanwhile, and whether it went out cannot be seen now.
        LostRace, StoreUnavailable: nothing was written.
    """
    now = engine.now()
    assert clip.planned_for is not None
    if now >= clip.planned_for and not _was_deleted_in_time(clip, engine):
        words = (
            "StoryClip deleted it in Metricool at the very moment it was due. It may be out: look"
            " at the account before you ask for it again."
        )
        code, safety = ErrorCode.UNCONFIRMED, RetrySafety.CHECK_FIRST
        fail(clip, Event.TIMED_OUT, engine, words, code, safety)
    elif wishes.not_wanted(clip) is Event.WITHDRAWN:
        record(clip, Event.WITHDRAWN, at=now, next_at=None, rung_at=None, missing_since=None)
    else:
        _recall(clip, engine)


def _recall(clip: Clip, engine: Engine) -> None:
    """Begin anew, with a copy of the file of its own: nobody may take the old post for the new."""
    now = engine.now()
    record(
        clip,
        Event.RECALLED,
        at=now,
        next_at=now,  # should the user have resumed meanwhile; else it rests at once
        rung_at=None,
        post_id=None,
        media_url=None,
        planned_for=None,
        plans=(),
        intended_at=None,
        uploaded_at=None,
        checks=0,
        missing_since=None,
        taken_back_at=None,
    )


def _was_deleted_in_time(clip: Clip, engine: Engine) -> bool:
    lane = clip.lane
    found = ours(clip, engine.upstream.deleted_posts(lane.account_id, lane.network).posts)
    return found is not None and found.status is PostStatus.PENDING
