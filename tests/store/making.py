"""Batches in the database, clips moved through `record` alone, and what the rows say."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.clip import Clip, Event, State, after
from storyclip.domain.errors import RetrySafety
from storyclip.domain.lane import Lane
from storyclip.domain.moves import Move
from storyclip.domain.network import Network
from storyclip.store import database
from storyclip.store.database import reading, run, writing
from storyclip.store.publishing import batches, clips, stalled, writer
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from storyclip.store.publishing.rows import BATCH_COLUMNS, batch_of
from tests.people import known

T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ACCOUNT = "2000001"

# The shortest way to each state.
WAYS: dict[State, tuple[Event, ...]] = {
    State.PENDING: (),
    State.UPLOADING: (Event.CLAIMED,),
    State.VERIFYING: (Event.CLAIMED, Event.UNANSWERED),
    State.WAITING_CONFIRMATION: (Event.CLAIMED, Event.ACCEPTED),
    State.PUBLISHED: (Event.CLAIMED, Event.ACCEPTED, Event.SEEN_LIVE),
    State.FAILED: (Event.CLAIMED, Event.ACCEPTED, Event.TIMED_OUT),
    State.CANCELLED: (Event.WITHDRAWN,),
}
LEARNED: dict[Event, dict[str, Any]] = {
    Event.CLAIMED: {"worker": "worker-a", "attempts": 1},
    Event.ACCEPTED: {"post_id": "310000001"},
    Event.SEEN_LIVE: {"next_at": None, "retry_safety": None, "error": None},
    Event.TIMED_OUT: {
        "next_at": None,
        "retry_safety": RetrySafety.CHECK_FIRST,
        "error": "not live within 120 s",
        "error_code": "unconfirmed",
    },
    Event.REFUSED: {"next_at": None, "retry_safety": RetrySafety.SAFE, "error": "no"},
    Event.WITHDRAWN: {"next_at": None},
    Event.FORBIDDEN: {"next_at": None, "retry_safety": RetrySafety.SAFE, "error": "no right"},
}


def new_batch(
    name: str = "b1",
    count: int = 3,
    *,
    user: str = "ana",
    account: str = ACCOUNT,
    network: str = "facebook",
    on_failure: str = "continue",
    gap_s: float = 0.0,
) -> NewBatch:
    return NewBatch(
        batch_id=name,
        job_id=f"job_{name}",
        user_id=user,
        key_id=None,
        account_id=account,
        network=Network(network),
        on_failure=OnFailure(on_failure),
        gap_s=gap_s,
        clips=tuple(
            NewClip(f"clip_{i}", f"https://cdn.example.com/{name}/{i}.mp4", f"Clip {i}")
            for i in range(1, count + 1)
        ),
    )


def made(name: str = "b1", count: int = 3, *, at: datetime = T0, **asked: Any) -> Sequence[Clip]:
    """Create a batch and return its clips."""
    new = new_batch(name, count, **asked)
    known(new.user_id, at)
    batches.create(new, at)
    return clips.of_batch(name)


def record(clip: Clip, event: Event, *, at: datetime, **columns: Any) -> Clip:
    """Move a clip along an edge with columns of the test's own, where none of `moves` is meant."""
    state = after(clip.state, event)
    if state is not State.UPLOADING:
        columns["worker"] = None
    return writer.write(Move(clip, replace(clip, state=state, **columns), event), at)


def note(clip: Clip, *, at: datetime = T0, lane: Lane | None = None, **columns: Any) -> Clip:
    """Write columns of a clip that does not move, or of its lane."""
    return writer.write(Move(clip, replace(clip, **columns), None, lane=lane), at)


def walked(clip: Clip, *events: Event, at: datetime = T0) -> Clip:
    """Move a clip along its edges, read anew before each as a worker would."""
    for event in events:
        clip = record(clips.find(clip.id), event, at=at, **LEARNED.get(event, {}))
    return clip


def brought_to(state: State, clip: Clip, at: datetime = T0) -> Clip:
    walked(clip, *WAYS[state], at=at)
    return clips.find(clip.id)


def published(clip: Clip, at: datetime = T0) -> Clip:
    return brought_to(State.PUBLISHED, clip, at)


def the_batch(name: str = "b1") -> Batch:
    with reading():
        select = f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.batch_id = ?"
        return batch_of(run(select, (name,)).fetchone())


def wish(name: str = "b1", at: datetime = T0, **wishes: Any) -> None:
    """Write a wish of the user's as the row holds it: its time, and the status it implies."""
    before = the_batch(name)
    with writing():
        writer.save_batch(before, replace(before, **wishes).settled(at))


def sql(statement: str, *parameters: Any) -> None:
    with writing():
        run(statement, parameters)


def rows(select: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with reading():
        return [tuple(row) for row in run(select, parameters).fetchall()]


def due() -> list[tuple[str, int]]:
    """The clips that are due at some time, as (batch, index)."""
    return rows(
        "SELECT batch_id, clip_index FROM publish_batch_clips"
        " WHERE next_at IS NOT NULL ORDER BY batch_id, clip_index"
    )


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, to show that nothing was written."""
    return {table: sorted(rows(f"SELECT * FROM {table}"), key=repr) for table in tables()}


def tables() -> list[str]:
    """The names of all tables but the migrations' own."""
    names: list[str] = database.database.get_tables()
    return [name for name in names if "migration" not in name]


def recounted(name: str) -> tuple[int, int, int, int]:
    """Published, failed, unconfirmed, cancelled: counted from the clips."""
    all_clips = clips.of_batch(name)
    states = Counter(clip.state for clip in all_clips)
    unconfirmed = [
        clip
        for clip in all_clips
        if clip.state is State.FAILED and clip.retry_safety is RetrySafety.CHECK_FIRST
    ]
    ended = (states[State.PUBLISHED], states[State.FAILED], states[State.CANCELLED])
    return ended[0], ended[1], len(unconfirmed), ended[2]


def counters(name: str) -> tuple[int, int, int, int]:
    batch = the_batch(name)
    return batch.published, batch.failed, batch.unconfirmed, batch.cancelled


def seqs(name: str = "b1") -> list[int]:
    select = "SELECT seq FROM publish_batch_events WHERE batch_id = ? ORDER BY seq"
    return [seq for (seq,) in rows(select, name)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls in threads that start together; return what each returned or raised."""
    outcomes: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def make(number: int, call: Callable[[], Any]) -> None:
        start.wait(30)
        try:
            outcomes[number] = call()
        except Exception as raised:
            outcomes[number] = raised

    threads = [threading.Thread(target=make, args=numbered) for numbered in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def reopened(at: datetime) -> list[int]:
    """Have all running batches looked at as the clock does, and return what had stalled."""
    return [clip_id for one in stalled.running() for clip_id in stalled.reopen(one, at)]
