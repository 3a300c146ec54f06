"""SQLite's writers of one process that wait for each other share one transaction.

To put a commit on the disk takes longer than all that is written in it. Each block runs for itself,
as one transaction after the other would: what goes wrong in it is undone alone. Nobody goes on
before what it wrote is on the disk, or is known not to be.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import peewee

from storyclip.store.sqlite_pool import Pool
from storyclip.store.turnstile import BUSY_TIMEOUT_S, enter, turns
from storyclip.store.urgent import is_urgent, within

OPEN_FOR_S = 0.05  # then it is committed, whoever waits: other processes want their turn


@contextmanager
def committed(store: Pool, path: Path) -> Iterator[None]:
    """Run the block in a transaction, its own or one that is open, and wait for the commit.

    Args:
        path: the file at which the writers of the machine queue.

    Raises:
        BlockingIOError: the writers before us come to no end; nothing was written.
        peewee.DatabaseError: nothing was written, neither by those that share the transaction.
    """
    turns.take()
    try:
        shared = _open or _begun(store, path)
    except BaseException:
        turns.release()
        raise
    with store.on_connection(shared.connection):
        try:
            shared.begin_block(store)
            yield
            shared.keep_block(store)
        except BaseException as setback:
            shared.undo_block(store)
            shared.leave(store, setback)
            raise
        shared.leave(store, None)


class _Shared:
    """A transaction, on the connection of who began it; one block at a time has it."""

    def __init__(self, connection: object, gate: int) -> None:
        self.connection = connection
        self._gate = gate
        self._until = time.monotonic() + OPEN_FOR_S
        self._blocks = 0
        self._waiting = list[threading.Lock]()
        self._failure: Exception | None = None

    def begin_block(self, store: Pool) -> None:
        """Begin what can be undone by itself; the first block is all there is."""
        if self._blocks:
            store.execute_sql("SAVEPOINT block")

    def keep_block(self, store: Pool) -> None:
        """Have the block be a part of it."""
        if self._blocks:
            store.execute_sql("RELEASE block")
        self._blocks += 1

    def undo_block(self, store: Pool) -> None:
        """Have it be as if the block had never begun."""
        if not self._blocks:
            return  # nobody else's is in it: it ends with the block
        try:
            store.execute_sql("ROLLBACK TO block")
            store.execute_sql("RELEASE block")
        except peewee.DatabaseError as failure:
            self._failure = failure  # SQLite has undone all of it: a full disk, a broken one

    def leave(self, store: Pool, setback: BaseException | None) -> None:
        """Give the turn away or commit, and return once it is known that all is written.

        Raises:
            peewee.OperationalError: nothing of it was written.
        """
        if not self._is_left_to_the_next():
            self._end(store)
        if self._failure is not None:
            words = f"nothing of a transaction was written: {self._failure}"
            raise peewee.OperationalError(words) from (setback or self._failure)

    def _is_left_to_the_next(self) -> bool:
        """Wait while another one goes on with it to its end; False if nobody does.

        Who is in a hurry waits for no more blocks of others than for those that came before.
        """
        if self._failure is not None or not self._blocks:
            return False
        if is_urgent() or time.monotonic() > self._until:
            return False
        mine = threading.Lock()
        mine.acquire()
        self._waiting.append(mine)  # before: who has the turn then may end it at once
        if turns.hand_on():
            mine.acquire()
            return True
        self._waiting.pop()
        return False

    def _end(self, store: Pool) -> None:
        global _open
        _open = None
        try:
            if self._failure is None:
                store.execute_sql("COMMIT" if self._blocks else "ROLLBACK")
        except peewee.DatabaseError as failure:
            self._failure = failure if self._blocks else None
        finally:
            try:
                self._undo_what_is_left(store)
            finally:  # whatever became of it: all others wait for this
                os.close(self._gate)
                turns.release()
                for waiting in self._waiting:
                    waiting.release()

    def _undo_what_is_left(self, store: Pool) -> None:
        with suppress(peewee.DatabaseError, sqlite3.Error):  # of a closed one nothing is left
            if self.connection.in_transaction:  # type: ignore[attr-defined]  # sqlite3's
                store.execute_sql("ROLLBACK")


_open: _Shared | None = None  # for whoever has the turn


def _begun(store: Pool, path: Path) -> _Shared:
    global _open
    gate = enter(path)
    try:
        with _hurried(store):
            store.execute_sql("BEGIN IMMEDIATE")
    except BaseException:
        os.close(gate)
        raise
    _open = _Shared(store.connection(), gate)
    return _open


@contextmanager
def _hurried(store: Pool) -> Iterator[None]:
    """Wait for another program's lock on SQLite's file no longer than this thread may."""
    if not is_urgent():
        yield
        return
    store.execute_sql(f"PRAGMA busy_timeout = {1000 * within(BUSY_TIMEOUT_S):.0f}")
    try:
        yield
    finally:
        store.execute_sql(f"PRAGMA busy_timeout = {1000 * BUSY_TIMEOUT_S}")
