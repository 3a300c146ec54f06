import fcntl
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.addresses import sqlite_url
from storyclip.domain.clip import Event, State
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import database, turnstile
from storyclip.store.publishing import batches, clips
from storyclip.store.service import workers
from storyclip.store.urgent import URGENT_S, urgent
from tests.eventually import eventually
from tests.store.making import (
    T0,
    brought_to,
    everything,
    made,
    new_batch,
    published,
    record,
    rows,
    sql,
    walked,
)

LAST_BATCHES = (
    'sqlite3 data/storyclip.db "SELECT batch_id, status, publish_mode, total_clips,'
    ' published_clips, failed_clips FROM publish_batches ORDER BY created_at DESC LIMIT 10;"'
)
CLIPS_OF = (
    'sqlite3 data/storyclip.db "SELECT batch_id, clip_index, status, metricool_post_id,'
    " facebook_post_id FROM publish_batch_clips WHERE batch_id = '…';\""
)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """This process bound to a new SQLite file where it is by default."""
    file = tmp_path / "data" / "storyclip.db"
    database.connect(f"sqlite:///{file}")
    yield file
    database.disconnect()


def typed(command: str, folder: Path) -> list[str]:
    """Run a command of the manual in a shell, or its SQL where there is no such program."""
    if shutil.which("sqlite3"):
        ran = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()
    with sqlite3.connect(folder / "data" / "storyclip.db") as connection:
        read = connection.execute(command.split('"')[1]).fetchall()
    connection.close()
    return ["|".join("" if value is None else str(value) for value in row) for row in read]


def test_the_last_batches_are_told_truly_by_the_command_of_the_manual(file: Path, tmp_path: Path):
    first = made("b1", 3, account="1")
    published(first[0])
    walked(first[1], Event.CLAIMED, Event.REFUSED)
    made("b2", 1, account="2", at=T0.replace(hour=13))
    brought_to(State.FAILED, made("b0", 1, account="0", at=T0.replace(hour=11))[0])

    assert typed(LAST_BATCHES, tmp_path) == [
        "b2|processing|now|1|0|0",
        "b1|processing|now|3|1|1",
        "b0|failed|now|1|0|1",
    ]


def test_the_clips_of_a_batch_are_told_truly_by_the_command_of_the_manual(
    file: Path, tmp_path: Path
):
    first, second, _ = made()
    clip = record(first, Event.CLAIMED, at=T0)
    clip = record(clip, Event.ACCEPTED, at=T0, post_id="310000001")
    record(clip, Event.SEEN_LIVE, at=T0, network_post_id="fb_1")
    record(clips.find(second.id), Event.CLAIMED, at=T0)

    assert typed(CLIPS_OF.replace("…", "b1"), tmp_path) == [
        "b1|1|published|310000001|fb_1",
        "b1|2|uploading||",
        "b1|3|pending||",
    ]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_in_every_thread_the_database_runs_with(file: Path, pragma: str, value: object):
    found = [rows(f"PRAGMA {pragma}")]
    holding = threading.Event()

    def in_another_thread() -> None:
        found.append(rows(f"PRAGMA {pragma}"))
        holding.set()

    with database.reading():
        other = threading.Thread(target=in_another_thread)
        other.start()
        assert holding.wait(10)
        other.join()

    assert found == [[(value,)], [(value,)]]


def test_a_clip_of_no_batch_is_refused_by_the_database(file: Path):
    made()

    with pytest.raises(Exception, match="FOREIGN KEY"):
        sql("UPDATE publish_batch_clips SET batch_id = 'unknown'")


def test_a_connection_opened_in_one_thread_serves_the_next(file: Path):
    workers.beat("w")
    caught: list[Exception] = []

    def in_another_thread() -> None:
        try:
            workers.beat("w")
        except Exception as raised:
            caught.append(raised)

    other = threading.Thread(target=in_another_thread)
    other.start()
    other.join()

    assert caught == []
    assert workers.beats() == {"w": 2}


def test_a_file_that_may_not_be_written_is_unavailable_and_can_still_be_read(file: Path):
    clip = made()[0]
    before = everything()
    with database.reading():
        database.run("PRAGMA query_only = 1")  # refuses as a read-only file does, also to root

        with pytest.raises(StoreUnavailable):
            record(clip, Event.CLAIMED, at=T0)

        assert everything() == before
        database.run("PRAGMA query_only = 0")


def test_a_queue_that_may_not_be_entered_is_unavailable(file: Path):
    lock = file.with_name(file.name + ".lock")
    lock.unlink()
    lock.mkdir()

    with pytest.raises(StoreUnavailable):
        workers.beat("w")


def test_a_full_disk_is_unavailable_and_nothing_is_half_written(file: Path):
    clip = made()[0]
    before = everything()
    with database.reading():
        [(pages,)] = database.run("PRAGMA page_count").fetchall()
        database.run(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(StoreUnavailable):
            batches.create(new_batch("b2", 1000), T0)

        assert everything() == before
        with pytest.raises(StoreUnavailable):
            record(clip, Event.CLAIMED, at=T0, error="x" * 1_000_000)

        assert everything() == before
        database.run("PRAGMA max_page_count = 1000000")
        assert record(clip, Event.CLAIMED, at=T0).state is State.UPLOADING


def test_a_database_that_another_program_holds_is_unavailable_until_it_lets_go(file: Path):
    clip = made()[0]
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.reading():
        database.run("PRAGMA busy_timeout = 20")

        with pytest.raises(StoreUnavailable):
            record(clip, Event.CLAIMED, at=T0)

        other.execute("ROLLBACK")
        other.close()
        assert record(clip, Event.CLAIMED, at=T0).state is State.UPLOADING


def test_readers_do_not_wait_for_a_writer(file: Path):
    clip = made()[0]
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE publish_batch_clips SET status = 'failed'")

    assert clips.find(clip.id) == clip

    other.close()


def test_behind_a_stopped_writer_all_are_told_in_time_who_that_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(turnstile, "BUSY_TIMEOUT_S", 0.1)
    told = list[str]()

    def waits(name: str) -> None:
        try:
            workers.beat(name)
        except StoreUnavailable as failure:
            told.append(str(failure))

    with file.with_name(file.name + ".lock").open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # as a process does that was stopped in mid-write
        waiting = [threading.Thread(target=waits, args=(name,)) for name in "abc"]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join(20)
        assert not any(thread.is_alive() for thread in waiting)
        workers_before = workers.beats()
    workers.beat("d")

    assert len(told) == 3
    assert any(f"process {os.getpid()}" in words for words in told)
    assert (workers_before, workers.beats()) == ({}, {"d": 1})


def test_a_file_lies_in_the_folder_that_was_named_whatever_it_is_called(tmp_path: Path):
    folder = tmp_path / "año nuevo #1, 100%?"

    database.connect(sqlite_url(folder / "storyclip.db"))

    assert (folder / "storyclip.db").exists()
    assert [file.name for file in tmp_path.iterdir()] == [folder.name]


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path):
    (tmp_path / "data").write_text("a file")

    with pytest.raises(StoreUnavailable):
        database.connect(f"sqlite:///{tmp_path}/data/storyclip.db")


def test_a_database_that_is_a_folder_is_unavailable(tmp_path: Path):
    with pytest.raises(StoreUnavailable):
        database.connect(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_unavailable_and_left_as_it_is(tmp_path: Path):
    file = tmp_path / "storyclip.db"
    file.write_text("a letter to somebody\n" * 1000)

    with pytest.raises(StoreUnavailable):
        database.connect(f"sqlite:///{file}")

    assert file.read_text() == "a letter to somebody\n" * 1000


@pytest.mark.parametrize("_round", range(3))  # one may pass by chance
def test_what_is_urgent_passes_the_queue_of_its_own_process(file: Path, _round: int):
    order, holding, let_go = list[str](), threading.Event(), threading.Event()

    def writes(name: str) -> None:
        with database.writing():
            order.append(name)
            if name == "first":
                holding.set()
                assert let_go.wait(20)

    def hurries() -> None:
        with urgent():
            writes("urgent")

    def starts(*threads: threading.Thread) -> list[threading.Thread]:
        for thread in threads:
            thread.start()
        return list(threads)

    running = starts(threading.Thread(target=writes, args=("first",)))
    assert holding.wait(10)
    queue = (threading.Thread(target=writes, args=(f"queued {n}",)) for n in range(6))
    running += starts(*queue)
    eventually(lambda: turnstile.turns.waiting() == (6, 0))
    running += starts(threading.Thread(target=hurries))
    eventually(lambda: turnstile.turns.waiting() == (6, 1))
    let_go.set()
    for thread in running:
        thread.join()

    assert len(order) == 8
    assert order[1] == "urgent"


def test_what_is_urgent_waits_no_longer_than_it_may_for_another_programs_lock(file: Path):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()

    with pytest.raises(StoreUnavailable), urgent():
        workers.beat("clock")

    took_s = time.monotonic() - began
    other.close()
    assert took_s < 2 * URGENT_S
    assert rows("PRAGMA busy_timeout") == [(10_000,)]
