"""Which run of which PostgreSQL server answers: after a failover it is another."""

from __future__ import annotations

from typing import Any

import psycopg

SERVER = (
    "SELECT (SELECT timeline_id FROM pg_control_checkpoint()), pg_postmaster_start_time()::text"
)


def run_of(connection: psycopg.Connection[Any]) -> str:
    """Return which run of which server answers: its line of history, and since when it runs.

    A failover has another line, and a server that was set back to a copy has to be started.
    """
    row = connection.execute(SERVER).fetchone()
    assert row is not None
    return f"{row[0]}, {row[1]}"
