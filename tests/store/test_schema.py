"""A program meets tables that are older than it, or newer."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from storyclip.domain.errors import SchemaTooNew, StoreUnavailable
from storyclip.store import database, schema
from tests.stack.test_commands import environment
from tests.store.making import everything, made

ROOT = Path(__file__).parents[2]
NEWER = "9999_of_a_newer_program"
BY_NEWER = "INSERT INTO schema_migration (name, applied) VALUES (?, '2027-01-01 00:00:00')"


def changed_by_newer() -> None:
    with database.writing():
        database.run(BY_NEWER, (NEWER,))


def migrations_and(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: list[str]) -> None:
    """Have further migrations of these statements; those CONCURRENTLY in no transaction."""
    for file in schema.MIGRATIONS.glob("0*.py"):
        (folder / file.name).write_text(file.read_text())
    for number, (name, statements) in enumerate(more.items(), start=9000):
        (folder / f"{number}_{name}.py").write_text(
            f"atomic = {'CONCURRENTLY' not in statements[0]}\n"
            f"def up(migrator, db):\n    [db.execute_sql(one) for one in {statements!r}]\n"
        )
    monkeypatch.setattr(schema, "MIGRATIONS", folder)


def until(url: str, kind: str, migrating: threading.Thread) -> None:
    """Return once somebody waits for a lock of a kind."""
    with psycopg.connect(url, autocommit=True) as other:
        while other.execute(ASKED_FOR, (kind,)).fetchone() is None:
            assert migrating.is_alive()


def test_connecting_tells_which_migrations_were_missing(empty_database_url: str):
    assert list(database.connect(empty_database_url)) == list(schema.known())
    database.disconnect()

    assert list(database.connect(empty_database_url)) == []
    database.disconnect()


def test_a_program_older_than_the_tables_refuses_them_in_words_and_changes_nothing(store: str):
    made()
    changed_by_newer()
    before = everything()
    database.disconnect()

    with pytest.raises(SchemaTooNew) as refusal:
        database.connect(store)

    words = str(refusal.value)
    assert all(word in words for word in ("StoryClip 0.", schema.known()[-1], NEWER, "restore"))
    assert everything() == before


@pytest.mark.parametrize(
    "program",
    [
        ("gunicorn", "-c", "config/gunicorn.conf.py", "app:main()"),
        ("dramatiq", "worker:main", "--processes", "1", "--threads", "1"),
        ("storyclip", "keys", "list"),
        ("storyclip", "migrate"),
        ("storyclip.stack.opening_main",),
    ],
    ids=lambda program: " ".join(program[:2]),
)
def test_every_process_that_is_older_than_the_tables_ends_and_says_why(
    tmp_path: Path, program: tuple[str, ...]
):
    url = f"sqlite:///{tmp_path}/storyclip.db"
    database.connect(url)
    changed_by_newer()
    database.disconnect()

    ran = subprocess.run(
        [sys.executable, "-m", *program],
        cwd=ROOT,
        env=environment(
            DATABASE_URL=url,
            METRICOOL_BASE_URL="http://127.0.0.1:9/api",
            REDIS_URL="redis://127.0.0.1:9/0",
        ),
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert ran.returncode != 0
    assert NEWER in ran.stderr


def test_a_table_that_somebody_holds_lets_others_pass_while_a_migration_waits_for_it(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    url = new_postgres_database
    database.connect(url)
    made()
    database.disconnect()
    wide = ["ALTER TABLE publish_batch_clips ADD COLUMN more TEXT"]
    migrations_and(tmp_path, monkeypatch, wide=wide)
    applied: list[str] = []
    migrating = threading.Thread(target=lambda: applied.extend(database.connect(url)))

    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as other:
        holder.execute("SELECT 1 FROM publish_batch_clips")  # its transaction stays open
        migrating.start()
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
        while other.execute(waits).fetchone() is None:
            assert migrating.is_alive()
        other.execute("SET lock_timeout = '5s'")
        other.execute("SELECT 1 FROM publish_batch_clips")
        assert migrating.is_alive()
        assert applied == []
    migrating.join(30)

    assert applied == ["9000_wide"]
    database.disconnect()


LAST_RELEASE_WAITS = "SELECT pg_advisory_lock(7265001)"
ASKED_FOR = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = %s"


def test_a_process_of_the_last_release_that_starts_meanwhile_stops_no_index_from_being_built(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    url = new_postgres_database
    database.connect(url)
    database.disconnect()
    migrations_and(
        tmp_path,
        monkeypatch,
        wide=["ALTER TABLE lanes ADD COLUMN more TEXT"],
        indexed=[
            "DROP INDEX CONCURRENTLY IF EXISTS more_lanes",
            "CREATE INDEX CONCURRENTLY more_lanes ON lanes (more)",
        ],
    )
    applied: list[str] = []
    migrating = threading.Thread(target=lambda: applied.extend(database.connect(url)))

    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as older:
        holder.execute("SELECT 1 FROM lanes")  # its transaction stays open
        migrating.start()
        until(url, "relation", migrating)
        starting = threading.Thread(target=older.execute, args=(LAST_RELEASE_WAITS,))
        starting.start()
        until(url, "advisory", migrating)
        holder.rollback()
        migrating.join(20)
        starting.join(20)

    assert applied == ["9000_wide", "9001_indexed"]
    assert not starting.is_alive()
    database.disconnect()


def test_tables_that_are_held_for_long_are_said_to_be(
    new_postgres_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    database.connect(new_postgres_database)
    database.disconnect()
    migrations_and(tmp_path, monkeypatch, wide=["ALTER TABLE lanes ADD COLUMN more TEXT"])
    monkeypatch.setattr(schema, "TRIES", 1)

    with psycopg.connect(new_postgres_database, application_name="a backup") as holder:
        holder.execute("SELECT 1 FROM lanes")
        with pytest.raises(StoreUnavailable, match="somebody holds them") as said:
            database.connect(new_postgres_database)
        who = f"pid {holder.info.backend_pid}, a backup of storyclip from 127.0.0.1, idle in trans"
        assert who in str(said.value)
        database.disconnect()

    assert list(database.connect(new_postgres_database)) == ["9000_wide"]
    database.disconnect()
