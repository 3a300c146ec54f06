"""A PostgreSQL server of the tests' own: found on the machine, run in a folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storyclip.stack.ports import free_port


def binaries() -> Path | None:
    """Return the folder that has initdb and postgres, None if the machine has no server."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    for folder in (*installed, *on_path):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def require() -> None:
    """Skip a test, and say so, where no server can be run; in CI that is a failure."""
    if binaries() is None:
        assert not os.environ.get("CI"), "CI must have PostgreSQL: see tests/postgres/ensure.sh"
        warnings.warn("no PostgreSQL on this machine: tested on SQLite only", stacklevel=2)
        pytest.skip("no PostgreSQL server found")


class Server:
    """A server in a folder of its own, on a free port; `url` is up to the database's name.

    PostgreSQL refuses to run as root, so root runs it as the user that its package made.
    """

    def __init__(self, folder: Path, programs: Path, options: str) -> None:
        self._pg_ctl, self._folder = str(programs / "pg_ctl"), folder
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self._quiet: dict[str, Any] = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "cwd": folder,
            **as_user,
        }
        self.port = free_port()
        self.url = f"postgresql://storyclip@127.0.0.1:{self.port}"
        self._options = f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 {options}"
        how = ["-U", "storyclip", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        command = [str(programs / "initdb"), "-D", str(folder / "data"), *how]
        subprocess.run(command, check=True, **self._quiet)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run(["-l", f"{self._folder}/log", "-w", "-o", self._options, "start"])

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, as if the machine went down or in good order ("fast")."""
        self._run(["-w", "-m", mode, "stop"])

    def copy(self) -> None:
        """Copy it as it runs: what a replica knows that is not heard from again."""
        programs = Path(self._pg_ctl).parent
        shutil.rmtree(self._folder / "replica", ignore_errors=True)
        command = [str(programs / "pg_basebackup"), "-d", f"{self.url}/postgres"]
        command += ["-D", str(self._folder / "replica"), "-c", "fast", "--no-sync"]
        subprocess.run(command, check=True, **self._quiet)

    def fail_over(self) -> None:
        """Die, and have the copy answer in its place."""
        self.stop()
        shutil.rmtree(self._folder / "data")
        (self._folder / "replica").rename(self._folder / "data")
        self.start()

    def _run(self, how: list[str]) -> None:
        command = [self._pg_ctl, "-D", str(self._folder / "data"), *how]
        subprocess.run(command, check=how[-1] == "start", **self._quiet)


@contextmanager
def server_of_its_own(options: str = "-c fsync=off") -> Iterator[Server]:
    """Run a fresh server, with the usual settings but for `options`."""
    programs = binaries()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="storyclip-postgres-"))
    try:
        one = Server(folder, programs, options)
        try:
            one.start()
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Run a fresh server; yields its URL up to and without the database's name."""
    with server_of_its_own("-c max_connections=200 -c fsync=off") as one:
        yield one.url
