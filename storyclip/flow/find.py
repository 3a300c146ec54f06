"""Where the post of a clip is: under its id, under another, among the deleted, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip
from storyclip.domain.identity import (
    Fate,
    came_of,
    fate_of,
    found_among,
    held_among,
    is_of,
    may_be_as_asked,
    name_of,
)
from storyclip.domain.send import Send, open_sends, unanswered
from storyclip.domain.story import Post
from storyclip.flow.asking import Search, ask, everywhere, held_by_others
from storyclip.flow.calls import ListDeleted, ReadPost

MOST_READ = 3  # posts on one minute of an account that nobody of ours holds


@dataclass(frozen=True, slots=True)
class Deleted:
    """A post of ours that lies among the deleted, and whether it had gone out before."""

    post: Post
    fate: Fate


def under_its_id(clip: Clip) -> Search[Post | None]:
    """Return the clip's post if the id that we know still names it.

    The id may name another post by now; that one is as good as none.
    """
    if clip.post_id is None:
        return None
    post = yield from ask(ReadPost(clip.lane, clip.post_id))
    return post if post is not None and is_of(clip, post) else None


def anywhere(clip: Clip) -> Search[Post | Deleted | None]:
    """Return the post that a clip held, listed under whatever id and date, or deleted.

    None says only that it was not seen: that a list or a window lacks it proves nothing.
    """
    dates = [*clip.plans, *([clip.planned_for] if clip.planned_for else [])]
    look = yield from ask(everywhere(clip, dates))
    others = yield from held_by_others(clip, tuple(p for p in look.posts if is_of(clip, p)))
    if found := held_among(clip, [p for p in look.posts if name_of(p) not in others]):
        return found
    return (yield from among_deleted(clip))


def among_deleted(clip: Clip) -> Search[Deleted | None]:
    """Return the post that a clip held if it lies among the deleted."""
    look = yield from ask(ListDeleted(clip.lane))
    found = held_among(clip, look.posts)
    return None if found is None else Deleted(found, _fate(clip, found))


def _fate(clip: Clip, deleted: Post) -> Fate:
    """Return what became of a clip's deleted post: what may have been out is so on no later date.

    Somebody may have given it another date, and deleted it before that one. What shows no date had
    one that was asked for.
    """
    if deleted.planned_for is None:
        deleted = replace(deleted, planned_for=min(clip.plans, default=clip.planned_for))
    fate = fate_of(deleted)
    return Fate.UNKNOWN if fate is Fate.NOT_OUT and clip.is_left_open else fate


def of_sends(clip: Clip, sends: tuple[Send, ...], posts: tuple[Post, ...]) -> Search[Post | None]:
    """Return which of the posts came of one of a clip's sends, given all of them."""
    candidates = tuple(post for post in posts if any(came_of(send, post) for send in sends))
    if not candidates:
        return None
    others = yield from held_by_others(clip, candidates)
    return found_among(sends, candidates, others)


def of_lost(clip: Clip, sends: tuple[Send, ...], posts: tuple[Post, ...]) -> Search[Post | None]:
    """Return which of the posts came of a clip whose answer was lost, given all of them.

    A list may show our media under another URL where the post itself shows ours: what may be it is
    read under its id. While it may be, a post on another date is somebody's copy of it for all that
    is known, and none is returned.
    """
    asked = open_sends(sends)
    found = yield from of_sends(clip, sends, posts)
    if found is not None and may_be_as_asked(asked, found):
        return found
    lost = [send for send in asked if send.post_id is None]
    doubtful = tuple(post for post in posts if may_be_as_asked(lost, post))
    others = yield from held_by_others(clip, doubtful)
    known = others | {send.post_uuid or send.post_id or "" for send in sends}
    doubtful = tuple(post for post in doubtful if name_of(post) not in known)
    for post in doubtful[:MOST_READ]:
        seen = yield from ask(ReadPost(clip.lane, post.id))
        if seen is not None and any(came_of(send, seen) for send in lost):
            return seen
    return None if doubtful else found


def lying_deleted(
    clip: Clip, sends: tuple[Send, ...], posts: tuple[Post, ...]
) -> Search[Deleted | None]:
    """Return what lies among the deleted of a clip that is looked for, given all that lie there.

    Of any of its sends what had gone out, and else of those alone of which nothing is known: what
    somebody deleted of an earlier one says nothing of the last.
    """
    was_out = tuple(post for post in posts if fate_of(post) is Fate.OUT)
    if (out := (yield from of_sends(clip, sends, was_out))) is not None:
        return Deleted(out, Fate.OUT)
    lies = yield from of_sends(clip, unanswered(sends), posts)
    return None if lies is None else Deleted(lies, _fate(clip, lies))
