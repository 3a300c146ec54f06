"""The tables' own version: the migrations that a database has had, and how it gets the rest.

Expand, then contract, a release apart: what the last release still reads and writes goes on working
on the new tables, so that both may run beside each other while one is exchanged for the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import peewee
from playhouse.migrations import Runner
from psycopg.errors import DeadlockDetected, LockNotAvailable

from storyclip import __version__
from storyclip.domain.errors import SchemaTooNew, StoreUnavailable
from storyclip.store.holders import holders
from storyclip.store.postgres import ANSWER_S, IN_TRANSACTION_S

MIGRATIONS = Path(__file__).parent / "migrations"
# Any fixed numbers: PostgreSQL's advisory locks are numbered. 0.2.0 knows the second alone, and
# waits for it inside the server: with a snapshot, for which CREATE INDEX CONCURRENTLY would wait
ADVISORY_LOCKS = OURS, OF_THE_OLDEST = 7_265_002, 7_265_001

# Who wants a table for itself has everybody queue behind it while it waits: give way, and again
LOCK_TIMEOUT_MS = 800
TRIES = 60
# Nobody queues behind what is built beside the writers. It is built anew after each try, so a try
# waits for longer than any transaction of ours may stand still
BUILD_LOCK_TIMEOUT_MS = round(1000 * (ANSWER_S + IN_TRANSACTION_S))
BUILD_TRIES = 4
PAUSE_S = 0.5
WAIT_FOR_ANOTHER_S = 600  # a large index may take another process minutes
_HELD = (LockNotAvailable, DeadlockDetected)


def known() -> Sequence[str]:
    """Return the names of all migrations that this program has, in their order."""
    return [file.stem for file in sorted(MIGRATIONS.glob("[0-9]*.py"))]


def refuse_newer(applied: Sequence[str]) -> None:
    """Do nothing, if this program knows all migrations that a database has had.

    Raises:
        SchemaTooNew: it does not, and what it would write could be wrong.
    """
    unknown = sorted(set(applied) - set(known()))
    if unknown:
        raise SchemaTooNew(
            f"this is StoryClip {__version__}, which knows the tables up to {known()[-1]}, and a"
            f" newer StoryClip has brought this database to {unknown[-1]}. Start that version or a"
            " newer one; or put back a backup that was made before it: storyclip restore FILE"
        )


def bring_up_to_date(store: Any) -> Sequence[str]:
    """Apply the migrations that are missing, in their order, and return their names.

    Another process that is at it is waited for.

    Raises:
        SchemaTooNew: nothing was changed.
        StoreUnavailable: others hold the tables; what is not applied yet can be any time later.
    """
    runner = Runner(store, str(MIGRATIONS))
    if isinstance(store, peewee.SqliteDatabase):
        refuse_newer(list(runner.applied()))
        return list(runner.up())
    with _alone(store, OURS):
        before = set(runner.applied())
        refuse_newer(list(before))
        for names, is_atomic in _missing(runner, before):
            if is_atomic:
                with _alone(store, OF_THE_OLDEST):
                    _apply(runner, store, names[-1], LOCK_TIMEOUT_MS, TRIES)
            else:
                _apply(runner, store, names[-1], BUILD_LOCK_TIMEOUT_MS, BUILD_TRIES)
        return sorted(set(runner.applied()) - before)


def _missing(runner: Runner, before: Collection[str]) -> Iterator[tuple[list[str], bool]]:
    """Return what is to be applied, in its order: what may be in a transaction, and what not."""
    missing = [one for one in runner.migrations() if one.name not in before]
    for is_atomic, some in groupby(missing, lambda one: getattr(one.load(), "atomic", True)):
        yield [one.name for one in some], is_atomic


def _apply(runner: Runner, store: Any, upto: str, lock_timeout_ms: int, tries: int) -> None:
    with _giving_way(store, lock_timeout_ms):
        for _ in range(tries):
            try:
                runner.up(upto)
            except peewee.OperationalError as failure:
                if not isinstance(getattr(failure, "orig", None), _HELD):
                    raise
                found = holders(store, lock_timeout_ms / 1000)
                store.execute_sql("SELECT pg_sleep(%s)", (PAUSE_S,))  # let those who queue through
            else:
                return
    raise StoreUnavailable(
        "the tables cannot be changed: somebody holds them all the time. At the last try that could"
        f" be: {'; '.join(found) or 'nobody any more'}. Nothing is lost; start again once that is"
        " over"
    )


@contextmanager
def _alone(store: Any, lock: int) -> Iterator[None]:
    # Asked for again and again: who waits inside the server has a snapshot
    for _ in range(round(WAIT_FOR_ANOTHER_S / PAUSE_S)):
        if store.execute_sql("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()[0]:
            break
        store.execute_sql("SELECT pg_sleep(%s)", (PAUSE_S,))
    else:
        raise StoreUnavailable(f"another process has migrated for {WAIT_FOR_ANOTHER_S} s")
    try:
        yield
    finally:
        store.execute_sql("SELECT pg_advisory_unlock(%s)", (lock,))


@contextmanager
def _giving_way(store: Any, lock_timeout_ms: int) -> Iterator[None]:
    """Wait for no table longer than others may wait for us, but let an index take its time."""
    limits = {"lock_timeout": f"{lock_timeout_ms}ms", "statement_timeout": "0"}
    before = {
        name: store.execute_sql("SELECT current_setting(%s)", (name,)).fetchone()[0]
        for name in limits
    }
    _set(store, limits)
    try:
        yield
    finally:
        _set(store, before)


def _set(store: Any, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        store.execute_sql("SELECT set_config(%s, %s, false)", (name, value))
