"""What one tick of the leading clock costs with a million finished batches in the table."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storyclip.flow.clock import Clock
from storyclip.store import database
from storyclip.store.instants import to_text
from storyclip.store.publishing import clips
from tests.bench import copies, walk
from tests.bench.figure import Figure, median, percentile, shown
from tests.bench.stage import folder

BAR_MS = 5.0
LANES = 1000
DUE = 50


@dataclass(frozen=True)
class Size:
    """How many finished batches there are, and how many ticks a run takes."""

    batches: int
    ticks: int


FULL = Size(batches=1_000_000, ticks=60)
QUICK = Size(batches=5_000, ticks=20)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the tick with nothing due, with 50 due, and the one that also starts the audit."""
    size = QUICK if quick else FULL
    with folder() as path:
        file = path / "storyclip.db"
        database.connect(f"sqlite:///{file}")
        try:
            began = time.monotonic()
            _fill(file, size.batches)
            fill = (
                f"{size.batches:,} batches of one clip, filled in {time.monotonic() - began:.0f} s"
            )
            clock = Clock("bench", lambda _: None, lambda _: None, time.monotonic, lambda now: None)
            audit_ms = _tick_ms(clock)
            count = runs * size.ticks
            idle = _side_by_side(count, lambda: _tick_ms(clock), lambda: _bare_ms(file))
            apart = size.batches // DUE
            busy = _side_by_side(
                count, lambda: _tick_ms_with_due(clock, file, apart), lambda: _bare_ms(file, DUE)
            )
        finally:
            database.disconnect()
    for what, (ticks, bare), floor_is in (
        ("nothing due", idle, "SELECT on the index of what is due, one commit: bare"),
        (f"{DUE} due", busy, f"the same and a commit of {DUE} rows: bare"),
    ):
        yield Figure(
            "tick",
            f"{size.batches:,} finished batches, {what}",
            median(ticks),
            "ms",
            BAR_MS,
            floor=median(bare),
            floor_is=floor_is,
            note=f"p10 {shown(percentile(ticks, 10))}, p90 {shown(percentile(ticks, 90))}; {fill}",
        )
    yield Figure("tick", "the first, which asks what to audit", audit_ms, "ms")


def _fill(file: Path, count: int) -> None:
    """Write the rows as they are when everything went live, an hour to a year ago.

    All are copies of one batch that the store made and walked, so that no column is forgotten.
    """
    at = datetime.now(UTC)
    batch = walk.new_batch("batch", "local", "2000001", 1, at)
    walk.go_live(clips.of_batch(batch.batch_id)[0], at)
    times = [to_text(at - timedelta(hours=1 + 8 * hour)) for hour in range(1095)]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=off")
        connection.execute("PRAGMA cache_size=-200000")
        lane_row, batch_row, clip_row = (
            copies.Template(connection, table)
            for table in ("lanes", "publish_batches", "publish_batch_clips")
        )
        lane_row.copy(
            {"id": lane, "account_id": str(2_000_000 + lane)} for lane in range(2, LANES + 1)
        )
        batch_dates, clip_dates = (row.columns_with(to_text(at)) for row in (batch_row, clip_row))
        batch_row.copy(
            {
                **dict.fromkeys(batch_dates, times[n * len(times) // count]),
                "batch_id": f"batch-{n:08}",
                "lane_id": n % LANES + 1,
                "account_id": str(2_000_001 + n % LANES),
                "turn": n,
                "place": n,
            }
            for n in range(1, count)
        )
        clip_row.copy(
            {
                **dict.fromkeys(clip_dates, times[n * len(times) // count]),
                "id": n + 1,
                "batch_id": f"batch-{n:08}",
                "lane_id": n % LANES + 1,
                "metricool_post_id": str(310_000_000 + n),
            }
            for n in range(1, count)
        )
        connection.commit()
        # Else the first tick would have to move all that into the database file
        connection.execute("PRAGMA wal_checkpoint(truncate)")


def _side_by_side(
    count: int, tick: Callable[[], float], bare: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Take turns, for a disk's commits are now fast and now slow, and both must meet the same."""
    pairs = [(tick(), bare()) for _ in range(count)]
    return [ours for ours, _ in pairs], [floor for _, floor in pairs]


def _tick_ms(clock: Clock) -> float:
    began = time.monotonic()
    clock.tick(datetime.now(UTC))
    return 1000 * (time.monotonic() - began)


def _tick_ms_with_due(clock: Clock, file: Path, apart: int) -> float:
    """Make 50 clips all over the table due, and tick; they stay due, as rung just now."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL WHERE id IN ("
            "SELECT id FROM publish_batch_clips WHERE id % ? = 0 LIMIT ?)",
            (to_text(datetime.now(UTC)), apart, DUE),
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
