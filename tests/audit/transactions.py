"""Every transaction that SQLite commits, seen from inside: what it changed, and who was told."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import peewee
import pytest

from storyclip.store import database

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)

# What is written besides, and is nobody's act: it must stand alone in its transaction
HOUSEKEEPING = tuple(
    map(
        re.compile,
        (
            r'UPDATE "api_keys" SET "last_used_at"',
            r'DELETE FROM "sessions" WHERE \("sessions"."expires_at" <=',
        ),
    )
)


@dataclass
class Transaction:
    """One that was committed: its statements that write, and how many rows they changed."""

    statements: list[str] = field(default_factory=list)
    changed: int = 0

    @property
    def is_an_act(self) -> bool:
        """Whether it changed something that somebody has to answer for."""
        rest = [one for one in self.statements if not any(it.match(one) for it in HOUSEKEEPING)]
        return self.changed > 0 and bool(rest)

    @property
    def is_accounted_for(self) -> bool:
        return any(one.startswith("INSERT INTO audit (") for one in self.statements)


class Watched:
    """The transactions of all connections that are opened while it watches."""

    def __init__(self) -> None:
        self.committed: list[Transaction] = []

    def connect(self, *where: Any, **how: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(*where, **how)
        now: list[tuple[Transaction, int]] = []

        def traced(statement: str) -> None:
            if statement.startswith("BEGIN"):
                now[:] = [(Transaction(), connection.total_changes)]
            elif statement == "ROLLBACK":
                now.clear()
            elif statement == "COMMIT" and now:
                transaction, before = now.pop()
                transaction.changed = connection.total_changes - before
                self.committed.append(transaction)
            elif now and WRITES.match(statement):
                now[0][0].statements.append(statement)
            elif WRITES.match(statement):  # by itself: committed at once
                self.committed.append(Transaction([statement], 1))

        connection.set_trace_callback(traced)
        return connection

    @property
    def acts(self) -> Sequence[Transaction]:
        return [one for one in self.committed if one.is_an_act]

    @property
    def unaccounted(self) -> Sequence[Sequence[str]]:
        """What was changed without a row of it in the same transaction."""
        return [one.statements for one in self.acts if not one.is_accounted_for]


class _Sqlite3:
    """The module as peewee sees it, with connections that are watched."""

    def __init__(self, watched: Watched) -> None:
        self.connect = watched.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)


@contextmanager
def watching() -> Iterator[Watched]:
    """See what is committed meanwhile, by this process's connections; they are opened anew."""
    watched = Watched()
    database.disconnect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peewee, "sqlite3", _Sqlite3(watched))
        yield watched
        database.disconnect()
