"""One intent to send a clip: what Metricool was, or may have been, asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from storyclip.domain.changing import replace

FIRST_ASKED = 1  # of the sends of a clip; those that a person gives it count down from there


@dataclass(frozen=True, slots=True)
class Send:
    """What is known of one POST; kept for as long as a post may come of it.

    `number` counts the intents of a clip, from 1; of those whose rows are lost it is 0 and below.
    `post_id` and `post_uuid` are of a post that came of it
    and that its clip does not hold (any more); None where no answer was read, or the clip holds it.
    `removed_at` is when we began to delete that post as one too many; a clip may have taken it up
    since. `gone_at` is when it was seen among the deleted. `is_shared`: another send of the lane
    got the same copy of a file, so its URL tells nothing.
    """

    clip_id: int
    number: int
    source_url: str
    media_url: str
    planned_for: datetime
    intended_at: datetime
    post_id: str | None = None
    post_uuid: str | None = None
    removed_at: datetime | None = None
    gone_at: datetime | None = None
    is_shared: bool = False

    @property
    def is_given(self) -> bool:
        """Return whether a person said that its post came of the clip: its row is lost."""
        return self.number < FIRST_ASKED

    @property
    def is_marked(self) -> bool:
        """Return whether its media URL is Metricool's own copy, made for this very send.

        Metricool shows an external URL under another one, or not at all; so only such a copy that
        is nowhere to be seen proves anything.
        """
        return is_copy(self.media_url, self.source_url) and not self.is_shared


def open_sends(sends: Iterable[Send]) -> tuple[Send, ...]:
    """Return those that a post may still come of: it was not seen among the deleted."""
    return tuple(send for send in sends if send.gone_at is None)


def is_given_another(sends: Iterable[Send], held_uuid: str | None) -> bool:
    """Return whether a person gave a clip another post than the one that it holds."""
    return any(
        send.is_given and send.gone_at is None and send.post_uuid != held_uuid for send in sends
    )


def unanswered(sends: Iterable[Send]) -> tuple[Send, ...]:
    """Return the sends with those as gone of which nothing is asked any more.

    We began to delete what came of one, or it is known of an earlier one: that it lies among the
    deleted says nothing of the last.
    """
    sends = tuple(sends)
    newest = max((send.number for send in sends), default=0)

    def over_at(send: Send) -> datetime | None:
        is_known = send.post_id is not None and send.number < newest
        return send.gone_at or send.removed_at or (send.intended_at if is_known else None)

    return tuple(replace(send, gone_at=over_at(send)) for send in sends)


def by_their_clock(sends: Iterable[Send], ahead: timedelta) -> tuple[Send, ...]:
    """Return the sends as intended by Metricool's clock, which tells when its posts were made.

    Args:
        ahead: what its clock is ahead of ours.
    """
    return tuple(replace(send, intended_at=send.intended_at + ahead) for send in sends)


def is_copy(media_url: str, source_url: str) -> bool:
    """Return whether a file lies somewhere else now, however its old address is written."""
    return _place(media_url) != _place(source_url)


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), unquote(parts.path).rstrip("/")
