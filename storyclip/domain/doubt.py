"""Posts of a lane that no row knows: strangers, whose they may be, and for which clip each is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import Told, say
from storyclip.domain.errors import RetrySafety
from storyclip.domain.identity import CREATION_CUT, Fate, fate_of, name_of
from storyclip.domain.installation import EVER
from storyclip.domain.lane import Lane
from storyclip.domain.story import Post, PostStatus

SAME_MINUTE = timedelta(minutes=2)  # Metricool itself moves a date by minutes
ON_ITS_WAY = timedelta(minutes=20)  # a POST sent before the doubt is handled by then


@dataclass(frozen=True, slots=True)
class Stranger:
    """A story in Metricool that no row knows, as it was when it was found."""

    lane_id: int
    post: Post

    @property
    def name(self) -> str:
        """Return what tells it from all others."""
        return name_of(self.post)


def looked_from(lane: Lane) -> datetime:
    """Return from which date on a lane in doubt has to be looked at."""
    assert lane.doubted_since is not None
    assert lane.doubted_until is not None
    if lane.doubted_since <= EVER:
        return lane.doubted_until - timedelta(days=2)
    return lane.doubted_since


def may_be_lost(lane: Lane, post: Post, ahead: timedelta, apart: timedelta) -> bool:
    """Return whether a post may be one of ours whose row is lost, if no row knows it.

    It is a story, was made while our rows may have been lost, and is out, goes out or may do so.

    Args:
        ahead: how far Metricool's clock is ahead of ours.
        apart: what that may be off.
    """
    if post.is_story is False or (post.is_draft and not post.media_urls) or is_over(post):
        return False
    assert lane.doubted_since is not None
    assert lane.doubted_until is not None
    if lane.doubted_since <= EVER or post.created_at is None:
        return True
    # By our clock as it is now, and by theirs: ours may be wrong now, or have been when it began
    readings = post.created_at - ahead, post.created_at
    first, last = lane.doubted_since - CREATION_CUT, lane.doubted_until + ON_ITS_WAY
    return max(readings) >= first - apart and min(readings) <= last + apart


def is_over(post: Post) -> bool:
    """Return whether a post is not out, and will not be."""
    if post.status is PostStatus.ERROR and post.retry_safety is RetrySafety.SAFE:
        return True
    return post.deleted_at is not None and fate_of(post) is Fate.NOT_OUT


def pairs(
    strangers: Sequence[Stranger], clips: Sequence[Clip], dated: Collection[int] = ()
) -> Sequence[tuple[Stranger, Clip]]:
    """Return which clip each of a lane's strangers belongs to, if all of them are ours.

    First by the minute that a clip was wished for, then by order: strangers as they are dated,
    clips as they go out, none before a date of its own. One that has its post already is given what
    stands on its very date, as one too many. What is left over belongs to no clip that
    there is. Nothing is said while a clip is being looked for, whose own each may be.

    It is a guess where clips failed, or were stopped, in the rows that are lost: a person may know
    better, by looking at the story.

    Args:
        clips: of the lane, in the order in which they go out.
        dated: ids of those that have a date of their own, before which they never go out.
    """
    if any(_is_looked_for(clip) for clip in clips):
        return []
    free = [clip for clip in clips if can_take_one(clip)]
    left = sorted(strangers, key=_dated)
    found = list[tuple[Stranger, Clip]]()
    by_minute = [
        (apart, stranger, clip)
        for stranger in left
        for clip in free
        if clip.id in dated  # of the others the turn says nothing: it came anew
        if (apart := _apart(clip, stranger.post)) is not None
    ]
    for _, stranger, clip in sorted(by_minute, key=itemgetter(0)):
        if stranger in left and clip in free:
            left.remove(stranger)
            free.remove(clip)
            found.append((stranger, clip))
    for stranger, clip in _beside_their_own(left, clips, dated):
        left.remove(stranger)
        found.append((stranger, clip))
    failed = [clip for clip in free if clip.state is State.FAILED]
    waiting = [clip for clip in free if clip.state is not State.FAILED]
    for clip in (*waiting, *failed):
        is_dated = clip.id in dated
        own = next((it for it in left if not (is_dated and _is_before(it, clip))), None)
        if own is not None:
            left.remove(own)
            found.append((own, clip))
    return found


def can_take_one(clip: Clip) -> bool:
    """Return whether a clip may have a post that its row does not know.

    What is being looked for may be found as its row says, and what Metricool has is there; only
    once it was missed, it may have been sent anew.
    """
    if clip.state in (State.VERIFYING, State.WAITING_CONFIRMATION):
        return clip.missing_since is not None
    return clip.state in (State.PENDING, State.FAILED) or (
        clip.state is State.UPLOADING and not clip.was_sent
    )


def _beside_their_own(
    strangers: Sequence[Stranger], clips: Sequence[Clip], dated: Collection[int]
) -> list[tuple[Stranger, Clip]]:
    """Return the clips that have a post, each with a stranger of the very same date.

    It was sent anew: the POST of the rows that are lost was handled late.
    """
    there = [clip for clip in clips if clip.id in dated and not can_take_one(clip)]
    holds = {clip.planned_for: clip for clip in reversed(there) if clip.planned_for is not None}
    return [
        (one, holds[one.post.planned_for]) for one in strangers if one.post.planned_for in holds
    ]


def words(count: int) -> Told:
    """Return what to say of a lane on which so many strangers were found."""
    return say("held_one") if count == 1 else say("held", count=count)


LOOKING = say("in_doubt")

NOBODY_LIVES = (
    "No worker of StoryClip has run for more than a minute, so nobody knows whether its database is"
    " the newest. Nothing is sent while none runs."
)


def _dated(stranger: Stranger) -> tuple[datetime, datetime]:
    post = stranger.post
    made_at = post.created_at or EVER
    return post.planned_for or made_at, made_at


def _is_looked_for(clip: Clip) -> bool:
    """Return whether a look that is under way may find a clip's post as its row says."""
    is_sought = clip.state is State.VERIFYING and clip.missing_since is None
    return is_sought or (clip.state is State.UPLOADING and clip.was_sent)


def _is_before(stranger: Stranger, clip: Clip) -> bool:
    """Return whether a story was to go out before the date that a clip was asked for."""
    if clip.wished_for is None or stranger.post.planned_for is None:
        return False
    return stranger.post.planned_for <= clip.wished_for - SAME_MINUTE


def _apart(clip: Clip, post: Post) -> timedelta | None:
    """Return how far a post is from the minute that a clip was wished for, None if that is no sign
    of it.
    """
    is_sent_anew = clip.state is State.WAITING_CONFIRMATION  # for the same date
    date = clip.planned_for if is_sent_anew else clip.wished_for
    if date is None or post.planned_for is None:
        return None
    apart = abs(date - post.planned_for)
    return apart if apart < SAME_MINUTE else None
