"""Which post is whose. A post is its uuid; its id changes with every edit and may be handed on.

Nothing is believed, adopted, deleted or called a twin before this module says that it is ours.
Source: integrators' captures of 2026-09: an id read before named an innocent post later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from enum import Enum, auto

from storyclip.domain.clip import LET_GO_AFTER, Clip
from storyclip.domain.errors import RetrySafety
from storyclip.domain.lane import Lane
from storyclip.domain.send import Send, open_sends
from storyclip.domain.story import Post, PostStatus

CREATION_CUT = timedelta(minutes=1)  # Metricool shows when a post was made by the minute
CLOCKS_APART = timedelta(minutes=1)  # what our reckoning of its clock may be off


class Fate(Enum):
    """What became of a post that lies among the deleted: deleting takes no live story back."""

    OUT = auto()  # it was live before
    NOT_OUT = auto()  # it never was, and cannot be any more
    UNKNOWN = auto()


def fate_of(deleted: Post) -> Fate:
    """Return whether a post seen among the deleted had gone out before.

    What was still pending when its date came may have been on its way already; so may what does
    not say when it was deleted, or on which date it was to go out.
    """
    if deleted.status is PostStatus.PUBLISHED:
        return Fate.OUT
    if deleted.status is PostStatus.ERROR:
        is_open = deleted.retry_safety is RetrySafety.CHECK_FIRST
        return Fate.UNKNOWN if is_open else Fate.NOT_OUT
    if deleted.status is not PostStatus.PENDING and not deleted.is_draft:
        return Fate.UNKNOWN
    if deleted.is_draft:
        return Fate.NOT_OUT
    if deleted.deleted_at is None or deleted.planned_for is None:
        return Fate.UNKNOWN
    return Fate.NOT_OUT if deleted.deleted_at < deleted.planned_for else Fate.UNKNOWN


def is_of(clip: Clip, post: Post) -> bool:
    """Return whether a post is the one that the clip holds; by media only without a uuid."""
    if clip.post_uuid is not None and post.uuid is not None:
        return clip.post_uuid == post.uuid
    known = {*clip.shown_media, clip.media_url}
    return any(url in known for url in post.media_urls)


def held_among(clip: Clip, posts: Iterable[Post]) -> Post | None:
    """Return the clip's post, the one under the id we know before any other.

    Of several that only show its media it is the one on its date; else nobody can tell which.
    """
    same = [post for post in posts if is_of(clip, post)]
    if len(same) <= 1 or clip.post_uuid is not None:
        return min(same, key=lambda post: post.id != clip.post_id, default=None)
    known = [post for post in same if post.id == clip.post_id]
    dated = [post for post in same if clip.planned_for in (post.planned_for, post.other_reading)]
    return next((alone[0] for alone in (known, dated) if len(alone) == 1), None)


def came_of(send: Send, post: Post) -> bool:
    """Return whether a post came of a send whose answer is not known.

    With a marker its media is proof. Else only the very minute will do that we asked for, and that
    it was made after we asked; the send tells that by Metricool's clock.
    """
    if send.post_uuid is not None and post.uuid is not None:
        return send.post_uuid == post.uuid
    if send.media_url not in post.media_urls:
        return False
    return send.is_marked or (_dated(post, send) and _made_since(post, send))


def sent_as(clip: Clip, sends: Iterable[Send]) -> int:
    """Return the number of the send that the clip's post came of: not always the last one.

    An earlier one may have come late. The media tells which, and only by it was one adopted.
    """
    same = [send.number for send in sends if send.media_url in clip.shown_media]
    return max(same, default=clip.sends)


def found_among(
    sends: Sequence[Send], posts: Iterable[Post], taken: Collection[str]
) -> Post | None:
    """Return the post that came of one of a clip's sends, the latest send's before any other.

    Where all of them got the same URL, a post that is known to be of one came of no other.

    Args:
        sends: all that the clip ever had; of those that are gone nothing is found.
        taken: uuids, or ids of posts without one, that other clips of ours hold.
    """
    known = {send.post_uuid for send in sends if send.post_uuid is not None}
    posts = [post for post in posts if name_of(post) not in taken]
    newest = max((send.number for send in sends), default=0)
    for send in sorted(sends, key=lambda send: -send.number):
        if send.gone_at is not None:
            continue
        theirs = known - {send.post_uuid}
        mine = [post for post in posts if post.uuid not in theirs and came_of(send, post)]
        same = [post for post in mine if not is_superseded(send, post, newest)]
        if same:
            return min(same, key=lambda post: not _dated(post, send))
    return None


def came_back(sends: Iterable[Send], posts: Iterable[Post]) -> Post | None:
    """Return the post of a send that was seen among the deleted, and that is listed again."""
    gone = {send.post_uuid for send in sends if send.gone_at is not None} - {None}
    back = (post for post in posts if post.uuid in gone)
    return next(back, None)


def is_superseded(send: Send, post: Post, newest: int) -> bool:
    """Return whether a post failed, and its clip was sent again because of that.

    It tells nothing of the later send, which may be on its way.
    """
    return post.status is PostStatus.ERROR and send.number < newest


def is_dated_by_a_person(send: Send, post: Post) -> bool:
    """Return whether somebody gave a post another date; Metricool itself moves one by minutes."""
    if post.planned_for is None:
        return False
    dates = [date for date in (post.planned_for, post.other_reading) if date is not None]
    return all(abs(date - send.planned_for) > LET_GO_AFTER for date in dates)


def may_be_among(send: Send, posts: Iterable[Post], taken: Collection[str]) -> bool:
    """Return whether one of the posts may have come of a send, though nothing proves it.

    Metricool may show our media under another URL, one post so and the next one not. A post that
    is nobody's, made since we asked or on the minute we asked for, may be ours.
    """
    return any(
        name_of(post) not in taken and (_dated(post, send) or _made_since(post, send))
        for post in posts
    )


def may_be_as_asked(sends: Iterable[Send], post: Post) -> bool:
    """Return whether a post may be what one of those asked for, on its minute and made since."""
    return any(_dated(post, send) and _made_since(post, send) for send in sends)


def is_made_too_late(sends: Iterable[Send], post: Post) -> bool:
    """Return whether a post was made after every date asked for: with such a date none is made.

    It shows our media, so somebody copied ours, or moved it and made it anew.
    """
    made_at = post.created_at
    return made_at is not None and all(send.planned_for < made_at for send in sends)


def proves_absence(sends: Sequence[Send], lane: Lane) -> bool:
    """Return whether a list without our media would show that there is no post of ours."""
    if lane.changes_media:
        return False
    return all(send.is_marked for send in open_sends(sends))


def shows_other_media(clips: Iterable[Clip], posts: Sequence[Post]) -> bool:
    """Return whether a list shows a post known by its uuid under another URL than we sent."""
    by_uuid = {post.uuid: post for post in posts if post.uuid is not None}
    return any(
        clip.media_url is not None and post.media_urls and clip.media_url not in post.media_urls
        for clip in clips
        if clip.post_uuid and (post := by_uuid.get(clip.post_uuid)) is not None
    )


def name_of(post: Post) -> str:
    """Return what tells a post from all others: its uuid, or its id where it shows none."""
    return post.uuid or post.id


def _dated(post: Post, send: Send) -> bool:
    return send.planned_for in (post.planned_for, post.other_reading)


def _made_since(post: Post, send: Send) -> bool:
    if post.created_at is None:
        return True  # nothing speaks against it
    return post.created_at >= send.intended_at - CREATION_CUT - CLOCKS_APART
