"""On PostgreSQL nothing waits without a limit: for a connection, a lock, or an answer."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from storyclip.domain.errors import CommitUnanswered, StoreUnavailable
from storyclip.store import database, postgres, schema
from storyclip.store.once_more import once_more, repeats
from storyclip.store.publishing import batches, lanes
from storyclip.store.service import newest, workers
from storyclip.store.urgent import URGENT_S, urgent
from storyclip.tasks import life
from tests.eventually import eventually
from tests.store.making import T0, everything, made, new_batch, rows
from tests.store.test_connecting import WRITES_HALF, processes


@contextmanager
def connected(url: str, size: int = 4, lifetime_s: float = 60.0) -> Iterator[postgres.Pool]:
    """Have this process bound to a database for the block; yields its pool."""
    database.connect(url, size, lifetime_s)
    try:
        yield database.database.obj
    finally:
        database.disconnect()


def admin(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def others(connection: psycopg.Connection) -> int:
    """How many connections the database has besides this one."""
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert found is not None
    return int(found[0])


def in_threads(count: int, job) -> list[threading.Thread]:
    threads = [threading.Thread(target=job, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize(
    ("limit", "usual", "when_urgent"),
    [
        ("lock_timeout", "3s", "200ms"),
        ("statement_timeout", "10s", "1500ms"),
        ("idle_in_transaction_session_timeout", "5s", "5s"),
        ("tcp_user_timeout", "5000", "5000"),
        ("tcp_keepalives_idle", "5", "5"),
        ("tcp_keepalives_interval", "2", "2"),
        ("tcp_keepalives_count", "3", "3"),
    ],
)
def test_every_connection_has_its(
    new_postgres_database: str, limit: str, usual: str, when_urgent: str
):
    with connected(new_postgres_database):
        with urgent():
            hurried = rows(f"SHOW {limit}")
        ours = rows(f"SHOW {limit}")

    assert (ours, hurried) == ([(usual,)], [(when_urgent,)])


def test_the_line_itself_is_watched_and_the_urls_own_parameters_win(new_postgres_database: str):
    url = f"{new_postgres_database}?connect_timeout=7&options=-c%20lock_timeout%3D1s"
    with connected(url) as pool, database.reading():
        parameters = pool.connection().info.get_parameters()
        lock_timeout = rows("SHOW lock_timeout")

    wanted = ("connect_timeout", "keepalives", "keepalives_idle", "tcp_user_timeout")
    assert [parameters[name] for name in wanted] == ["7", "1", "5", "5000"]
    assert lock_timeout == [("1s",)]


def test_two_addresses_that_say_nothing_end_no_clock(new_postgres_database: str):
    with connected(new_postgres_database) as pool, urgent(), database.reading():
        connect_timeout_s = int(pool.connection().info.get_parameters()["connect_timeout"])

    assert 2 * connect_timeout_s < life.TICK_AT_MOST_S


def test_a_migration_has_all_the_time_it_needs_and_then_nothing_has(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
):
    def slow(store) -> list[str]:
        store.execute_sql("SELECT pg_sleep(0.8)")
        return []

    monkeypatch.setattr(schema, "bring_up_to_date", slow)
    monkeypatch.setattr(postgres, "ANSWER_S", 0.4)
    with connected(new_postgres_database), pytest.raises(StoreUnavailable), database.reading():
        slow(database.database.obj)


def test_no_more_connections_than_asked_for_and_who_finds_none_is_told_in_time(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "PLACE_S", 0.3)
    told, let_go = threading.Semaphore(0), threading.Event()

    def read() -> None:
        try:
            with database.reading():
                database.run("SELECT 1")
                assert let_go.wait(20)
        except StoreUnavailable:
            told.release()

    with connected(new_postgres_database, size=4), admin(new_postgres_database) as outside:
        readers = in_threads(8, read)
        in_time = [told.acquire(timeout=10) for _ in range(8 - 3)]
        with urgent():
            workers.beat("clock")  # its place is nobody else's
        count = others(outside)
        let_go.set()
        for reader in readers:
            reader.join()
        workers.beat("w")  # and the places are free again

    assert all(in_time)
    assert count == 4


def test_a_connection_is_closed_when_it_is_old_though_nobody_takes_it(new_postgres_database: str):
    with (
        connected(new_postgres_database, lifetime_s=0.5) as pool,
        admin(new_postgres_database) as outside,
    ):
        workers.beat("w")
        before = others(outside)

        eventually(lambda: others(outside) == 0, within_s=10)
        workers.beat("w")

        assert (before, pool.open_connections()) == (1, 1)


def test_connections_that_the_server_ended_meanwhile_are_not_used(new_postgres_database: str):
    with connected(new_postgres_database) as pool, admin(new_postgres_database) as outside:
        workers.beat("w")
        outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        eventually(lambda: others(outside) == 0, within_s=10)

        workers.beat("w")

        assert workers.beats() == {"w": 2}
        assert pool.open_connections() == 1


def test_a_server_that_stands_still_is_not_waited_for_and_its_late_answer_not_believed(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "ANSWER_S", 0.3)
    with connected(new_postgres_database):
        with pytest.raises(StoreUnavailable), database.reading():
            database.run("SELECT pg_sleep(1)")

        assert rows("SELECT 7") == [(7,)]


def ask_for_20_s(began: float) -> None:
    while time.monotonic() < began + 20:
        with database.reading():
            database.run("SELECT pg_sleep(0.4)")


def test_what_is_urgent_ends_in_time_one_way_or_the_other(new_postgres_database: str):
    with connected(new_postgres_database):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable), urgent():
            ask_for_20_s(began)
        took_s = time.monotonic() - began

    assert took_s < URGENT_S + 1.0


def test_a_batch_for_a_lane_that_somebody_holds_is_refused_in_time_and_not_recorded(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "LOCK_S", 0.3)
    with connected(new_postgres_database), psycopg.connect(new_postgres_database) as holder:
        made("b1")
        before = everything()
        holder.execute("SELECT 1 FROM lanes FOR UPDATE")

        with pytest.raises(StoreUnavailable):
            batches.create(new_batch("b2"), T0)

        assert everything() == before
        made("other", account="2000002")


def test_a_process_stopped_in_its_transaction_loses_its_locks(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "LOCK_S", 8.0)
    with connected(new_postgres_database):
        lane_id = made("b1")[0].lane.id
        with processes(WRITES_HALF, new_postgres_database, count=1) as [stopped]:
            os.kill(stopped.pid, signal.SIGSTOP)
            began = time.monotonic()

            with database.writing():
                lanes.next_turn(lane_id)

            took_s = time.monotonic() - began

    assert took_s < postgres.IN_TRANSACTION_S + 2


def test_of_two_that_wait_for_each_other_both_get_through_and_it_is_counted(
    new_postgres_database: str,
):
    counted = repeats()
    meet, one_is_through = threading.Barrier(2, timeout=20), threading.Event()
    done = list[str]()

    def locks(first: int, second: int) -> None:
        tries = list[str]()

        def act() -> None:
            if tries:
                assert one_is_through.wait(20)  # else they might meet once more
            tries.append("")
            with database.writing():
                database.lock_row("lanes", first)
                if len(tries) == 1:
                    meet.wait()
                database.lock_row("lanes", second)

        once_more(act)
        one_is_through.set()
        done.append("through")

    with connected(new_postgres_database):
        one, two = (made(name, account=name)[0].lane.id for name in ("1", "2"))
        pair = [threading.Thread(target=locks, args=ids) for ids in ((one, two), (two, one))]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()

    assert done == ["through"] * 2
    assert repeats() == counted + 1


def test_a_commit_without_an_answer_is_called_neither_written_nor_not(new_postgres_database: str):
    def cut_before_its_commit(pool: postgres.Pool) -> None:
        with database.writing():
            database.run("INSERT INTO workers (name, beats) VALUES ('w', 1)")
            with socket.socket(fileno=os.dup(pool.connection().fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    with connected(new_postgres_database) as pool:
        with pytest.raises(CommitUnanswered):
            cut_before_its_commit(pool)

        assert workers.beats() == {}


def test_what_the_server_refused_to_commit_is_surely_not_written(new_postgres_database: str):
    def ended_before_its_commit(pool: postgres.Pool, outside: psycopg.Connection) -> None:
        with database.writing():
            database.run("INSERT INTO workers (name, beats) VALUES ('w', 1)")
            pid = pool.connection().info.backend_pid
            outside.execute("SELECT pg_terminate_backend(%s)", (pid,))
            eventually(lambda: others(outside) == 0, within_s=10)

    with connected(new_postgres_database) as pool, admin(new_postgres_database) as outside:
        with pytest.raises(StoreUnavailable) as refused:
            ended_before_its_commit(pool, outside)

        assert not isinstance(refused.value, CommitUnanswered)


def test_nobody_is_let_on_a_server_that_was_not_looked_at(new_postgres_database: str):
    with connected(new_postgres_database, lifetime_s=0.0):  # each asks for a connection of its own
        database.looked_at("of another line, started at another time")

        with pytest.raises(StoreUnavailable, match="another database server"):
            rows("SELECT 1")
        with urgent():
            newest.live(T0, None, is_boot=False)

        assert rows("SELECT 1") == [(1,)]
