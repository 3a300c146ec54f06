"""SQLite's statements, past what peewee has around each of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import peewee


class Direct:
    """Executes on the connection itself: what peewee has around it costs more than most statements.

    That is its log and its hooks, which nothing here listens to, and a cursor of its own.
    """

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> sqlite3.Cursor:
        """Execute one statement, and return its cursor.

        Raises:
            peewee.DatabaseError: one of its classes, as peewee itself raises it.
        """
        connection: sqlite3.Connection = self.connection()  # type: ignore[attr-defined]  # peewee's
        try:
            return connection.execute(sql, params or ())
        except sqlite3.Error:
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # not in its stubs
                raise

    def begin(self, lock_type: str = "IMMEDIATE") -> None:
        """Begin a transaction."""
        self.execute_sql(f"BEGIN {lock_type}")

    def commit(self) -> None:
        """Commit it."""
        self.execute_sql("COMMIT")
