"""What a stream shows first and where it goes on, from what the request says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import request

from storyclip.domain.batch import Batch
from storyclip.domain.holder import Holder
from storyclip.domain.names import names
from storyclip.domain.reach import Reach
from storyclip.progress.cursor import (
    MARGIN,
    MAX_BATCHES,
    BatchCursor,
    CursorInvalid,
    Numbered,
    UserCursor,
    read_places,
    read_seq,
)
from storyclip.progress.rooms import shown_before
from storyclip.store.history import events, streams
from storyclip.store.publishing import batches
from storyclip.store.service import newest
from storyclip.web.front import front
from storyclip.web.said.messages import BatchesSnapshot, BatchSnapshot
from storyclip.web.said.queries import Watching, asked
from storyclip.web.said.shown import batch_id_of, many, whole


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream begins, and what it shows."""

    cursor: BatchCursor | UserCursor
    shows: Reach
    snapshot: BatchSnapshot | BatchesSnapshot
    has_ended: bool


def place_asked_for(who: Holder) -> Place:
    """Return where the request's stream begins: after its cursor, else with the first event.

    Raises:
        NotFound: no such batch in reach.
        RequestInvalid: an empty batch id.
        CursorInvalid: the cursor is not one of this stream.
        StoreUnavailable: the database does not answer.
    """
    said = asked(Watching)
    word = request.headers.get("Last-Event-ID") or said.after
    if said.batch_id is None:
        return _in_all(who.own, word)
    return _in_one(batch_id_of(said.batch_id), who.reach, word)


def _in_one(batch_id: str, reach: Reach, word: str) -> Place:
    named = read_seq(word) if word else (0, 0)
    found, its_clips = batches.find_whole(batch_id, reach)
    seq, epoch = _known(batch_id, found.batch.last_seq, named)
    snapshot: BatchSnapshot = {"type": "snapshot", **whole(found, its_clips, reach)}
    return Place(
        BatchCursor(batch_id, seq, epoch), _of(found.batch), snapshot, not found.batch.is_running
    )


def _known(batch_id: str, last_seq: int, named: Numbered) -> Numbered:
    """Return the event to go on after, by the one that a cursor names.

    Raises:
        CursorInvalid: it is still to come.
    """
    seq, epoch = named
    if seq == 0:
        return 0, 0
    if seq > last_seq and epoch >= newest.find().epoch:
        raise CursorInvalid(f"expected at most {last_seq}, the last event there is")
    return events.known_before(batch_id, seq, epoch)


def _in_all(reach: Reach, word: str) -> Place:
    now = front().now()
    since, named = read_places(word) if word not in ("", "0") else (now - MARGIN, {})
    if since > now + timedelta(days=1):
        raise CursorInvalid("expected one of the past")
    running = streams.running_within(reach)
    ended = streams.ended_after(reach, since, MAX_BATCHES) if named or word else ()
    cursor = UserCursor(since)
    known = [place for place in (*running, *ended) if (place.lane_id, place.turn) in named]
    new = [place for place in (*ended, *running) if (place.lane_id, place.turn) not in named]
    has_ended = {place.batch_id for place in ended}
    for place in [*known, *new][:MAX_BATCHES]:
        short = (place.lane_id, place.turn)
        if short in named:
            seq, epoch = _known(place.batch_id, place.last_seq, named[short])
        else:
            seq, epoch = shown_before(place.batch_id, since) if word else (0, 0)
        is_shown = place.batch_id in has_ended and seq == place.last_seq
        cursor.add(place.batch_id, short, seq, now if is_shown else None, epoch)
    snapshot: BatchesSnapshot = {"type": "snapshot", **many(batches.active(reach))}
    return Place(cursor, reach, snapshot, has_ended=False)


def _of(batch: Batch) -> Reach:
    return Reach(names({batch.user_id}), names({batch.account_id}))
