"""A post that is not wanted on its date: delete it while that is ahead, and be sure.

A DELETE is as dangerous as a POST: its answer can be lost, and it can be handled late. What is
once begun is finished, whatever the user wishes meanwhile: deleted again until the post is seen
among the deleted, by its uuid. What is wanted after all is sent anew then.
"""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import say
from storyclip.domain.errors import ErrorCode, RetrySafety, UpstreamDenied, UpstreamError
from storyclip.domain.identity import Fate
from storyclip.domain.moves import Move, later
from storyclip.domain.order import SOON, is_last_upstream
from storyclip.domain.situation import Situation, Wanted
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.asking import Course, ask, put
from storyclip.flow.calls import Delete
from storyclip.flow.find import Deleted, among_deleted
from storyclip.flow.setbacks import denied_look, forbidden
from storyclip.flow.visit import Visit
from storyclip.flow.watch import watch_on

TAKING_BACK_LOOK_S = 30.0  # as rarely a DELETE is repeated that does not work
AFTER_OTHERS_S = 10.0  # should the word that it is this one's turn get lost


_FOR_GOOD = (Wanted.NEVER, Wanted.FORBIDDEN)  # nothing of it is to be sent anew


def is_unwanted(situation: Situation) -> bool:
    """Return whether a clip's post is not wanted now; of what was called failed, only ever."""
    if situation.clip.state is State.FAILED:
        return situation.wanted in _FOR_GOOD
    return situation.wanted is not Wanted.YES


def is_to_be_taken_back(situation: Situation, visit: Visit, post: Post) -> bool:
    """Return whether a post is one that is not wanted, and can still be stopped."""
    if not is_unwanted(situation):
        return False
    planned_for = moves.date_of(situation.clip, post)
    is_ahead = planned_for is not None and visit.there < planned_for
    return post.is_draft or (post.status is PostStatus.PENDING and is_ahead)


def take_back(situation: Situation, visit: Visit, post: Post) -> Course[None]:
    """Delete a clip's post, which was just seen to be ours, and look for it among the deleted."""
    clip = situation.clip
    is_first = (
        situation.wanted in _FOR_GOOD
        or is_last_upstream(clip.index, situation.siblings)
        or _goes_out_soon(clip, visit, post)
    )
    if not is_first and clip.taken_back_at is None and clip.recall_wished_at is None:
        # Those after it go first, and the last one that does makes this one due at once
        soon_at = visit.times.at_ours(post.planned_for or visit.there) - SOON
        yield from put(moves.due(clip, later(max(soon_at, visit.in_s(AFTER_OTHERS_S)))))
        return
    if clip.taken_back_at is None or post.id != clip.post_id:
        clip = yield from put(moves.taking_back(clip, post, visit.now))
    try:
        yield from ask(Delete(clip.lane, post.id))
        deleted = yield from among_deleted(clip)
    except UpstreamDenied as refusal:
        yield from put(denied_look(clip, visit, refusal.words))
        return
    except UpstreamError as failure:
        yield from put(moves.due(clip, later(max(visit.soon(failure), _again_at(clip, visit)))))
        return
    if deleted is None:
        yield from put(moves.due(clip, later(_again_at(clip, visit))))
    else:
        yield from put(gone(situation.with_clip(clip), visit, deleted))


def _again_at(clip: Clip, visit: Visit) -> datetime:
    return visit.ever_later(clip.taken_back_at or visit.now, TAKING_BACK_LOOK_S)


def _goes_out_soon(clip: Clip, visit: Visit, post: Post) -> bool:
    """Return whether it would go out if those after it are slow to be taken back, or refuse to."""
    planned_for = moves.date_of(clip, post)
    return planned_for is not None and planned_for - visit.there <= SOON


def deleted_in_time(clip: Clip, visit: Visit, post: Post) -> Move:
    """Return what becomes of a wanted clip whose post was deleted before it was out.

    What we began to delete ourselves, and called failed since, nobody else is named for.
    """
    if clip.state is not State.FAILED or clip.taken_back_at is None:
        return moves.deleted_upstream(clip, post, say("deleted"))
    if clip.retry_safety is RetrySafety.SAFE:  # that is known, and its words say why it failed
        return watch_on(clip, visit, clip.missing_since)
    return moves.deleted_upstream(clip, post, say("taken_back"))


def gone(situation: Situation, visit: Visit, deleted: Deleted) -> Move:
    """Return what becomes of an unwanted clip whose post lies among the deleted."""
    clip = situation.clip
    if deleted.fate is Fate.OUT:
        return moves.seen_live(clip, deleted.post, visit.now)
    if deleted.fate is Fate.UNKNOWN:
        words = say("taken_back_after")
        code = ErrorCode.NETWORK_ERROR if clip.is_left_open else ErrorCode.UNCONFIRMED
        return moves.timed_out(clip, words, code, None)
    if situation.wanted is Wanted.NEVER:
        return moves.withdrawn(clip)
    if situation.wanted is Wanted.FORBIDDEN:
        return forbidden(situation)
    return moves.recalled(clip, visit.now)
