"""Writers of one process that wait for each other share a transaction of SQLite's."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import peewee
import pytest

from storyclip.domain.errors import LostRace, StoreUnavailable
from storyclip.store import database, shared_commit, turnstile
from storyclip.store.database import run
from storyclip.store.urgent import urgent
from tests.eventually import eventually

Block = Callable[[], None]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process bound to a new SQLite file, on a machine that may be slow."""
    monkeypatch.setattr(shared_commit, "OPEN_FOR_S", 60.0)
    file = tmp_path / "storyclip.db"
    database.connect(f"sqlite:///{file}")
    yield file
    database.disconnect()


def writes(name: str) -> Block:
    sql = "INSERT INTO installation (name, value, is_shown) VALUES (?, '', 0)"
    return lambda: run(sql, (name,))


def written(file: Path) -> set[str]:
    """Return what others can read."""
    with closing(sqlite3.connect(file)) as other:
        return {name for (name,) in other.execute("SELECT name FROM installation")}


def side_by_side(*blocks: Block) -> list[Exception | None]:
    """Run each block in a thread, the later ones waiting while the first is at it; what each got.

    The first stays in its block until all others wait.
    """
    told: list[Exception | None] = [None] * len(blocks)
    has_begun, all_wait = threading.Event(), threading.Event()

    def one(place: int, block: Block) -> None:
        try:
            with database.writing():
                has_begun.set()
                assert all_wait.wait(20)
                block()
        except Exception as failure:
            told[place] = failure

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(blocks)]
    for place, thread in enumerate(threads):
        thread.start()
        assert has_begun.wait(20)
        eventually(partial(_has_come, place))
    all_wait.set()
    for thread in threads:
        thread.join()
    return told


def _has_come(place: int) -> bool:
    return sum(turnstile.turns.waiting()) == place


def commits(monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> list[str]:
    """Have all commits from now on counted, and perhaps fail as on a full disk."""
    asked = list[str]()
    execute = database.database.obj.execute_sql

    def listening(sql: str, params: Any = None) -> Any:
        if sql == "COMMIT":
            asked.append(sql)
            if fails:
                raise peewee.OperationalError("database or disk is full")
        return execute(sql, params)

    monkeypatch.setattr(database.database.obj, "execute_sql", listening)
    return asked


def test_who_waits_for_a_writer_shares_its_commit(file: Path, monkeypatch: pytest.MonkeyPatch):
    asked = commits(monkeypatch)

    assert side_by_side(*map(writes, "abcd")) == [None] * 4

    assert written(file) >= set("abcd")
    assert len(asked) == 1


def test_what_goes_wrong_in_one_block_is_undone_alone(file: Path):
    race, first_race = LostRace("somebody else was quicker"), LostRace("so it was here")

    def loses(name: str, by: LostRace) -> Block:
        def block() -> None:
            writes(name)()
            raise by

        return block

    told = side_by_side(writes("a"), loses("b", race), writes("a"), writes("d"))
    assert told[:2] == [None, race]
    assert isinstance(told[2], peewee.IntegrityError)
    assert told[3] is None
    assert side_by_side(loses("e", first_race), writes("f")) == [first_race, None]

    assert {"a", "d", "f"} <= written(file)
    assert not {"b", "e"} & written(file)


def test_nobody_goes_on_before_what_it_wrote_can_be_read(file: Path):
    seen = list[set[str]]()

    def looks() -> None:
        seen.append(written(file))

    assert side_by_side(writes("a"), looks) == [None, None]

    assert "a" not in seen[0]  # its writer still waits, for the last of them has not committed
    assert "a" in written(file)


def test_all_that_share_a_commit_are_told_that_it_failed(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    def loses() -> None:
        raise LostRace("against one whose own write came to nothing")

    with monkeypatch.context() as patch:
        commits(patch, fails=True)
        told = side_by_side(writes("a"), writes("b"), loses)

    assert [type(failure) for failure in told] == [StoreUnavailable] * 3
    assert not {"a", "b"} & written(file)
    assert side_by_side(writes("a"), writes("c")) == [None, None]
    assert {"a", "c"} <= written(file)


def test_a_transaction_that_sqlite_undid_is_nobodys(file: Path):
    def breaks() -> None:
        run("ROLLBACK")  # as SQLite does by itself when the disk is full or broken
        run("SELECT no_such_column")

    told = side_by_side(writes("a"), breaks, writes("c"))

    assert [type(failure) for failure in told[:2]] == [StoreUnavailable] * 2
    assert told[2] is None
    assert written(file) >= {"c"}
    assert "a" not in written(file)


def test_a_connection_that_was_closed_holds_up_nobody_else(file: Path):
    def is_closed() -> None:
        writes("a")()
        database.database.obj.connection().close()

    assert [type(failure) for failure in side_by_side(is_closed)] == [StoreUnavailable]

    with database.writing():
        writes("b")()
    assert "a" not in written(file)
    assert "b" in written(file)


def test_who_is_in_a_hurry_does_not_wait_for_what_others_do(file: Path):
    has_begun, is_through = threading.Event(), threading.Event()
    outlasted_it = list[bool]()

    def takes_long() -> None:
        assert has_begun.wait(20)
        with database.writing():
            outlasted_it.append(is_through.wait(5))

    other = threading.Thread(target=takes_long)
    other.start()
    with urgent(), database.writing():
        writes("a")()
        has_begun.set()
        eventually(partial(_has_come, 1))
    is_through.set()
    other.join()

    assert outlasted_it == [True]
    assert "a" in written(file)


def test_who_disconnects_takes_nobody_s_connection_away(file: Path):
    def block() -> None:
        writes("a")()
        elsewhere = threading.Thread(target=database.disconnect)
        elsewhere.start()
        elsewhere.join()  # to close what SQLite is at work on ends the process, in C

    assert side_by_side(block) == [None]

    assert "a" in written(file)


def swallows(*statements: str) -> Block:
    """Have the last of these fail, go on as if nothing was, and write."""

    def block() -> None:
        *before, fails = statements
        for statement in before:
            run(statement)
        with suppress(peewee.DatabaseError):
            run(fails)
        writes("b")()

    return block


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("undone_by_sqlite", [(), ("ROLLBACK",)])
def test_a_block_that_goes_on_past_a_failure_writes_nothing_and_is_told(
    file: Path, is_first: bool, undone_by_sqlite: tuple[str, ...]
):
    bad, good = swallows(*undone_by_sqlite, "SELECT no_such_column"), writes("a")

    told = side_by_side(*((bad, good) if is_first else (good, bad)))

    assert isinstance(told[0 if is_first else 1], RuntimeError | StoreUnavailable)
    assert "b" not in written(file)
    assert ("a" in written(file)) is (told[1 if is_first else 0] is None)
