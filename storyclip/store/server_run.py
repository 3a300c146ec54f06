"""Which run of which PostgreSQL server answers: after a failover it is another."""

from __future__ import annotations

from typing import Any

import psycopg

MAY_ASK = "SELECT has_function_privilege('pg_control_checkpoint()', 'EXECUTE')"


def server_asked(*, may_ask: bool) -> str:
    """Return the question; a role that may not ask for the line learns when the server began.

    Whether it may is asked before: what is refused ends the transaction.
    """
    line = "(SELECT timeline_id FROM pg_control_checkpoint())" if may_ask else "0"
    return f"SELECT {line}, pg_postmaster_start_time()::text"


def run_of(connection: psycopg.Connection[Any]) -> str:
    """Return which run of which server answers: its line of history, and since when it runs.

    A failover has another line, and a server that was set back to a copy has to be started.
    """
    may = connection.execute(MAY_ASK).fetchone()
    assert may is not None
    row = connection.execute(server_asked(may_ask=may[0])).fetchone()
    assert row is not None
    return f"{row[0]}, {row[1]}"
