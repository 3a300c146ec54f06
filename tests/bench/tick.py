"""What one tick of the leading clock costs with a million finished batches in the table."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storyclip.flow.clock import Clock
from storyclip.store import database
from storyclip.store.instants import to_text
from tests.bench.figure import Figure, median, percentile, shown
from tests.bench.stage import folder

BAR_MS = 5.0
BATCHES = 1_000_000
LANES = 1000
DUE = 50
TICKS = 60  # a run


def measure(runs: int) -> Iterator[Figure]:
    """Yield the tick with nothing due, with 50 due, and the one that also starts the audit."""
    with folder() as path:
        file = path / "storyclip.db"
        database.connect(f"sqlite:///{file}")
        try:
            began = time.monotonic()
            _fill(file)
            fill = f"{BATCHES:,} batches of one clip, filled in {time.monotonic() - began:.0f} s"
            clock = Clock("bench", lambda _: None, lambda _: None, time.monotonic)
            audit_ms = _tick_ms(clock)
            idle, idle_floor = _side_by_side(runs, lambda: _tick_ms(clock), lambda: _bare_ms(file))
            busy, busy_floor = _side_by_side(
                runs, lambda: _tick_ms_with_due(clock, file), lambda: _bare_ms(file, DUE)
            )
        finally:
            database.disconnect()
    for what, ticks, bare, floor_is in (
        ("nothing due", idle, idle_floor, "SELECT on the index of what is due, one commit: bare"),
        (f"{DUE} due", busy, busy_floor, f"the same and a commit of {DUE} rows: bare"),
    ):
        every = [took for run in ticks for took in run]
        yield Figure(
            "tick",
            f"{BATCHES:,} finished batches, {what}",
            median([median(run) for run in ticks]),
            "ms",
            BAR_MS,
            floor=median([median(run) for run in bare]),
            floor_is=floor_is,
            note=f"p10 {shown(percentile(every, 10))}, p90 {shown(percentile(every, 90))}; {fill}",
        )
    yield Figure("tick", "the first, which asks what to audit", audit_ms, "ms")


def _fill(file: Path) -> None:
    """Write the rows as they are when everything went live, an hour to a year ago."""
    now = datetime.now(UTC)
    times = [to_text(now - timedelta(hours=1 + 8 * hour)) for hour in range(1095)]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=off")
        connection.execute("PRAGMA cache_size=-200000")
        connection.executemany(
            "INSERT INTO lanes (id, account_id, network, turns) VALUES (?, ?, 'facebook', 1)",
            [(lane, str(2_000_000 + lane)) for lane in range(1, LANES + 1)],
        )
        connection.executemany(
            "INSERT INTO publish_batches (batch_id, user_id, lane_id, account_id, network,"
            " publish_mode, on_failure, gap_s, turn, status, total_clips, published_clips,"
            " failed_clips, unconfirmed_clips, cancelled_clips, current_clip_index, last_seq,"
            " created_at, started_at, completed_at)"
            " VALUES (?, 'local', ?, ?, 'facebook', 'now', 'continue', 0, ?, 'published', 1, 1,"
            " 0, 0, 0, 1, 4, ?, ?, ?)",
            (
                (f"batch-{i:08}", lane, str(2_000_000 + lane), i, at, at, at)
                for i in range(BATCHES)
                for lane, at in ((i % LANES + 1, times[i * len(times) // BATCHES]),)
            ),
        )
        connection.executemany(
            "INSERT INTO publish_batch_clips (batch_id, clip_index, lane_id, client_id, clip_url,"
            " clip_title, status, revision, attempts, plans, checks, postponements, media_url,"
            " scheduled_at, metricool_post_id, uploaded_at, published_at)"
            " VALUES (?, 1, ?, 'clip_1', 'https://cdn.example.com/1.mp4', 'Clip 1', 'published',"
            " 3, 1, ?, 0, 0, 'https://static.metricool.com/1.mp4', ?, ?, ?, ?)",
            (
                (f"batch-{i:08}", i % LANES + 1, at, at, str(310_000_000 + i), at, at)
                for i in range(BATCHES)
                for at in (times[i * len(times) // BATCHES],)
            ),
        )
        connection.commit()
        # Else the first tick would have to move all that into the database file
        connection.execute("PRAGMA wal_checkpoint(truncate)")


def _side_by_side(
    runs: int, tick: Callable[[], float], bare: Callable[[], float]
) -> tuple[list[list[float]], list[list[float]]]:
    """Take turns, for a disk's commits are now fast and now slow, and both must meet the same."""
    pairs = [[(tick(), bare()) for _ in range(TICKS)] for _ in range(runs)]
    return [[a for a, _ in run] for run in pairs], [[b for _, b in run] for run in pairs]


def _tick_ms(clock: Clock) -> float:
    began = time.monotonic()
    clock.tick(datetime.now(UTC))
    return 1000 * (time.monotonic() - began)


def _tick_ms_with_due(clock: Clock, file: Path) -> float:
    """Make 50 clips all over the table due, and tick; they stay due, as rung just now."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL WHERE id IN ("
            "SELECT id FROM publish_batch_clips WHERE id % ? = 0 LIMIT ?)",
            (to_text(datetime.now(UTC)), BATCHES // DUE, DUE),
        )
        connection.commit()
    began = time.monotonic()
    rung = clock.tick(datetime.now(UTC))
    took_ms = 1000 * (time.monotonic() - began)
    assert rung == DUE
    return took_ms


def _bare_ms(file: Path, due: int = 0) -> float:
    """Look for what is due, and commit what a tick commits: a beat, and the bells if any."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=full")
        connection.execute("SELECT 1 FROM workers").fetchall()  # the connection itself is no floor
        began = time.monotonic()
        connection.execute("UPDATE workers SET beats = beats + 1 WHERE name = 'bench'")
        connection.execute(
            "SELECT 1 FROM publish_batch_clips WHERE next_at <= ? LIMIT 1",
            (to_text(datetime.now(UTC)),),
        ).fetchone()
        if due:
            connection.execute(
                "UPDATE publish_batch_clips SET rung_at = ? WHERE next_at > ''",
                (to_text(datetime.now(UTC)),),
            )
        return 1000 * (time.monotonic() - began)
