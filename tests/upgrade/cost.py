"""What a migration costs on a large table: how long a writer waits, and whether it grows."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee
import psycopg
from playhouse.migrations import Runner

MANY, FEW = 100_000, 100  # rows: what does not grow between them is the same on five million
BEFORE_THE_RULE = "0006_identity"
STEP = 20  # SQLite's virtual machine, operations
_LANE = "INSERT INTO lanes (id, account_id, network, turns) VALUES (1, '7', 'facebook', 1)"
_BATCH = (
    "INSERT INTO publish_batches (batch_id, user_id, lane_id, account_id, network, publish_mode,"
    " on_failure, gap_s, turn, status, total_clips, published_clips, failed_clips,"
    " unconfirmed_clips, cancelled_clips, current_clip_index, last_seq, created_at, place)"
    " VALUES ('b', 'ana', 1, '7', 'facebook', 'now', 'continue', 0, 1, 'x', 1, 0, 0, 0, 0, 0, 0,"
    " '2026', 1)"
)
_CLIPS = (
    "INSERT INTO publish_batch_clips (batch_id, clip_index, lane_id, client_id, clip_url,"
    " clip_title, status, revision, attempts, plans, checks, postponements)"
    " SELECT 'b', i, 1, 'c', 'https://cdn.example.com/clips/of/a/usual/length/1.mp4', 'A title',"
    " 'x', 0, 0, '', 0, 0 FROM {rows}"
)
_WRITE = "UPDATE publish_batch_clips SET clip_title = 'new' WHERE clip_index = 1"


@dataclass(frozen=True)
class Cost:
    """The longest wait of a writer in seconds; and what the migration did, in a unit of its own."""

    wait_s: float
    work: int


def filled_sqlite(file: Path, migrations: Path, rows: int) -> Path:
    """Make a database as it was before the rule, with so many clips."""
    store = _sqlite(file)
    Runner(store, str(migrations)).up(BEFORE_THE_RULE)
    numbers = (
        f"(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        " SELECT i FROM n)"
    )
    with store.atomic():
        for statement in (_LANE, _BATCH, _CLIPS.format(rows=numbers)):
            store.execute_sql(statement)
    store.close()
    return file


def filled_with_batches(file: Path, migrations: Path, rows: int) -> Path:
    """Make one with so many batches that have ended."""
    filled_sqlite(file, migrations, 1)
    with closing(sqlite3.connect(file)) as store, store:
        columns = [name for _, name, *_ in store.execute("PRAGMA table_info(publish_batches)")]
        own = {
            "batch_id": "'batch-of-a-usual-length-' || i",
            "user_id": "'user' || (i % 50)",
            "turn": "i + 1",
            "place": "i + 1",
            "created_at": "printf('2026-11-27T%012d', i * 7919 % 1000003)",
            "status": "CASE WHEN i % 5 THEN 'completed' ELSE 'failed' END",
            "completed_at": "'2026-11-27T'",
        }
        store.execute(
            f"INSERT INTO publish_batches ({', '.join(columns)})"
            f" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
            f" SELECT {', '.join(own.get(name, name) for name in columns)} FROM n, publish_batches"
            " WHERE batch_id = 'b'"
        )
    return file


def cost_on_sqlite(filled: Path, migrations: Path, name: str, again: int = 3) -> Cost:
    """Run the migrations up to `name` on copies; what only this machine did is left out."""
    costs = [costs_on_sqlite(filled, migrations, [name])[name] for _ in range(again)]
    return min(costs, key=lambda cost: cost.wait_s)


def costs_on_sqlite(filled: Path, migrations: Path, names: Sequence[str]) -> dict[str, Cost]:
    """Run the migrations up to the last of these, which follow each other, on one copy."""
    file = filled.with_name(f"{filled.name}.measured")
    shutil.copy(filled, file)
    store = _sqlite(file)
    _up_to_the_one_before(store, migrations, names[0])
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    store.connection().set_progress_handler(count, STEP)
    costs = {}
    with closing(sqlite3.connect(file, timeout=60, check_same_thread=False)) as writer:
        writer.execute("PRAGMA synchronous = OFF")

        def write() -> None:
            with writer:
                writer.execute(_WRITE)

        for name in names:
            begun = steps
            with _writing(write) as waits:
                Runner(store, str(migrations)).up(name)
            costs[name] = Cost(max(waits), (steps - begun) * STEP)
    store.close()
    file.unlink()
    return costs


def filled_postgres(url: str, migrations: Path, rows: int) -> None:
    """Make the same in the empty database at `url`."""
    store = _postgres(url)
    Runner(store, str(migrations)).up(BEFORE_THE_RULE)
    numbers = f"generate_series(1, {rows}) AS n (i)"
    for statement in (_LANE, _BATCH, _CLIPS.format(rows=numbers)):
        store.execute_sql(statement)
    store.close()


def cost_on_postgres(server: str, filled: str, migrations: Path, name: str, again: int = 3) -> Cost:
    """Do the same on copies of a database of the server; the work is bytes of its log."""
    costs = [costs_on_postgres(server, filled, migrations, [name])[name] for _ in range(again)]
    return min(costs, key=lambda cost: cost.wait_s)


def costs_on_postgres(
    server: str, filled: str, migrations: Path, names: Sequence[str]
) -> dict[str, Cost]:
    """Do the same on one copy."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS measured")
        admin.execute(f"CREATE DATABASE measured TEMPLATE {filled}")
    store = _postgres(f"{server}/measured")
    _up_to_the_one_before(store, migrations, names[0])
    costs = {}
    with psycopg.connect(f"{server}/measured", autocommit=True) as writer:
        writer.execute("SET synchronous_commit = off")

        def write() -> None:
            writer.execute(_WRITE)

        for name in names:
            with _writing(write) as waits:
                begun = _log_bytes(store)
                Runner(store, str(migrations)).up(name)
                work = _log_bytes(store) - begun
            costs[name] = Cost(max(waits), work)
    store.close()
    return costs


@contextmanager
def _writing(write: Callable[[], None]) -> Iterator[list[float]]:
    """Write all the time in another thread; yields how long each write took, in seconds."""
    stop, begun, waits = threading.Event(), threading.Event(), list[float]()

    def writes() -> None:
        while not stop.is_set():
            at = time.monotonic()
            write()
            waits.append(time.monotonic() - at)
            begun.set()
            stop.wait(0.002)  # as writers of the service: there is a moment between two

    thread = threading.Thread(target=writes)
    write()
    thread.start()
    try:
        assert begun.wait(30)
        waits.clear()
        yield waits
    finally:
        stop.set()
        thread.join()
    waits.append(0.0)


def _up_to_the_one_before(store: Any, migrations: Path, name: str) -> None:
    names = [file.stem for file in sorted(migrations.glob("[0-9]*.py"))]
    Runner(store, str(migrations)).up(names[names.index(name) - 1])


def _sqlite(file: Path) -> Any:
    return peewee.SqliteDatabase(str(file), pragmas={"journal_mode": "wal", "synchronous": "full"})


def _postgres(url: str) -> Any:
    return peewee.PostgresqlDatabase(url, prefer_psycopg3=True)


def _log_bytes(store: Any) -> int:
    asked = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
    return int(store.execute_sql(asked).fetchone()[0])
