"""Many copies of one row: whatever columns the table has by now, the copies have them too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.bench.figure import NotMeasured

Own = Mapping[str, Any]  # what is a copy's own, by column


class Template:
    """The only row of a table, as the store wrote it.

    Raises:
        NotMeasured: there is not exactly one row.
    """

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        found = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in found.description]
        rows = found.fetchall()
        if len(rows) != 1:
            raise NotMeasured(f"{table} has {len(rows)} rows, and one was to be copied")
        self._connection, self._table = connection, table
        self._row = dict(zip(names, rows[0], strict=True))

    def columns_with(self, value: Any) -> list[str]:
        """Return the columns that hold this value."""
        return [name for name, held in self._row.items() if held == value]

    def copy(self, owns: Iterable[Own]) -> None:
        """Insert a copy for each, in the caller's transaction.

        Raises:
            NotMeasured: a copy's own column is none of the table's.
        """
        marks = ", ".join(f":{name}" for name in self._row)
        self._connection.executemany(
            f"INSERT INTO {self._table} ({', '.join(self._row)}) VALUES ({marks})",
            self._copies(owns),
        )

    def _copies(self, owns: Iterable[Own]) -> Iterator[Own]:
        for own in owns:
            copied = {**self._row, **own}
            if len(copied) != len(self._row):
                raise NotMeasured(f"{self._table} has no {set(own) - set(self._row)}")
            yield copied
