"""Supervisors with programs of our own, and a look at which processes live."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from storyclip.stack.child import Program
from storyclip.stack.supervisor import Supervisor
from tests.forked.asking import not_forked

SLEEPER = "import time; time.sleep(600)"
# Forks a child that outlives it, as Dramatiq's master does when it is killed.
FORKING = "import os, time; print(os.fork(), flush=True); time.sleep(600)"


@pytest.fixture(scope="package", autouse=True)
def _begins_as_its_users_begin_it() -> Iterator[None]:
    with not_forked():
        yield


def python(name: str, source: str) -> Program:
    return Program(name, (sys.executable, "-I", "-S", "-c", source))


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, reports: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, reports.append, None)
    yield supervisor
    supervisor.close()
