"""Where a viewer is: the word that resumes a stream anywhere without a gap and without a repeat.

Of one batch it is the number of the last event, `17`; with the epoch of its row, `17e8001`, where
a database was put back before: numbers are then given again, and the epoch tells. Of all of a
user's batches it names how far each of them is, `w-lane.turn.seq-lane.turn.seq.epoch…`, numbers to
the base 36. `w` is an instant: what ended before it was shown to its end and needs no mention any
more, so the word stays as short as the batches that run are few. (One number for all would have to
be counted in the order of commits, and every commit of a user would wait in line for that counter.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MAX_BATCHES = 500  # followed in one stream: a word of some 5 kB still fits into a header line
MAX_CHARACTERS = 7500
# An instant in a row may be earlier than its commit, and written by a clock beside ours.
MARGIN = timedelta(seconds=60)

_SEQ = re.compile(r"([0-9]{1,9})(?:e([0-9]{1,9}))?")
_NUMBER = "[0-9a-z]{1,8}"
_MANY = re.compile(rf"[0-9a-z]{{6,7}}(?:-{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:\.[0-9a-z]{{1,6}})?)*")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

ShortName = tuple[int, int]  # lane and turn: unique, and a quarter as long as the id
Numbered = tuple[int, int]  # an event's number, and the epoch in which it was given


class CursorInvalid(ValueError):
    """Not a cursor of this stream; the message says what was expected."""


class BatchCursor:
    """A place in one batch's history."""

    __slots__ = ("_batch_id", "_epoch", "_seq")

    def __init__(self, batch_id: str, seq: int, epoch: int = 0) -> None:
        self._batch_id, self._seq, self._epoch = batch_id, seq, epoch

    def batch_ids(self) -> list[str]:
        """Return the batch."""
        return [self._batch_id]

    def seq(self, batch_id: str) -> int | None:  # noqa: ARG002 - of the one batch there is
        """Return the number of the last event that was handed over."""
        return self._seq

    def numbered(self, batch_id: str) -> Numbered:  # noqa: ARG002
        """Return the same with its epoch."""
        return self._seq, self._epoch

    def advance(
        self,
        batch_id: str,  # noqa: ARG002
        numbered: Numbered,
        ended_at: datetime | None,  # noqa: ARG002
    ) -> None:
        """Note that an event is handed over."""
        self._seq, self._epoch = numbered

    def word(self, now: datetime) -> str:  # noqa: ARG002 - the same at any time
        """Return what resumes after it."""
        return f"{self._seq}e{self._epoch}" if self._epoch else str(self._seq)


@dataclass(slots=True)
class _Entry:
    short: ShortName
    seq: int
    epoch: int
    ended_at: datetime | None  # when this process saw the end


class UserCursor:
    """A place in the histories of all batches of a user; `since` is the word's instant."""

    __slots__ = ("_entries", "since")

    def __init__(self, since: datetime) -> None:
        self.since = since
        self._entries: dict[str, _Entry] = {}

    def add(
        self,
        batch_id: str,
        short: ShortName,
        seq: int,
        ended_at: datetime | None = None,
        epoch: int = 0,
    ) -> None:
        """Follow one more batch, of which everything up to `seq` was shown."""
        self._entries[batch_id] = _Entry(short, seq, epoch, ended_at)

    def follows(self, batch_id: str) -> bool:
        """Return whether the batch is followed and has not ended."""
        entry = self._entries.get(batch_id)
        return entry is not None and entry.ended_at is None

    def is_full(self) -> bool:
        """Return whether no further batch can be followed until one ends."""
        return len(self.batch_ids()) >= MAX_BATCHES

    def batch_ids(self) -> list[str]:
        """Return the batches whose end was not shown yet."""
        return [batch_id for batch_id in self._entries if self.follows(batch_id)]

    def seq(self, batch_id: str) -> int | None:
        """Return the number of the last event that was handed over, None if not followed."""
        entry = self._entries.get(batch_id)
        return None if entry is None else entry.seq

    def numbered(self, batch_id: str) -> Numbered | None:
        """Return the same with its epoch."""
        entry = self._entries.get(batch_id)
        return None if entry is None else (entry.seq, entry.epoch)

    def advance(self, batch_id: str, numbered: Numbered, ended_at: datetime | None) -> None:
        """Note that an event is handed over, and whether it was the batch's end."""
        entry = self._entries[batch_id]
        (entry.seq, entry.epoch), entry.ended_at = numbered, ended_at

    def word(self, now: datetime) -> str:
        """Return what resumes after all that was handed over."""
        self.since = max(self.since, now - MARGIN)
        forgettable = self.since - MARGIN
        for batch_id, entry in list(self._entries.items()):
            if entry.ended_at is not None and entry.ended_at < forgettable:
                del self._entries[batch_id]
        parts = [_base36(int(self.since.timestamp()))]
        for entry in self._entries.values():
            epoch = (entry.epoch,) if entry.epoch else ()
            numbers = (*entry.short, entry.seq, *epoch)
            parts.append(".".join(_base36(number) for number in numbers))
        return "-".join(parts)


def read_seq(word: str) -> Numbered:
    """Return the event of one batch that a word names.

    Raises:
        CursorInvalid: it names none.
    """
    named = _SEQ.fullmatch(word)
    if not named:
        raise CursorInvalid("expected the `id` of an event of this batch: a number")
    return int(named[1]), int(named[2] or 0)


def read_places(word: str) -> tuple[datetime, dict[ShortName, Numbered]]:
    """Return the instant and the places that a word of all batches names.

    Raises:
        CursorInvalid: it names none.
    """
    if len(word) > MAX_CHARACTERS or not _MANY.fullmatch(word):
        raise CursorInvalid("expected the `id` of an event of the stream of all batches")
    instant, *entries = word.split("-")
    places: dict[ShortName, Numbered] = {}
    for entry in entries:
        lane_id, turn, seq, *epoch = (int(number, 36) for number in entry.split("."))
        places[lane_id, turn] = seq, epoch[0] if epoch else 0
    try:
        return datetime.fromtimestamp(int(instant, 36), UTC), places
    except (ValueError, OverflowError, OSError):
        raise CursorInvalid("expected an instant at the beginning") from None


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
