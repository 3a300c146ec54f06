"""StoryClip's own code in this process for one world: its database, its points, its news."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import peewee
import structlog

from storyclip.domain import crashpoint
from storyclip.domain.clip import State
from storyclip.store import database
from storyclip.store.history import events
from tests.people import known
from tests.world import film_rows
from tests.world.heart import USER
from tests.world.neighbours import Neighbours

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_TABLES = (
    *film_rows.TABLES,
    "webhook_deliveries",
    "publish_batch_events",
    "publish_sends",
    "publish_batch_clips",
    "publish_batches",
    "idempotency_keys",
    "incidents",
    "workers",
    "strangers",
    "installation",
    "lanes",
)


@dataclass(frozen=True)
class Ears:
    """Who is told what of StoryClip's own code while a world runs.

    `changed` hears of an event by batch and number, the row of the clip whose turn came, and batch
    and index of one that failed.
    """

    point: Callable[[str], None]
    is_down: Callable[[], bool]  # whether nothing can be written
    committed: Callable[[], None]
    changed: Callable[[str, int, int | None, tuple[str, int] | None], None]
    neighbours: Neighbours | None = None  # none stands still in a transaction


@contextmanager
def opened(ears: Ears) -> Iterator[None]:
    """Have StoryClip in this process for one world: an empty database, no log, and our ears."""
    _bind()
    with database.writing():
        for table in _TABLES:
            database.run(f"DELETE FROM {table}")
        database.run("DELETE FROM service")
        database.run("UPDATE users SET disabled_at = NULL")  # as an admin left them before
        database.run("INSERT INTO service (id, epoch, mark) VALUES (1, 0, 0)")
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    events.forget_listeners()
    events.on_change(partial(_changed, ears))
    crashpoint.arm(partial(_passed, ears))
    _listening.append(ears)
    try:
        yield
    finally:
        _listening.clear()
        crashpoint.arm(None)
        events.forget_listeners()
        structlog.configure(**before)


_listening: list[Ears] = []
_bound: list[Any] = []


def _bind() -> None:
    """Bind this process to its database in memory, and listen to each transaction there."""
    if _bound and database.database.obj is _bound[0]:
        return
    database.connect(database.IN_MEMORY)
    known(USER, LONG_AGO)  # he may do everything, in each world
    store: Any = database.database.obj
    begin, commit = store.begin, store.commit

    def begun(*args: Any) -> None:
        for ears in _listening:
            ears.point("write")
            if ears.neighbours is not None:
                ears.neighbours.begins()
            if ears.is_down():
                raise peewee.OperationalError("the simulated disk is full")
        begin(*args)
        for ears in _listening:
            if ears.neighbours is not None:
                ears.neighbours.begun(store)

    def committed() -> None:
        for ears in _listening:
            if ears.neighbours is not None:
                ears.neighbours.commits(store)
        commit()
        for ears in _listening:
            ears.committed()

    store.begin, store.commit = begun, committed
    _bound[:] = [store]
    _hear_of_locks(store)


_lock_row, _try_lock_row = database.lock_row, database.try_lock_row


def _hear_of_locks(store: Any) -> None:
    """Ask us for the locks of rows while a world runs: SQLite's transactions have all of them."""

    def lock_row(table: str, row_id: int) -> None:
        if not _listening:
            _lock_row(table, row_id)
        for ears in _listening:
            if ears.neighbours is not None:
                ears.neighbours.locks(store, table, row_id)

    def try_lock_row(table: str, row_id: int) -> bool:
        if not _listening:
            return _try_lock_row(table, row_id)
        asked = [ears.neighbours for ears in _listening if ears.neighbours is not None]
        return all(one.can_lock(table, row_id) for one in asked)

    for name, module in tuple(sys.modules.items()):
        if name.startswith("storyclip.store."):
            for ours in (lock_row, try_lock_row):
                if module.__dict__.get(ours.__name__) is not None:
                    setattr(module, ours.__name__, ours)


def _changed(ears: Ears, change: events.Change) -> None:
    clip, failed = change.clip, None
    if clip is not None and clip.state is State.FAILED:
        failed = clip.batch_id, clip.index
    ears.changed(change.batch_id, change.seq, change.opened_clip_id, failed)


def _passed(ears: Ears, name: str) -> bool:
    ears.point(name)
    return False
