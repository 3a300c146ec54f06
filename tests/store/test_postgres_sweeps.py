"""On PostgreSQL the sweeps leave what somebody holds, and do the rest without waiting."""

import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from storyclip.domain.clip import Event
from storyclip.domain.errors import LostRace
from storyclip.flow.clock import Clock
from storyclip.store import database, postgres
from storyclip.store.history import deliveries
from storyclip.store.publishing import batches, clips
from storyclip.store.publishing.new_batch import IdempotencyKey
from storyclip.store.service import workers
from tests.store.making import T0, made, new_batch, note, record, reopened, rows, sql

LATER = T0 + timedelta(seconds=30)
LOCK_S, AT_ONCE_S = 8.0, 5.0  # who waits for a lock is not there at once


@pytest.fixture
def holder(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection]:
    """Another process's connection, in a transaction; ours is bound to the same database."""
    monkeypatch.setattr(postgres, "LOCK_S", LOCK_S)
    database.connect(new_postgres_database)
    with psycopg.connect(new_postgres_database) as connection:
        yield connection
        connection.rollback()
    database.disconnect()


@pytest.fixture(autouse=True)
def _nobody_waits(holder: psycopg.Connection) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < AT_ONCE_S


def test_bells_of_clips_that_nobody_holds_are_rung(holder: psycopg.Connection):
    held, fresh, old = (made(name, 1, account=name)[0].id for name in ("1", "2", "3"))
    sql("UPDATE publish_batch_clips SET rung_at = NULL")
    sql("UPDATE publish_batch_clips SET next_at = '2026-12-01T11:00:00.000000Z' WHERE id = ?", old)
    holder.execute("SELECT 1 FROM publish_batch_clips WHERE id = %s FOR UPDATE", (held,))

    assert sorted(clips.make_due(T0, portion=5)) == [fresh, old]


def test_an_old_clip_that_is_held_takes_no_place_of_a_portion(holder: psycopg.Connection):
    first, *others = (made(name, 1, account=name)[0].id for name in ("1", "2", "3", "4"))
    holder.execute("SELECT 1 FROM publish_batch_clips WHERE id = %s FOR UPDATE", (first,))

    assert len(clips.make_due(LATER, portion=2)) == 2
    assert set(clips.make_due(LATER, portion=2)) <= set(others)


def test_a_lane_that_somebody_holds_is_not_looked_at_for_stalling(holder: psycopg.Connection):
    held, free = made("1", account="1")[0], made("2", account="2")[0]
    sql("UPDATE publish_batch_clips SET next_at = NULL")
    holder.execute("SELECT 1 FROM lanes WHERE id = %s FOR UPDATE", (held.lane.id,))

    assert reopened(LATER) == [free.id]


def test_of_a_dead_worker_all_is_taken_over_that_nobody_holds(holder: psycopg.Connection):
    far = T0 + timedelta(minutes=5)
    held, free = (
        record(made(name, account=name)[0], Event.CLAIMED, at=T0, worker="dead", next_at=far)
        for name in ("1", "2")
    )
    workers.beat("dead")
    holder.execute("SELECT 1 FROM publish_batch_clips WHERE id = %s FOR UPDATE", (held.id,))

    workers.bury(["dead"], LATER)

    assert [clips.find(clip.id).next_at for clip in (held, free)] == [far, LATER]
    assert workers.beats() == {"dead": 0}  # has one in hand still, and is found silent again


def test_a_worker_stopped_in_its_own_beat_is_buried_all_the_same(holder: psycopg.Connection):
    workers.beat("stopped")
    holder.execute("UPDATE workers SET beats = 9 WHERE name = 'stopped'")
    clip = record(made()[0], Event.CLAIMED, at=T0, worker="stopped", next_at=LATER)

    workers.bury(["stopped"], T0)

    assert clips.find(clip.id).next_at == T0


def test_keys_that_somebody_holds_are_forgotten_another_time(holder: psycopg.Connection):
    for name in ("1", "2"):
        batches.create(new_batch(name), T0, IdempotencyKey(name, "body"))
    holder.execute("SELECT 1 FROM idempotency_keys WHERE key = '1' FOR UPDATE")

    batches.forget_idempotency_keys(LATER)

    assert rows("SELECT key FROM idempotency_keys") == [("1",)]


def test_a_delivery_that_somebody_writes_is_left_to_him(holder: psycopg.Connection):
    made()
    with database.writing():
        deliveries.begin("b1", "https://example.com/hook")
        deliveries.wake("b1", T0)
    [due] = deliveries.due(T0, 5)
    holder.execute("SELECT 1 FROM webhook_deliveries FOR UPDATE")

    with pytest.raises(LostRace):
        deliveries.claim(due, T0, LATER)


def test_the_clock_ticks_on_whoever_holds_lanes_clips_and_workers(holder: psycopg.Connection):
    rung, audited = list[int](), list[int]()
    clock = Clock("a", rung.append, audited.append, time.monotonic, lambda now: None)
    held, free = (made(name, account=name)[0] for name in ("1", "2"))
    workers.beat("stopped")
    holder.execute("SELECT 1 FROM workers FOR UPDATE")
    for table, row_id in (("lanes", held.lane.id), ("publish_batch_clips", held.id)):
        holder.execute(f"SELECT 1 FROM {table} WHERE id = {row_id} FOR UPDATE")

    clock.tick(LATER)

    assert free.id in rung
    assert held.id not in rung
    assert sorted(audited) == [held.lane.id, free.lane.id]


def test_a_stalled_lane_whose_clip_is_held_does_not_end_the_tick(holder: psycopg.Connection):
    held = made("1", account="1")[0]
    note(held, next_at=None)
    holder.execute("SELECT 1 FROM publish_batch_clips WHERE id = %s FOR UPDATE", (held.id,))
    rung = list[int]()

    Clock("a", rung.append, rung.append, time.monotonic, lambda now: None).tick(LATER)

    assert rung == [held.lane.id]  # audited, not rung
