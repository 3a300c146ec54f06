"""A clip that Metricool has: look until it is live, refused, or the checks are used up."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import cause, say
from storyclip.domain.dates.schedule import seconds
from storyclip.domain.errors import ErrorCode, UpstreamDenied, UpstreamError
from storyclip.domain.identity import Fate
from storyclip.domain.moves import Move, later
from storyclip.domain.situation import Situation, Wanted
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.asking import Course, PrepareNext, goes_on_without, put
from storyclip.flow.find import Deleted, anywhere, under_its_id
from storyclip.flow.passed import put_in_place
from storyclip.flow.setbacks import (
    SAID_AFTER_S,
    could_not_look_words,
    denied_look,
    reopened,
)
from storyclip.flow.take_back import (
    TAKING_BACK_LOOK_S,
    deleted_in_time,
    gone,
    is_to_be_taken_back,
    is_unwanted,
    take_back,
)
from storyclip.flow.visit import Visit
from storyclip.flow.watch import (
    failed_there,
    looked_for_until,
    still_there_words,
    unconfirmed,
    watch_on,
    watch_there,
    watched_until,
)

LASTING_CHECKS = 3  # a 404 for so many intervals is no longer the lag after a create
FAR_AHEAD_LOOK_S = 3600.0  # so that what was deleted or moved in Metricool shows the same hour
ANYWHERE_CHECKS = 5  # past its date, each so many-th check looks for it everywhere
UNREAD_LOOK_S = 30.0  # between looks that fail, while the date is far ahead …
AHEAD_PART = 10  # … and else this part of the time that is left
UNSEEN_S = 60.0  # a look that has failed for so long after the create no longer holds up the next


def confirm(situation: Situation, visit: Visit) -> Course[None]:
    """Take one look at the clip's post, and write what it shows."""
    clip = situation.clip
    try:
        post = yield from under_its_id(clip)
        if post is None:
            yield from _missing(situation, visit)
            return
    except UpstreamDenied as refusal:
        yield from put(denied_look(clip, visit, refusal.words))
        return
    except UpstreamError as failure:
        yield from _unreadable(situation, visit, failure)
        return
    if clip.lane.blocked_reason is not None:
        clip = yield from put(reopened(clip, visit.now))
    yield from _seen(situation.with_clip(clip), visit, post)


def _seen(situation: Situation, visit: Visit, post: Post) -> Course[None]:
    clip = situation.clip
    if post.status is PostStatus.PUBLISHED:
        yield from put(moves.seen_live(clip, post, visit.now))
    elif post.status is PostStatus.ERROR:
        yield from failed_there(situation, visit, post)
    elif clip.state is State.FAILED:
        clip = yield from put(watch_there(clip, visit, post))
        if is_to_be_taken_back(situation.with_clip(clip), visit, post):
            yield from take_back(situation.with_clip(clip), visit, post)
    elif post.status is PostStatus.AWAITING_CONFIRMATION:
        words = still_there_words(clip, visit, post)
        yield from put(unconfirmed(clip, visit, words, ErrorCode.AWAITING_CONFIRMATION))
    elif is_to_be_taken_back(situation, visit, post):
        yield from take_back(situation, visit, post)
    elif post.id != clip.post_id or moves.date_of(clip, post) != clip.planned_for:
        is_first = clip.seen_at is None
        moved = moves.moved(clip, post, visit.now)
        yield from put_in_place(situation, moved) if is_first else put(moved)
    else:
        yield from _not_yet(situation, visit, post, missing_since=None)


def _missing(situation: Situation, visit: Visit) -> Course[None]:
    """Metricool has no such post of ours under that id: the lag after a create, an edit (which
    gives a new id), or a deletion.

    Raises:
        UpstreamError: it could not be looked for.
    """
    clip = situation.clip
    since = clip.missing_since or visit.now
    lasting_s = LASTING_CHECKS * visit.settings.confirm_interval_s
    is_begun = clip.taken_back_at is not None and is_unwanted(situation)
    is_lasting = (visit.now - since).total_seconds() >= lasting_s
    looks_on = is_lasting and clip.checks % ANYWHERE_CHECKS == 0
    if is_begun or looks_on or clip.state is State.FAILED:
        seen = yield from anywhere(clip)
        if isinstance(seen, Deleted):
            yield from _lies_deleted(situation, visit, seen)
            return
        if seen is not None:
            yield from _seen(situation, visit, seen)
            return
    if is_begun:
        yield from _not_seen_deleted(clip, visit, since)
    elif clip.state is State.FAILED:
        yield from put(watch_on(clip, visit, missing_since=since))
    else:
        yield from _not_yet(situation, visit, None, missing_since=since)


def _lies_deleted(situation: Situation, visit: Visit, deleted: Deleted) -> Course[None]:
    clip = situation.clip
    if is_unwanted(situation):
        yield from put(gone(situation, visit, deleted))
    elif deleted.fate is Fate.OUT:
        yield from put(moves.seen_live(clip, deleted.post, visit.now))
    elif deleted.fate is Fate.NOT_OUT:
        is_waiting = clip.state is State.WAITING_CONFIRMATION
        if is_waiting and clip.lane.is_in_doubt:  # lost rows may have taken it back, and sent anew
            yield from _not_yet(situation, visit, None, clip.missing_since or visit.now)
            return
        if is_waiting and (yield from goes_on_without(clip)):
            yield from put(moves.recalled(clip, visit.now))  # by us, while nobody wanted it
        else:
            yield from put(deleted_in_time(clip, visit, deleted.post))
    elif clip.state is State.FAILED:
        yield from put(_was_deleted_after(clip, visit))
    else:
        over = moves.timed_out(clip, say("deleted_when_due"), ErrorCode.UNCONFIRMED, None)
        yield from put(over)


def _was_deleted_after(clip: Clip, visit: Visit) -> Move:
    """Say once of a clip that was called failed, and that may be out, that it lies deleted now."""
    words = say("deleted_after")
    if clip.error == words:
        return watch_on(clip, visit, clip.missing_since)
    code = ErrorCode.NETWORK_ERROR if clip.is_left_open else ErrorCode.UNCONFIRMED
    return unconfirmed(clip, visit, words, code)


def _not_seen_deleted(clip: Clip, visit: Visit, since: datetime) -> Course[None]:
    """Go on looking for a post that we began to delete, and that is seen nowhere."""
    assert clip.planned_for is not None
    assert clip.taken_back_at is not None
    over_at = clip.planned_for + seconds(visit.settings.settle_s)
    if visit.there >= over_at:
        words = say("not_seen_deleted")
        is_told = clip.state is State.FAILED and clip.error == words
        over = unconfirmed(clip, visit, words, ErrorCode.UNCONFIRMED)
        yield from put(watch_on(clip, visit, since) if is_told else over)
        return
    due = later(visit.ever_later(clip.taken_back_at, TAKING_BACK_LOOK_S))
    yield from put(
        moves.looked(clip, due, checks=clip.checks, missing_since=since, seen_at=clip.seen_at)
    )


def _not_yet(
    situation: Situation, visit: Visit, post: Post | None, missing_since: datetime | None
) -> Course[None]:
    clip, settings = situation.clip, visit.settings
    assert clip.planned_for is not None
    # In mode now nothing waits for the first look, so it is no news to anybody
    is_news = post is not None and situation.is_planned
    seen_at = clip.seen_at or (visit.now if is_news else None)
    if visit.there < clip.planned_for:
        first_check = visit.times.at_ours(clip.planned_for) + seconds(settings.confirm_interval_s)
        first_check = min(first_check, visit.in_s(FAR_AHEAD_LOOK_S))
        yield PrepareNext(clip)
        next_at = first_check
        if missing_since is not None:
            next_at = min(visit.ever_later(missing_since, FAR_AHEAD_LOOK_S), first_check)
        yield from put(
            moves.looked(
                clip,
                later(next_at),
                checks=clip.checks,
                missing_since=missing_since,
                seen_at=seen_at,
            )
        )
        return
    checks = clip.checks + 1
    if checks >= settings.confirm_attempts:
        total_s = settings.confirm_attempts * settings.confirm_interval_s
        words = say("not_live", seconds=total_s, until=looked_for_until(clip, visit))
        if post is not None and post.is_draft:
            words = still_there_words(clip, visit, post)
        yield from put(unconfirmed(clip, visit, words, ErrorCode.UNCONFIRMED, checks))
        return
    due = later(visit.in_s(settings.confirm_interval_s))
    yield from put(
        moves.looked(clip, due, checks=checks, missing_since=missing_since, seen_at=seen_at)
    )


def _unreadable(situation: Situation, visit: Visit, failure: UpstreamError) -> Course[None]:
    """A look without an answer says nothing: it is not counted, but it does not last for ever."""
    clip = situation.clip
    if clip.state is State.FAILED:
        yield from put(watch_on(clip, visit, missing_since=clip.missing_since))
        return
    if visit.now >= watched_until(clip, visit):
        total_s = visit.settings.late_watch_s
        words = say("not_live_unread", seconds=total_s, why=cause(failure))
        yield from put(unconfirmed(clip, visit, words, ErrorCode.UNCONFIRMED))
        return
    assert clip.planned_for is not None
    is_over = visit.there >= clip.planned_for + seconds(SAID_AFTER_S)
    reason = could_not_look_words(clip, failure) if is_over else None
    next_at = max(visit.soon(failure), _look_after_failure(situation, visit))
    note = moves.could_not_look(clip, later(next_at), reason)
    taken_at = clip.uploaded_at if clip.seen_at is None else None
    if taken_at is not None and visit.now >= taken_at + seconds(UNSEEN_S):
        note = moves.seen_unread(note, visit.now)
    yield from put(note)


def _look_after_failure(situation: Situation, visit: Visit) -> datetime:
    """Return when to look again: often while something hangs on it, and rarely far ahead."""
    clip, batch = situation.clip, situation.batch
    assert clip.planned_for is not None
    if situation.wanted is not Wanted.YES:
        since = batch.cancel_requested_at or clip.recall_wished_at or batch.pause_requested_at
        return visit.ever_later(since or visit.now, TAKING_BACK_LOOK_S)
    ahead_s = (clip.planned_for - visit.there).total_seconds()
    return visit.in_s(min(ahead_s / AHEAD_PART, UNREAD_LOOK_S))
