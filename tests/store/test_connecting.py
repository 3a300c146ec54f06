import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import peewee
import pytest

from storyclip.domain.clip import Event
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import database
from storyclip.store.publishing import clips
from storyclip.store.publishing.rows import BATCH, CLIP, LANE, Column
from storyclip.store.service import workers
from tests.store.making import T0, everything, made, record, tables

ROOT = Path(__file__).parent.parent.parent
CONNECTS = """
import sys
from storyclip.store import database
print("ready", flush=True)
sys.stdin.readline()
database.connect(sys.argv[1])
"""
WRITES_HALF = """
import sys
from storyclip.store import database
from storyclip.store.publishing import lanes
database.connect(sys.argv[1])
with database.writing():
    lanes.next_turn(1)
    database.run("UPDATE publish_batch_clips SET clip_title = 'half'")
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def processes(script: str, url: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Run a script in processes of its own; each has said that it is ready, and waits."""
    command = [sys.executable, "-c", script, url]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(count)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


NOT_READ_AS_FACTS = {
    "publish_batch_clips": {"lane_id", "lane_held", "noted_at"},
    "publish_batches": set(),
    "lanes": {"turns"},
}


@pytest.mark.parametrize(
    ("table", "shape"),
    [("publish_batch_clips", CLIP), ("publish_batches", BATCH), ("lanes", LANE)],
)
def test_every_column_is_read_and_every_fact_has_its_column(
    store: str, table: str, shape: dict[str, Column]
):
    columns = {column.name for column in database.database.get_columns(table)}
    facts = {column for column, _, _ in shape.values()} - {"lane"}

    assert columns - facts == NOT_READ_AS_FACTS[table]
    assert facts <= columns


def test_connecting_again_finds_everything_as_it_was(store: str):
    made()
    before = everything()
    database.disconnect()

    database.connect(store)

    assert everything() == before


def test_two_processes_that_start_at_once_on_an_empty_database_both_have_it(
    empty_database_url: str,
):
    with processes(CONNECTS, empty_database_url, count=2) as starting:
        for process in starting:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=30)[1] for process in starting]

    assert [process.returncode for process in starting] == [0, 0], said
    database.connect(empty_database_url)
    found = tables()
    database.disconnect()
    assert set(NOT_READ_AS_FACTS) <= set(found)


def test_a_process_killed_while_it_writes_leaves_nothing_and_holds_nothing(store: str):
    clip = made()[0]
    before = everything()

    with processes(WRITES_HALF, store, count=1) as [killed]:
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait(30) == -signal.SIGKILL

        assert everything() == before
        moved = record(clip, Event.CLAIMED, at=T0)

    assert clips.find(clip.id) == moved


def test_the_older_name_of_the_scheme_is_understood(new_postgres_database: str):
    database.connect(new_postgres_database.replace("postgresql://", "postgres://"))

    workers.beat("w")

    assert workers.beats() == {"w": 1}
    database.disconnect()


def test_a_database_server_that_is_not_there_is_unavailable():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

        with pytest.raises(StoreUnavailable):
            database.connect(f"postgresql://storyclip@127.0.0.1:{port}/storyclip")


def test_a_database_server_that_goes_away_is_unavailable_and_comes_back(
    new_postgres_database: str,
):
    database.connect(new_postgres_database)
    workers.beat("w")
    with pytest.raises(StoreUnavailable), database.reading():
        database.run("SELECT pg_terminate_backend(pg_backend_pid())")

    workers.beat("w")

    assert workers.beats() == {"w": 2}
    database.disconnect()


def test_a_block_that_swallows_a_refused_statement_is_told_that_nothing_is_written(store: str):
    name = "INSERT INTO installation (name, value, is_shown) VALUES ('twice', '', ?)"

    @database.writing()
    def written_twice() -> None:
        database.run(name, (False,))
        with suppress(peewee.IntegrityError):
            database.run(name, (False,))

    with pytest.raises(RuntimeError, match="its block went on"):
        written_twice()

    with database.reading():
        found = database.run("SELECT 1 FROM installation WHERE name = 'twice'").fetchall()
    assert found == []
    with database.writing():
        database.run(name, (False,))
