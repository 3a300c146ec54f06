"""Where a database is, also for a role that may ask next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from storyclip.store import database
from storyclip.store.database import reading
from storyclip.store.service.place import place, place_of_this, server


@pytest.fixture
def modest(new_postgres_database: str) -> Iterator[str]:
    """The URL of a database for a role that may not ask for the cluster."""
    functions = ("pg_control_system()", "pg_control_checkpoint()")
    with psycopg.connect(new_postgres_database, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS modest")
        admin.execute("CREATE ROLE modest LOGIN")
        admin.execute("GRANT ALL ON SCHEMA public TO modest")
        for function in functions:
            admin.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        yield new_postgres_database.replace("storyclip@", "modest@")
        for function in functions:
            admin.execute(f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")


def test_a_role_that_may_not_ask_for_the_cluster_has_a_place_all_the_same(modest: str):
    database.connect(modest)
    try:
        first, again = place_of_this(), place_of_this()
        with reading():
            assert server().startswith("0, ")
            assert place() == first == again
    finally:
        database.disconnect()

    assert first.startswith("PostgreSQL at 127.0.0.1:")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_cluster_names_the_place_where_it_may_be_asked(store: str):
    del store

    assert "127.0.0.1" not in place_of_this()
