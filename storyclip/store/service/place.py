"""Where a database is, which run of which server answers, and what time it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from storyclip.store import database
from storyclip.store.database import reading, run
from storyclip.store.server_run import SERVER

_MACHINE = Path("/etc/machine-id")  # systemd's; not on every system, and then the path must do


def place() -> str:
    """Return what names this very database; on the caller's connection.

    Of a SQLite file its path and its machine. Of PostgreSQL the cluster and the number that the
    database has in there: those stay, by whatever name or address it is reached, and over a
    failover.
    """
    if database.is_postgres():
        cluster, number = run(
            "SELECT (SELECT system_identifier FROM pg_control_system()),"
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        return f"PostgreSQL {cluster}, database {number}"
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
    timeline, began_at = run(SERVER).fetchone()
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


def _machine() -> str:
    try:
        return f" on {_MACHINE.read_text().strip()[:12]}" if _MACHINE.exists() else ""
    except OSError:
        return ""
