"""Who may be in the way in PostgreSQL: sessions whose transaction is open for long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Whoever holds a table, or has an old picture of the rows, has a transaction open. Of other roles
# without the right to see more only their locks are shown
_SESSIONS = """
SELECT s.pid, COALESCE(NULLIF(s.application_name, ''), s.backend_type, 'a program'),
    COALESCE(s.usename, 'another role'), COALESCE(host(s.client_addr), 'this machine'),
    COALESCE(s.state, 'doing what is not shown'),
    COALESCE(to_char(s.xact_start, 'HH24:MI:SS TZ'), 'when is not shown')
FROM pg_stat_activity AS s
WHERE s.datname = current_database() AND s.pid <> pg_backend_pid()
AND CASE WHEN s.xact_start IS NULL
    THEN EXISTS (SELECT 1 FROM pg_locks AS l WHERE l.pid = s.pid AND l.locktype = 'relation')
    ELSE s.xact_start <= clock_timestamp() - make_interval(secs => %s) END
ORDER BY s.xact_start
LIMIT 5
"""
_PREPARED = """
SELECT gid, owner, to_char(prepared, 'HH24:MI:SS TZ') FROM pg_prepared_xacts
WHERE database = current_database() ORDER BY prepared LIMIT 5
"""


def holders(store: Any, for_s: float) -> Sequence[str]:
    """Return in words who has had a transaction open for so long, the oldest first.

    Five at most, and what ends each.
    """
    sessions = [
        f"pid {pid}, {program} of {role} from {place}, {state}, in a transaction since {since}"
        f" (to end it: SELECT pg_terminate_backend({pid}))"
        for pid, program, role, place, state, since in store.execute_sql(_SESSIONS, (for_s,))
    ]
    prepared = [
        f"the prepared transaction '{gid}' of {owner}, since {since}"
        f" (to end it: ROLLBACK PREPARED '{gid}')"
        for gid, owner, since in store.execute_sql(_PREPARED)
    ]
    return [*sessions, *prepared]
