"""Every move that a clip's state allows, by its named constructor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from storyclip.domain import moves
from storyclip.domain.clip import Clip, NoSuchEdge
from storyclip.domain.clip_words import quoted
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.moves import NEVER, Due, Move
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus

WORKERS = ("worker A", "worker B")
NAMES = (("1", "u1"), ("2", "u2"), ("1", "u3"), ("4", None))  # an id handed on, a post without uuid
_MINUTE = timedelta(minutes=1)
_CODE, _SAFE = ErrorCode.REFUSED, RetrySafety.SAFE


@dataclass(frozen=True)
class Facts:
    """What a move may be told; `date` is asked for or shown, `number` chooses all the rest."""

    now: datetime
    date: datetime
    number: int

    @property
    def worker(self) -> str:
        """Return who does it."""
        return WORKERS[self.number % len(WORKERS)]

    @property
    def due(self) -> Due:
        """Return when to go on."""
        return (moves.mine(self.now), moves.later(self.now + _MINUTE), NEVER)[self.number % 3]

    def post(self, clip: Clip) -> Post:
        """Return a post that shows the clip's media."""
        post_id, uuid = NAMES[self.number % len(NAMES)]
        media, pending = (clip.media_url or clip.source_url,), PostStatus.PENDING
        return Post(post_id, Network.FACEBOOK, media, self.date, pending, uuid=uuid)


def possible(clip: Clip, facts: Facts) -> Iterator[Move]:
    """Return the moves, those that lead on first."""
    now, date, due, worker = facts.now, facts.date, facts.due, facts.worker
    wished_for = clip.wished_for if clip.wished_for and facts.number % 4 else date
    post, over_at, is_waived = facts.post(clip), now + _MINUTE, facts.number % 2 == 1
    media_url = clip.media_url or f"https://static.metricool.com/{clip.id}-{clip.sends}.mp4"
    makers: tuple[Callable[[], Move], ...] = (
        lambda: moves.intended(clip, media_url, wished_for, worker, now, over_at),
        lambda: moves.accepted(clip, post, now),
        lambda: moves.looked(
            clip, due, checks=clip.checks + 1, missing_since=clip.missing_since, seen_at=now
        ),
        lambda: moves.absent(clip, now),
        lambda: moves.recalled(clip, now),
        lambda: moves.retried(clip, date, order_waived=is_waived),
        lambda: moves.claimed(clip, worker, over_at),
        lambda: moves.unanswered(clip, quoted("no answer"), now),
        lambda: moves.rechecked(clip, now, date, order_waived=is_waived),
        lambda: moves.taking_back(clip, post, now),
        lambda: moves.postponed(clip, due, quoted("busy"), now),
        lambda: moves.leading(moves.tried(clip, due, quoted("the date was over")), 120.0, date),
        lambda: moves.moved(clip, post, now),
        lambda: moves.held_up(clip, over_at, quoted("the month is full"), date),
        lambda: moves.could_not_ask(clip, over_at, quoted("no answer"), now),
        lambda: moves.could_not_look(clip, due, quoted("no answer for long")),
        lambda: moves.seen_unread(moves.due(clip, due), now),
        lambda: moves.due(clip, due),
        lambda: moves.not_asked(clip),
        lambda: moves.seen_live(clip, post, now),
        lambda: moves.timed_out(clip, quoted("not seen"), _CODE, due.next_at),
        lambda: moves.found(clip, post, now),
        lambda: moves.deleted_upstream(clip, post, quoted("deleted")),
        lambda: moves.refused(clip, quoted("no"), _CODE, _SAFE),
        lambda: moves.given_up(clip, quoted("it is not there")),
        lambda: moves.seen_failed(clip, quoted("no"), _CODE, _SAFE, None),
        lambda: moves.missed(clip, quoted("too late"), _CODE),
        lambda: moves.forbidden(clip, quoted("not allowed any more")),
        lambda: moves.withdrawn(clip),
    )
    for make in makers[clip.was_sent :]:  # one intent has one answer
        try:
            yield make()
        except NoSuchEdge:
            continue
