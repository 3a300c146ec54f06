"""What StoryClip writes, others on the machine neither read nor reach, whatever its umask was."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from storyclip.stack import data_folder
from storyclip.stack.child import CHECKOUT
from storyclip.store import database
from tests.api import Api, sources
from tests.commands import told_by
from tests.eventually import eventually
from tests.stack.test_commands import environment, running

NOBODY = 65534
OPEN = 0o022  # the umask that a shell usually has

pytestmark = pytest.mark.xdist_group("private")

# Run as another user: prints what it can list, read or connect to.
TRIES = """
import os, pathlib, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
for name in sys.argv[2:]:
    path = pathlib.Path(name)
    try:
        if path.is_socket():
            socket.socket(socket.AF_UNIX).connect(name)
        elif path.is_dir():
            os.listdir(name)
        else:
            path.open("rb").close()
    except OSError:
        continue
    print(name)
"""


@pytest.fixture(scope="module")
def reachable() -> Iterator[Path]:
    """A folder that any user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="storyclip-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def lived_in(reachable: Path) -> Iterator[Path]:
    """The data of a service that was started with an open umask, has published, and runs."""
    data, backups = reachable / "data", reachable / "backups"
    with running(data, umask=OPEN, STORYCLIP_BACKUP_DIR=str(backups)) as (_, said):
        key = re.search(r"sc_\w+_[\w-]{43}", said.read_text())
        url = re.search(r"http://[\d.:]+", said.read_text())
        assert key
        assert url
        Api(url[0], key[0]).accepted(sources("private", 2), "2000001")
        awaited = (data / "storyclip.db-wal", data / "storyclip.db.mark", data / "redis")
        eventually(lambda: all(path.exists() for path in awaited) and any(backups.glob("*.db")))
        yield reachable


def all_of(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def open_to_others(paths: list[Path]) -> list[str]:
    found = list[str]()
    for one in paths:
        with suppress(FileNotFoundError):  # of a service that runs: gone, or renamed, meanwhile
            mode = one.lstat().st_mode
            found += [f"{one} {mode:o}"] if mode & 0o077 else []
    return found


def reached_by_another_user(paths: list[Path]) -> list[str]:
    """What another user can do, where we may become one; else what the modes would let them do."""
    if os.geteuid() != 0:
        return open_to_others(paths)
    tried = [sys.executable, "-I", "-S", "-c", TRIES, str(NOBODY), *map(str, paths)]
    return subprocess.run(tried, check=True, capture_output=True, text=True).stdout.split()


def test_another_user_reads_no_file_and_reaches_no_socket_of_a_running_service(lived_in):
    paths = [path for name in ("data", "backups") for path in all_of(lived_in / name)]

    reached = reached_by_another_user(paths)

    names = {path.name for path in paths}
    assert {"storyclip.db", "storyclip.db-wal", "web.log", "stack.lock", "redis.sock"} <= names
    assert reached == []


def test_no_file_or_folder_of_a_running_service_is_open_by_its_own_mode(lived_in):
    assert open_to_others([*all_of(lived_in / "data"), *all_of(lived_in / "backups")]) == []


def test_the_other_user_would_have_read_what_is_open(reachable):
    (reachable / "open.txt").write_text("for all")
    (reachable / "open.txt").chmod(0o644)

    assert reached_by_another_user([reachable / "open.txt"])


MAINS = {
    "web": "import app; app.main()",
    "gunicorn": "import runpy; runpy.run_path('config/gunicorn.conf.py')",
    "worker": "import worker; worker.main()",
    "command": "import runpy, sys; sys.argv = ['storyclip', 'keys', 'list'];"
    " runpy.run_module('storyclip', run_name='__main__')",
    "opening": "import os; os.getppid = lambda: id(object());"
    " import storyclip.stack.opening_main as main; main.main()",
    "sandbox": "import sys; sys.argv = ['sandbox', '--ledger', '/dev/null', '--clock', 'never'];"
    " from storyclip.sandbox.__main__ import main; main()",
}


@pytest.mark.parametrize("main", MAINS)
def test_each_main_begins_with_a_umask_that_leaves_others_nothing(tmp_path, main):
    source = (
        "import atexit, os; os.umask(0o022);"
        f"atexit.register(lambda: print('umask', oct(os.umask(0)))); {MAINS[main]}"
    )

    ran = subprocess.run(
        [sys.executable, "-c", source],
        cwd=CHECKOUT,
        env=environment(
            DATABASE_URL=f"sqlite:///{tmp_path}/own/storyclip.db",
            METRICOOL_BASE_URL="http://127.0.0.1:9/api",
        ),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "umask 0o77" in ran.stdout, ran.stdout + ran.stderr


@pytest.fixture
def left_open(tmp_path: Path) -> Path:
    """A data folder as an earlier release left it."""
    data = tmp_path / "data"
    for folder in (data, data / "log", data / "redis", data / "redis" / "appendonlydir"):
        folder.mkdir()
    for name in ("storyclip.db", "storyclip.db-wal", "storyclip.db.lock", "log/web.log"):
        (data / name).touch()
    for path in all_of(data):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return data


def test_a_folder_that_an_earlier_release_left_open_is_closed_with_all_in_it(left_open):
    assert data_folder.keep_private(left_open) == []

    assert open_to_others(all_of(left_open)) == []


def test_a_folder_that_has_other_things_too_stays_as_it_is_but_for_what_is_ours(left_open):
    (left_open / "photos").mkdir(mode=0o755)

    data_folder.keep_private(left_open)

    mode = stat.S_IMODE
    assert mode(left_open.stat().st_mode) == mode((left_open / "photos").stat().st_mode) == 0o755
    assert open_to_others(all_of(left_open / "log")) == []


def test_no_link_is_followed(left_open, tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.touch(0o644)
    elsewhere.chmod(0o644)
    (left_open / "storyclip.db.old").symlink_to(elsewhere)

    data_folder.keep_private(left_open)

    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_another_users_and_open_is_said(left_open):
    os.chown(left_open / "storyclip.db", NOBODY, NOBODY)

    assert data_folder.keep_private(left_open) == [left_open / "storyclip.db"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_database_that_others_can_read_and_we_cannot_close_is_warned_of(tmp_path):
    url = f"sqlite:///{tmp_path}/own/storyclip.db"
    told_by("migrate", DATABASE_URL=url)
    database.disconnect()
    file = tmp_path / "own" / "storyclip.db"
    os.chown(file, NOBODY, NOBODY)
    file.chmod(0o644)

    said = told_by("keys", "list", DATABASE_URL=url)
    database.disconnect()

    assert "open_to_other_users" in said.stdout + said.stderr
    assert str(file) in said.stdout + said.stderr


def test_a_database_that_was_left_open_is_closed_when_it_is_opened(tmp_path):
    url = f"sqlite:///{tmp_path}/own/storyclip.db"
    told_by("migrate", DATABASE_URL=url)
    database.disconnect()
    for path in all_of(tmp_path / "own"):
        path.chmod(0o755 if path.is_dir() else 0o644)

    database.connect(url)

    try:
        assert open_to_others(all_of(tmp_path / "own")) == []
    finally:
        database.disconnect()
