"""Rows of the bench are copies of one that the store wrote, whatever columns there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.bench.copies import Template
from tests.bench.figure import NotMeasured


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE batches (id TEXT PRIMARY KEY, place INT, made_at TEXT)")
        connection.execute("INSERT INTO batches VALUES ('first', 1, 'today')")
        yield connection


def test_copy_has_the_columns_that_were_added_since(connection: sqlite3.Connection):
    connection.execute("ALTER TABLE batches ADD COLUMN zone TEXT NOT NULL DEFAULT 'Europe/Madrid'")

    Template(connection, "batches").copy([{"id": "second", "place": 2}])

    found = connection.execute("SELECT * FROM batches WHERE id = 'second'").fetchone()
    assert found == ("second", 2, "today", "Europe/Madrid")


def test_column_that_is_gone_is_told_and_not_passed_over(connection: sqlite3.Connection):
    template = Template(connection, "batches")

    with pytest.raises(NotMeasured, match="turn"):
        template.copy([{"id": "second", "turn": 2}])


def test_columns_are_found_by_what_they_hold(connection: sqlite3.Connection):
    assert Template(connection, "batches").columns_with("today") == ["made_at"]


def test_template_is_the_only_row(connection: sqlite3.Connection):
    connection.execute("INSERT INTO batches VALUES ('second', 2, 'today')")

    with pytest.raises(NotMeasured, match="2 rows"):
        Template(connection, "batches")
