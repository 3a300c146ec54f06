"""What all tests share: databases, a clock that stands still, and the sandbox's ledger."""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from storyclip.store import database
from storyclip.store.history import events
from tests import described_streams, memory, routing
from tests.browser import chromium
from tests.canaries import Canaries, hits
from tests.databases import empty_postgres, new_postgres, new_sqlite
from tests.described import Described
from tests.forked.asking import forked
from tests.postgres.server import require, server

FIRST = (  # about from the longest on: what begins late ends late
    "tests/crash/",
    "tests/whole/test_control.py",
    "tests/whole/test_streams.py",
    "tests/page/",
    "tests/bench/",
    "tests/upgrade/",
    "tests/whole/",
    "tests/fuzz/",
    "tests/postgres/",
    "tests/web/test_slow_",
    "tests/terminal/",
    "tests/restored/",
    "tests/browser/",
    "tests/model/",
    "tests/world/",
    "tests/media/",
    "tests/stack/",
    "tests/flow/",
    "tests/store/",
)
ALONE = (  # each of their tests is long, and shares nothing with the others
    "tests/whole/test_demo.py",
    "tests/upgrade/test_last_release.py",
    "tests/fuzz/",
    "tests/world/test_slices.py",
    "tests/world/test_planted.py",
    "tests/model/test_model.py",
)


def pytest_configure() -> None:
    """Have files in memory, where there is room.

    And let children be interrupted also where a shell started us in the background, ignoring it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if (in_memory := memory.folder()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the tests of a module in one process, and begin with what takes long.

    What a module sets up for its tests is set up once then, not once by each process. Before
    xdist looks for groups.
    """
    shared = [item for item in items if not item.nodeid.startswith(ALONE)]
    for item in shared if getattr(config.option, "loadgroup", False) else ():
        if item.get_closest_marker("xdist_group") is None:
            module = item.nodeid.partition("::")[0].removeprefix("tests/").removesuffix(".py")
            item.add_marker(pytest.mark.xdist_group(module))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    found = (n for n, path in enumerate(FIRST) if item.nodeid.startswith(path))
    return next(found, len(FIRST))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run where tests of one group could be sent to several workers."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid.rpartition("]")[2]:
            raise pytest.UsageError(f"xdist does not see the group of {item.nodeid}")


@pytest.fixture(scope="session", autouse=True)
def _memory_is_given_back(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    yield
    where = tmp_path_factory.getbasetemp()
    if where.is_relative_to(memory.FOLDER) and not request.session.testsfailed:
        shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _forked() -> Iterator[None]:
    with forked():
        yield


@pytest.fixture(scope="session", autouse=True)
def _routes_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        routing.compiled_once(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _canaries() -> Iterator[Canaries]:
    with pytest.MonkeyPatch.context() as patch:
        canaries = Canaries()
        canaries.watch(patch)
        yield canaries
    assert canaries.taken() == []  # of stacks that served more than one test


@pytest.fixture(scope="session")
def described() -> Iterator[Described]:
    """Looks at every answer, and keeps what the OpenAPI document does not have."""
    with pytest.MonkeyPatch.context() as patch:
        described = Described()
        described.watch(patch)
        described_streams.watch(patch, described.note)
        yield described


@pytest.fixture(autouse=True)
def _every_answer_is_described(
    described: Described, request: pytest.FixtureRequest
) -> Iterator[None]:
    yield
    found = described.taken()
    if request.node.get_closest_marker("undescribed") is None:
        assert found == []


@pytest.fixture(autouse=True)
def _no_secret_got_out(_canaries: Canaries, request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    folder = getattr(request.node, "funcargs", {}).get("tmp_path")
    if folder is not None:
        _canaries.look_into(folder.rglob("*.db*"))
    assert _canaries.taken() == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test in whose own log lines a secret is."""
    report = yield
    for name, said in report.sections:
        if found := hits(name, said.encode()):
            report.outcome, report.longrepr = "failed", f"a secret got out: {found}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server, or a skip that says so; in CI its absence is a failure."""
    require()
    with server() as url:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE storyclip")
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window, or a skip that says so; in CI its absence is a failure.

    Not for the session: while it is open, this thread counts as one with a running asyncio loop.
    """
    path = chromium.executable()
    if path is None:
        assert not os.environ.get("CI"), "CI must have Chromium: see tests/browser/ensure.sh"
        warnings.warn("no Chromium on this machine: its tests are left out", stacklevel=1)
        pytest.skip("no Chromium found")
    with chromium.browser(path) as running:
        yield running


@pytest.fixture
def new_postgres_database(postgres: str) -> str:
    """The URL of a database without a table."""
    return empty_postgres(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without a row, once of each kind."""
    if request.param == "sqlite":
        return new_sqlite(tmp_path / "storyclip.db")
    return new_postgres(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a table, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/storyclip.db"
    return empty_postgres(request.getfixturevalue("postgres"))


@pytest.fixture
def store(database_url: str) -> Iterator[str]:
    """This process bound to a migrated database without a row; yields its URL."""
    events.forget_listeners()
    database.connect(database_url)
    yield database_url
    database.disconnect()
    events.forget_listeners()
