"""A PostgreSQL server of the tests' own: found on the machine, run in a folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def binaries() -> Path | None:
    """Return the folder that has initdb and postgres, None if the machine has no server."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    for folder in (*installed, *on_path):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@contextmanager
def server() -> Iterator[str]:
    """Run a fresh server on a free port; yields its URL up to and without the database's name.

    PostgreSQL refuses to run as root, so root runs it as the user that its package made.
    """
    programs = binaries()
    assert programs is not None
    initdb, pg_ctl = str(programs / "initdb"), str(programs / "pg_ctl")
    folder = Path(tempfile.mkdtemp(prefix="storyclip-postgres-"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    data, port = folder / "data", _free_port()
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "cwd": folder,
        **as_user,
    }
    try:
        how = ["-U", "storyclip", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run([initdb, "-D", data, *how], check=True, **quiet)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        options += " -c max_connections=200 -c fsync=off"
        how = ["-l", f"{folder}/log", "-w", "-o", options, "start"]
        subprocess.run([pg_ctl, "-D", data, *how], check=True, **quiet)
        yield f"postgresql://storyclip@127.0.0.1:{port}"
    finally:
        how = ["-w", "-m", "immediate", "stop"]
        subprocess.run([pg_ctl, "-D", data, *how], check=False, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
