"""A file of SQLite's that was exchanged while the WAL of the one before was left beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.installation import Mark
from storyclip.store import database
from storyclip.store.service import backup
from storyclip.store.service.mark_file import MarkFile
from tests.store.making import T0, made, published

HOUR_NS = 3600 * 10**9
NAMES = ("storyclip.db", "storyclip.db-wal", "storyclip.db.mark")


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Path]:
    """The folder of a service that was killed; `kept` beside it is an hour older."""
    url = f"sqlite:///{tmp_path}/running/storyclip.db"
    database.connect(url)
    clip, *_ = made()
    backup.back_up(url, tmp_path / "kept")
    set_back(tmp_path / "kept")
    published(clip)
    MarkFile().leave("here", Mark("i", 7, 0, T0 + timedelta(hours=1)))
    shutil.copytree(tmp_path / "running", tmp_path / "killed")
    database.disconnect()
    yield tmp_path / "killed"
    database.disconnect()


def set_back(*files: Path, by_ns: int = HOUR_NS) -> None:
    for file in files:
        at = file.stat().st_mtime_ns - by_ns
        os.utime(file, ns=(at, at))


def start(folder: Path) -> None:
    database.connect(f"sqlite:///{folder}/storyclip.db")


def test_a_backup_copied_over_the_file_alone_is_refused_and_nothing_is_changed(killed: Path):
    set_back(*(killed / name for name in NAMES))
    mark = killed / NAMES[2]  # what it says of the file was an hour ago, too
    said = json.loads(mark.read_text())
    mark.write_text(json.dumps({**said, "written_ns": said["written_ns"] - HOUR_NS}))
    shutil.copyfile(killed.parent / "kept", killed / "storyclip.db")
    before = {name: (killed / name).read_bytes() for name in NAMES}

    with pytest.raises(StoreUnavailable, match="was exchanged"):
        start(killed)

    assert {name: (killed / name).read_bytes() for name in NAMES} == before


def test_a_backup_that_kept_its_time_is_refused_as_well(killed: Path):
    shutil.copy2(killed.parent / "kept", killed / "storyclip.db")

    with pytest.raises(StoreUnavailable, match="was exchanged"):
        start(killed)

    (killed / "storyclip.db-wal").rename(killed / "aside")
    start(killed)


def test_a_backup_copied_over_a_file_whose_wal_is_empty_is_taken(killed: Path):
    wal = killed / "storyclip.db-wal"
    wal.write_bytes(b"")  # as its last process left it, which wrote all of it into the file
    set_back(wal)
    shutil.copyfile(killed.parent / "kept", killed / "storyclip.db")
    set_back(killed / "storyclip.db", by_ns=HOUR_NS // 2)

    start(killed)


def test_a_service_that_was_killed_starts_again_whenever_that_is(killed: Path):
    set_back(*(killed / name for name in NAMES))

    start(killed)


def test_a_service_whose_clock_was_wrong_for_a_while_starts_again(killed: Path):
    set_back(killed / "storyclip.db-wal")  # the file was written when the clock was an hour ahead

    start(killed)


def test_an_older_file_with_its_own_wal_starts_and_is_left_to_its_mark(killed: Path):
    set_back(*(killed / name for name in NAMES[:2]))

    start(killed)


def test_who_says_that_both_are_of_one_copy_is_believed(killed: Path):
    set_back(killed / "storyclip.db")
    with pytest.raises(StoreUnavailable, match="touch"):
        start(killed)

    for name in NAMES[:2]:
        (killed / name).touch()

    start(killed)
