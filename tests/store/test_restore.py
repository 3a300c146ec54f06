"""A copy put back: all of it or nothing, with its mark, and never under a service that runs."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.addresses import sqlite_file
from storyclip.domain.errors import SchemaTooNew
from storyclip.store import database
from storyclip.store.database import reading, run, writing
from storyclip.store.service import backup, postgres_tools, workers
from storyclip.store.service.restore import RestoreRefused, place_at, still_beating
from tests.store.making import everything, made
from tests.store.test_backup import NIGHT, saved, titles_in

ROOT = Path(__file__).parents[2]
LATER = datetime(2026, 11, 28, 9, tzinfo=UTC)
OPENS = """
import sys
from storyclip.store import database
database.connect(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
"""


@contextmanager
def a_process_that_has_it_open(url: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", OPENS, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.kill()


def mark() -> list[tuple[str, bool]]:
    with reading():
        found = run("SELECT value, is_shown FROM installation WHERE name = 'restored_at'")
        return [(value, bool(is_shown)) for value, is_shown in found.fetchall()]


def batch_ids() -> list[str]:
    with reading():
        found = run("SELECT batch_id FROM publish_batches ORDER BY batch_id").fetchall()
    return [name for (name,) in found]


@pytest.fixture
def half_an_hour_old(store: str, tmp_path: Path) -> Path:
    """A copy that lacks the last batch; this process has let go of the database."""
    made("b1")
    file = saved(store, tmp_path / "kept")
    made("b2", account="2")
    database.disconnect()
    return file


def test_what_was_saved_is_back_with_its_mark_and_what_was_there_is_kept_aside(
    store: str, half_an_hour_old: Path
):
    aside = place_at(store).replace(half_an_hour_old, LATER)

    database.connect(store)
    assert batch_ids() == ["b1"]
    assert mark() == [("2026-11-28T09:00:00.000000Z", False)]
    assert aside is not None
    assert titles_in(aside) == ["Clip 1", "Clip 2", "Clip 3"] * 2
    assert half_an_hour_old.exists()


def test_a_second_restore_moves_the_mark(store: str, half_an_hour_old: Path):
    place_at(store).replace(half_an_hour_old, NIGHT)

    place_at(store).replace(half_an_hour_old, LATER)

    database.connect(store)
    assert mark() == [("2026-11-28T09:00:00.000000Z", False)]


def test_what_was_restored_can_be_written_to_and_saved_again(
    store: str, half_an_hour_old: Path, tmp_path: Path
):
    place_at(store).replace(half_an_hour_old, LATER)
    database.connect(store)

    made("b3", account="3")

    assert len(titles_in(saved(store, tmp_path / "kept", LATER))) == 6


def test_a_database_that_a_process_has_open_is_not_replaced(store: str, half_an_hour_old: Path):
    with (
        a_process_that_has_it_open(store),
        pytest.raises(RestoreRefused, match="stop web, workers and media"),
    ):
        place_at(store).replace(half_an_hour_old, LATER)

    database.connect(store)
    assert batch_ids() == ["b1", "b2"]
    assert mark() == []


def test_a_worker_that_moved_its_counter_between_two_looks_is_alive(store: str):
    workers.beat("a")
    workers.beat("b")
    before = place_at(store).standing()
    workers.beat("b")

    assert still_beating(before, place_at(store).standing()) == ["b"]
    assert still_beating(before, before) == []
    assert still_beating(None, None) == []


def test_a_copy_of_a_newer_program_is_not_put_back(store: str, tmp_path: Path):
    with writing():
        run("INSERT INTO schema_migration (name, applied) VALUES ('9999_new', '2027-01-01')")
    file = saved(store, tmp_path)

    with pytest.raises(SchemaTooNew, match="9999_new"):
        place_at(store).examine(file)


def test_a_file_that_is_no_copy_of_ours_is_refused(store: str, tmp_path: Path):
    strange = tmp_path / "strange"
    strange.write_text("holiday pictures")

    with pytest.raises(RestoreRefused, match="strange is no"):
        place_at(store).examine(strange)


def test_a_damaged_copy_changes_nothing(store: str, half_an_hour_old: Path):
    whole = half_an_hour_old.read_bytes()
    half_an_hour_old.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(RestoreRefused):
        place_at(store).replace(half_an_hour_old, LATER)

    database.connect(store)
    assert batch_ids() == ["b1", "b2"]
    assert mark() == []


def test_an_empty_place_is_filled_and_nothing_is_kept(database_url: str, tmp_path: Path):
    database.connect(database_url)
    made("b1")
    before = everything()
    file = saved(database_url, tmp_path / "kept")
    database.disconnect()
    if database_url.startswith("sqlite"):
        for rest in tmp_path.glob("storyclip.db*"):
            rest.unlink()
    else:
        postgres_tools.run_in_one(
            database_url, ["--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public"]
        )
    assert place_at(database_url).standing() is None

    assert place_at(database_url).replace(file, LATER) is None

    database.connect(database_url)
    assert len(mark()) == 1
    with writing():
        run("DELETE FROM installation WHERE name = 'restored_at'")
    assert everything() == before
    database.disconnect()


def test_tables_that_a_newer_version_added_are_not_in_the_way(store: str, half_an_hour_old: Path):
    database.connect(store)
    with writing():
        run("CREATE TABLE newer (clip_id INTEGER REFERENCES publish_batch_clips (id))")
    database.disconnect()

    place_at(store).replace(half_an_hour_old, LATER)

    database.connect(store)
    assert batch_ids() == ["b1"]
    assert "newer" not in database.database.get_tables()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A SQLite database with one batch, and `old.db`, a copy without it."""
    url = f"sqlite:///{tmp_path}/storyclip.db"
    database.connect(url)
    backup.back_up(url, tmp_path / "old.db")
    made("b1")
    database.disconnect()
    yield tmp_path / "storyclip.db"
    database.disconnect()


def test_a_damaged_database_is_put_aside_with_what_belongs_to_it(file: Path):
    url = f"sqlite:///{file}"
    file.write_bytes(b"not a database at all, but rather long" * 200)
    file.with_name("storyclip.db-wal").write_bytes(b"of the old one")
    found = place_at(url).standing()

    aside = place_at(url).replace(file.with_name("old.db"), LATER)

    assert found is not None
    assert found.trouble is not None
    assert aside is not None
    assert aside.read_bytes().startswith(b"not a database")
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"of the old one"
    database.connect(url)
    assert batch_ids() == []


def test_no_wal_of_the_replaced_file_is_read_into_the_new_one(file: Path):
    url = f"sqlite:///{file}"
    with closing(sqlite3.connect(file)) as killed:
        killed.execute("PRAGMA wal_autocheckpoint = 0")
        killed.execute("UPDATE publish_batch_clips SET clip_title = 'only in the WAL'")
        killed.commit()
        files = [file, *file.parent.glob("storyclip.db-*")]
        left = {other: other.read_bytes() for other in files}
    for other, content in left.items():  # as kill -9 leaves them
        other.write_bytes(content)
    assert left[file.with_name("storyclip.db-wal")]

    aside = place_at(url).replace(file.with_name("old.db"), LATER)

    assert aside is not None
    assert set(titles_in(aside)) == {"only in the WAL"}
    database.connect(url)
    assert batch_ids() == []


def test_the_file_keeps_the_rights_of_the_one_it_replaces(file: Path):
    file.chmod(0o640)

    place_at(f"sqlite:///{file}").replace(file.with_name("old.db"), LATER)

    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sqlite_file(f"sqlite:///{file}") == file


def test_the_database_is_not_restored_from_itself(file: Path):
    with pytest.raises(RestoreRefused, match="the database itself"):
        place_at(f"sqlite:///{file}").examine(file)
