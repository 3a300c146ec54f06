"""Copies of a database that is written to meanwhile, and what is done with older ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storyclip.store import database
from storyclip.store.database import run, writing
from storyclip.store.publishing import batches
from storyclip.store.service import backup, postgres_tools
from storyclip.store.service.backup import BackupFailed
from tests.store.making import T0, made, new_batch

NIGHT = datetime(2026, 11, 27, 3, 15, tzinfo=UTC)


def saved(url: str, folder: Path, at: datetime = NIGHT) -> Path:
    file = folder / backup.name_for(url, at)
    backup.back_up(url, file)
    return file


def titles_in(file: Path) -> list[str]:
    """What a copy of either kind has of the clips, by the other's own reader."""
    if file.suffix != ".dump":
        with closing(sqlite3.connect(file)) as db:
            read = db.execute("SELECT clip_title FROM publish_batch_clips ORDER BY id").fetchall()
        return [title for (title,) in read]
    lines = postgres_tools.rows(file, "publish_batch_clips").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("COPY"))
    at = lines[begin].split("(")[1].split(", ").index("clip_title")
    rows = lines[begin + 1 : lines.index("\\.")]
    return [row.split("\t")[at] for row in sorted(rows, key=lambda row: int(row.split("\t")[0]))]


def test_a_copy_has_everything_that_is_committed_and_only_its_owner_reads_it(
    store: str, tmp_path: Path
):
    made("b1", 3)

    file = saved(store, tmp_path / "kept")

    assert titles_in(file) == ["Clip 1", "Clip 2", "Clip 3"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [other.name for other in file.parent.iterdir()] == [file.name]
    assert file.stem == "storyclip-20261127T031500Z"


def test_a_copy_that_is_made_while_others_write_is_of_one_moment(store: str, tmp_path: Path):
    made("b1", 20)
    begun, stop, rounds = threading.Event(), threading.Event(), list[int]()

    def writes() -> None:
        while not stop.is_set():
            with writing():
                rounds.append(len(rounds))
                run("UPDATE publish_batch_clips SET clip_title = ?", (str(rounds[-1]),))
            begun.set()
        database.database.close()

    writer = threading.Thread(target=writes)
    writer.start()
    assert begun.wait(30)
    try:
        copies = [saved(store, tmp_path / "kept", NIGHT + timedelta(seconds=i)) for i in range(3)]
    finally:
        stop.set()
        writer.join()

    assert [len(set(titles_in(file))) for file in copies] == [1, 1, 1]
    assert len(rounds) > 3


def test_a_killed_process_leaves_no_copy_that_looks_whole(tmp_path: Path):
    part = tmp_path / f".{backup.name_for('sqlite:', NIGHT)}.part"
    part.write_bytes(b"half")
    living = tmp_path / f".{backup.name_for('sqlite:', NIGHT + timedelta(days=1))}.part"
    living.write_bytes(b"half")

    with living.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        backup.keep_newest(tmp_path, 1)

    assert list(backup.backups(tmp_path)) == []
    assert [file.name for file in tmp_path.iterdir()] == [living.name]


def test_what_is_there_is_never_overwritten(store: str, tmp_path: Path):
    file = tmp_path / "mine"
    file.write_text("precious")

    with pytest.raises(BackupFailed, match="there already"):
        backup.back_up(store, file)

    assert file.read_text() == "precious"


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(BackupFailed, match="there is no database"):
        saved(f"sqlite:///{tmp_path}/none.db", tmp_path / "kept")

    assert not (tmp_path / "none.db").exists()
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_damaged_database_gives_no_copy(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/storyclip.db"
    database.connect(url)
    for i in range(40):
        batches.create(new_batch(f"b{i}", 20), T0)
    database.disconnect()
    with (tmp_path / "storyclip.db").open("r+b") as file:
        file.seek(40 * 4096)
        file.write(os.urandom(20 * 4096))

    with pytest.raises(BackupFailed):
        saved(url, tmp_path / "kept")

    assert list((tmp_path / "kept").iterdir()) == []


def test_only_our_own_older_copies_are_deleted(tmp_path: Path):
    ours = [f"storyclip-202611{day:02}T030000Z.db" for day in range(1, 5)]
    ours.append("storyclip-20261105T030000Z.dump")
    others = ["storyclip-20261101T030000Z.db.gz", "storyclip.db", "replaced-20261101T030000Z.dump"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    (tmp_path / "storyclip-20261001T030000Z.db").mkdir()

    deleted = backup.keep_newest(tmp_path, 2)

    assert sorted(file.name for file in deleted) == ours[:3]
    left = {file.name for file in tmp_path.iterdir() if file.is_file()}
    assert left == {*ours[3:], *others}


@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (None, NIGHT, True),
        (NIGHT.replace(hour=3, minute=0), NIGHT, False),
        (NIGHT.replace(hour=2, minute=59), NIGHT, True),
        (NIGHT - timedelta(days=1), NIGHT.replace(hour=2), False),
        (NIGHT - timedelta(days=1, minutes=30), NIGHT.replace(hour=2), True),
    ],
)
def test_a_copy_is_due_when_there_is_none_since_three_oclock_came_last(
    tmp_path: Path, newest: datetime | None, now: datetime, due: bool
):
    if newest is not None:
        (tmp_path / backup.name_for("sqlite:", newest)).touch()

    assert backup.is_due(tmp_path, now, hour=3) is due


def test_no_command_line_has_the_databases_password():
    database, secrets = postgres_tools.told(
        "postgresql://ana:top%20secret@h:5433/clips?sslmode=require"
    )

    assert "secret" not in database
    assert "sslmode=require" in database
    assert secrets["PGPASSWORD"] == "top%20secret"  # as peewee reads it, so as the service does
    told, secrets = postgres_tools.told("postgresql://h/clips?password=hidden")
    assert "hidden" not in told
    assert secrets["PGPASSWORD"] == "hidden"


def test_pg_dump_is_given_the_password_by_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    said = tmp_path / "said"
    fake = tmp_path / "pg_dump"
    fake.write_text(f'#!/bin/sh\necho "$@" > {said}\necho "$PGPASSWORD" >> {said}\nexit 1\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(BackupFailed):
        saved("postgresql://ana:hidden@h/clips", tmp_path / "kept")

    arguments, password = said.read_text().splitlines()
    assert "hidden" not in arguments
    assert password == "hidden"


def test_a_machine_without_pg_dump_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BackupFailed, match="postgresql-client"):
        saved("postgresql://h/clips", tmp_path / "kept")


def test_a_full_disk_leaves_nothing(tmp_path: Path):
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may have a disk of its own")
    url = f"sqlite:///{tmp_path}/storyclip.db"
    database.connect(url)
    for i in range(40):
        batches.create(new_batch(f"b{i}", 20), T0)
    database.disconnect()
    small = tmp_path / "small"
    small.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("no disk can be mounted here")

    try:
        with pytest.raises(BackupFailed, match=r"full|disk I/O"):
            saved(url, small)
        left = list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert left == []
