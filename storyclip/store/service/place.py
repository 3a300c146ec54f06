"""Where a database is, which run of which server answers, and what time it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from storyclip.store import database
from storyclip.store.database import reading, run
from storyclip.store.server_run import MAY_ASK, server_asked

_MACHINE = Path("/etc/machine-id")  # systemd's; not on every system, and then the path must do


def place() -> str:
    """Return what names this very database; on the caller's connection.

    Of a SQLite file its path and its machine. Of PostgreSQL the cluster and the number that the
    database has in there: those stay, by whatever name or address it is reached, and over a
    failover. Where the role may not ask for the cluster, its address and name have to do.
    """
    if database.is_postgres():
        (number,) = run("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        return f"PostgreSQL {_cluster()}, database {number}"
    file = database.file()
    return "memory" if file is None else f"{file.path.resolve()}{_machine()}"


def place_of_this() -> str:
    """Do the same on a connection of its own.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return place()


def server() -> str:
    """Return which run of which server answers; on the caller's connection.

    A failover has another timeline, and a server that was set back to a snapshot has to be started.
    """
    if not database.is_postgres():
        return ""
    (may_ask,) = run(MAY_ASK).fetchone()
    timeline, began_at = run(server_asked(may_ask=may_ask)).fetchone()
    return f"{timeline}, {began_at}"


def server_time() -> datetime | None:
    """Return what time it is in the database, aware UTC; None where it has our own clock.

    Raises:
        StoreUnavailable: it does not answer.
    """
    if not database.is_postgres():
        return None
    with reading():
        (epoch_s,) = run("SELECT EXTRACT(EPOCH FROM clock_timestamp())").fetchone()
    return datetime.fromtimestamp(float(epoch_s), UTC)


def _cluster() -> str:
    if _may_call("pg_control_system()"):
        (cluster,) = run("SELECT system_identifier FROM pg_control_system()").fetchone()
        return str(cluster)
    return f"at {database.database.obj.address}"


def _may_call(function: str) -> bool:
    """Not tried out: what is refused ends the transaction."""
    (may,) = run("SELECT has_function_privilege(?, 'EXECUTE')", (function,)).fetchone()
    return bool(may)


def _machine() -> str:
    try:
        return f" on {_MACHINE.read_text().strip()[:12]}" if _MACHINE.exists() else ""
    except OSError:
        return ""
