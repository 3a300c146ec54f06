"""PostgreSQL's own programs, told the database without its password on their command line."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from playhouse.db_url import parse as parse_url
from psycopg.conninfo import make_conninfo

from config.children import for_postgres

CONNECT_TIMEOUT_S = 10
LOCK_WAIT_MS = 60_000  # a migration that runs has the tables for a moment
SECRET = ("password", "passwd")
WORDS = 500  # characters of what a program says: enough to understand


class ToolFailed(Exception):
    """A program of PostgreSQL's is missing or said no; the message has its words."""


def dump(url: str, file: Path) -> None:
    """Write all that is in the database into an existing file, and read it back once.

    Raises:
        ToolFailed: the file is of no use.
    """
    wait = f"--lock-wait-timeout={LOCK_WAIT_MS}"
    run("pg_dump", url, "--format=custom", wait, f"--file={file}")
    read_through(file)


def read_through(file: Path) -> None:
    """Read a dump to its end.

    Raises:
        ToolFailed: it is no dump, or a damaged one.
    """
    _run(["pg_restore", "--file=/dev/null", str(file)], {})


def rows(file: Path, table: str) -> str:
    """Return one table's rows out of a dump, as SQL.

    Raises:
        ToolFailed: it is no dump, or a damaged one.
    """
    return _run(["pg_restore", "--data-only", f"--table={table}", "--file=-", str(file)], {})


def script(file: Path, into: Path, schema: str) -> None:
    """Write what a dump has in one schema as SQL that makes it anew, owned by whoever runs it.

    Raises:
        ToolFailed: it is no dump, or a damaged one.
    """
    ours = ["--no-owner", "--no-privileges", "--clean", "--if-exists", f"--schema={schema}"]
    _run(["pg_restore", *ours, f"--file={into}", str(file)], {})


def run_in_one(url: str, steps: Sequence[str]) -> None:
    """Have psql take several `--command=…` and `--file=…`, all of them or none.

    Raises:
        ToolFailed: nothing was changed.
    """
    run(
        "psql", url, "--no-psqlrc", "--quiet", "--output=/dev/null", "--single-transaction",
        "--set=ON_ERROR_STOP=1", *steps,
    )  # fmt: skip


def run(program: str, url: str, *arguments: str) -> None:
    """Run one of the programs on the database.

    Raises:
        ToolFailed: with its words.
    """
    database, secrets = told(url)
    _run([program, "--no-password", f"--dbname={database}", *arguments], secrets)


def told(url: str) -> tuple[str, Mapping[str, str]]:
    """Return what a command line may say of a database, and what only the environment may."""
    parameters = dict(parse_url(url))  # as the service itself reads it
    found = [parameters.pop(name, None) for name in SECRET]
    password = next((str(word) for word in found if word is not None), None)
    secrets = {"PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_S)}
    if password is not None:
        secrets["PGPASSWORD"] = password
    parameters["dbname"] = parameters.pop("database")
    return make_conninfo(**parameters), secrets


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    try:
        ran = subprocess.run(
            command,
            env=for_postgres(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise ToolFailed(
            f"{command[0]} is not installed on this machine; it comes with PostgreSQL's client"
            " programs (Debian: apt install postgresql-client)"
        ) from None
    if ran.returncode != 0:
        raise ToolFailed(f"{command[0]}: {ran.stderr.strip()[:WORDS]}")
    return ran.stdout
