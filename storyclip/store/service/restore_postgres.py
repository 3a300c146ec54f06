"""A dump put in a PostgreSQL database's place: all of it with its mark, in one transaction."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from storyclip.store.instants import to_text
from storyclip.store.schema import ADVISORY_LOCKS, refuse_newer
from storyclip.store.service import postgres_tools
from storyclip.store.service.backup import BackupFailed, back_up, stamp
from storyclip.store.service.postgres_tools import ToolFailed
from storyclip.store.service.standing import RESTORED_AT, STOP_THEM, RestoreRefused, Standing

LOCK_WAIT = "SET lock_timeout = '10s'"
_MIGRATION = re.compile(r"^\d+\t(\d{4}_\w+)\t", re.MULTILINE)


class PostgresPlace:
    """Where a PostgreSQL database stands."""

    def __init__(self, url: str) -> None:
        self._url = url

    def standing(self) -> Standing | None:
        """Return what is there, None if it has no tables of ours.

        Raises:
            RestoreRefused: the server cannot be asked.
        """
        with self._session() as db:
            if db.execute("SELECT to_regclass('publish_batches')").fetchone() == (None,):
                return None
            counted = "SELECT COUNT(*), MAX(created_at) FROM publish_batches"
            batches, newest = db.execute(counted).fetchone() or (0, None)
            beats = dict(db.execute("SELECT name, beats FROM workers").fetchall())
        return Standing(batches, newest, beats)

    def examine(self, file: Path) -> None:
        """Read the dump to its end.

        Raises:
            RestoreRefused: it is none of ours, or damaged.
            SchemaTooNew: a newer program made it.
        """
        try:
            postgres_tools.read_through(file)
            migrations = _MIGRATION.findall(postgres_tools.rows(file, "schema_migration"))
        except ToolFailed as failure:
            raise RestoreRefused(f"{file} is no usable dump: {failure}") from None
        if not migrations:
            raise RestoreRefused(f"{file} is no dump of a StoryClip database")
        refuse_newer(migrations)

    def replace(self, file: Path, at: datetime) -> Path | None:
        """Put the dump here; what is replaced is dumped first, into the folder of `file`.

        Raises:
            RestoreRefused: others are connected, there is no room or no right, or a program of
                PostgreSQL's is missing; nothing was changed.
        """
        aside = file.parent / f"replaced-{stamp(at)}.dump"
        with self._session() as db:
            self._refuse_others(db)
            schema, tables = _tables(db)
            try:
                if tables:
                    back_up(self._url, aside)
                with tempfile.TemporaryDirectory(prefix=".restoring-", dir=file.parent) as folder:
                    script = Path(folder) / "script.sql"
                    postgres_tools.script(file, script, schema)
                    drop = ["--command=" + _drop(db, schema, tables)] if tables else []
                    mark = "--command=" + _mark(db, schema, at)
                    steps = [f"--command={LOCK_WAIT}", *drop, f"--file={script}", mark]
                    postgres_tools.run_in_one(self._url, steps)
            except (BackupFailed, ToolFailed, OSError) as failure:
                raise RestoreRefused(str(failure)) from failure
        return aside if tables else None

    def _refuse_others(self, db: psycopg.Connection[Any]) -> None:
        # Held to the end: who starts meanwhile waits here before it looks at any table
        for lock in ADVISORY_LOCKS:
            if db.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone() != (True,):
                raise RestoreRefused(f"a process starts right now: {STOP_THEM}")
        others = db.execute(
            "SELECT DISTINCT COALESCE(client_addr::text, 'this machine') FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchall()
        if others:
            places = ", ".join(sorted(address for (address,) in others))
            raise RestoreRefused(
                f"others are connected to the database (from {places}): {STOP_THEM},"
                " and close what else is open"
            )

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        database, secrets = postgres_tools.told(self._url)
        password = secrets.get("PGPASSWORD")
        wait_s = postgres_tools.CONNECT_TIMEOUT_S
        try:
            with psycopg.connect(
                database, password=password, connect_timeout=wait_s, autocommit=True
            ) as db:
                yield db
        except psycopg.Error as failure:
            raise RestoreRefused(f"the database cannot be asked: {failure}") from failure


def _tables(db: psycopg.Connection[Any]) -> tuple[str, list[str]]:
    rows = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    (schema,) = db.execute("SELECT COALESCE(current_schema(), 'public')").fetchone() or ("public",)
    return schema, [name for (name,) in rows.fetchall()]


def _drop(db: psycopg.Connection[Any], schema: str, tables: list[str]) -> str:
    """All of them: what a newer version has added would be in the way of its migration."""
    names = sql.SQL(", ").join(sql.Identifier(schema, name) for name in tables)
    return sql.SQL("DROP TABLE {} CASCADE").format(names).as_string(db)


def _mark(db: psycopg.Connection[Any], schema: str, at: datetime) -> str:
    return (
        sql.SQL(
            "INSERT INTO {} (name, value, is_shown) VALUES ({}, {}, false)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        .format(sql.Identifier(schema, "installation"), RESTORED_AT, to_text(at))
        .as_string(db)
    )
