"""SQLite's statements, past what peewee has around each of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import peewee


class Direct:
    """Executes on the connection itself: what peewee has around it costs more than most statements.

    That is its log and its hooks, which nothing here listens to, and a cursor of its own.

    `has_failed` tells whether a statement of this thread's transaction did.
    """

    @property
    def has_failed(self) -> bool:
        return getattr(self._state, "has_failed", False)  # type: ignore[attr-defined]  # peewee's

    @has_failed.setter
    def has_failed(self, has_failed: bool) -> None:
        self._state.has_failed = has_failed  # type: ignore[attr-defined]

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> sqlite3.Cursor:
        """Execute one statement, and return its cursor.

        Raises:
            peewee.DatabaseError: one of its classes, as peewee itself raises it.
        """
        connection: sqlite3.Connection = self.connection()  # type: ignore[attr-defined]  # peewee's
        try:
            return connection.execute(sql, params or ())
        except sqlite3.Error:
            self._failed_on(connection)
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # not in its stubs
                raise

    def begin(self, lock_type: str = "IMMEDIATE") -> None:
        """Begin a transaction."""
        self.execute_sql(f"BEGIN {lock_type}")

    def commit(self) -> None:
        """Commit it."""
        self.execute_sql("COMMIT")

    def _failed_on(self, connection: sqlite3.Connection) -> None:
        """Note it; where SQLite has undone the transaction, have another one, to be undone as well.

        What its block still writes would be committed at once, statement by statement.
        """
        if not self._state.transactions:  # type: ignore[attr-defined]
            return
        self.has_failed = True
        with suppress(sqlite3.Error):  # it is closed already
            if not connection.in_transaction:
                connection.execute("BEGIN")
