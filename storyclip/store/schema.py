"""The tables' own version: the migrations that a database has had, and how it gets the rest.

Expand, then contract, a release apart: what the last release still reads and writes goes on working
on the new tables, so that both may run beside each other while one is exchanged for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.migrations import Runner
from psycopg.errors import LockNotAvailable

from storyclip import __version__
from storyclip.domain.errors import SchemaTooNew, StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 7_265_001  # any fixed number: PostgreSQL's advisory locks are numbered

# Who wants a table for itself has everybody queue behind it while it waits: give way, and again
LOCK_TIMEOUT_MS = 800
TRIES = 60
PAUSE_S = 0.5
WAIT_FOR_ANOTHER_S = 600  # a large index may take another process minutes


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
    with _alone(store), _giving_way(store):
        before = set(runner.applied())
        refuse_newer(list(before))
        _apply(runner, store)
        return sorted(set(runner.applied()) - before)


def _apply(runner: Runner, store: Any) -> None:
    for _ in range(TRIES):
        try:
            runner.up()
        except peewee.OperationalError as failure:
            if not isinstance(getattr(failure, "orig", None), LockNotAvailable):
                raise
            store.execute_sql("SELECT pg_sleep(%s)", (PAUSE_S,))  # let those through that queue
        else:
            return
    raise StoreUnavailable(
        "the tables cannot be changed: somebody holds them all the time (a backup that runs, or a"
        " transaction left open?). Nothing is lost; start again once that is over"
    )


@contextmanager
def _alone(store: Any) -> Iterator[None]:
    # Asked for again and again: who waits inside the server has a snapshot, and CREATE INDEX
    # CONCURRENTLY of whom it waits for would wait for that
    for _ in range(round(WAIT_FOR_ANOTHER_S / PAUSE_S)):
        if store.execute_sql("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)).fetchone()[0]:
            break
        store.execute_sql("SELECT pg_sleep(%s)", (PAUSE_S,))
    else:
        raise StoreUnavailable(f"another process has migrated for {WAIT_FOR_ANOTHER_S} s")
    try:
        yield
    finally:
        store.execute_sql("SELECT pg_advisory_unlock(%s)", (ADVISORY_LOCK,))


@contextmanager
def _giving_way(store: Any) -> Iterator[None]:
    """Wait for no table longer than others may wait for us, but let an index take its time."""
    limits = {"lock_timeout": f"{LOCK_TIMEOUT_MS}ms", "statement_timeout": "0"}
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
