"""`backup`, `restore` and `migrate` as a person, or a timer, calls them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.settings import names
from storyclip.cli import upkeep
from storyclip.cli.main import main
from storyclip.stack import lock
from storyclip.store import database, schema
from storyclip.store.service import workers
from tests.store.making import made
from tests.store.test_restore import batch_ids

Command = Callable[..., Result]


@pytest.fixture
def command(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("STORYCLIP_BACKUP_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(upkeep, "sleep", lambda _: None)  # workers of others move by nobody's hand
    yield lambda *words, **how: CliRunner().invoke(main, words, **how)
    database.disconnect()


@pytest.fixture
def saved(command: Command, database_url: str) -> str:
    """A copy that lacks the last batch; nobody has the database open."""
    database.connect(database_url)
    made("b1")
    file = str(json.loads(command("backup", "--json").stdout)["file"])
    made("b2", account="2")
    database.disconnect()
    return file


def test_a_backup_says_where_it_is_and_which_older_ones_went(
    command: Command, database_url: str, tmp_path: Path
):
    database.connect(database_url)
    kind = "db" if database_url.startswith("sqlite") else "dump"
    (tmp_path / "kept").mkdir()
    for day in (1, 2):
        (tmp_path / "kept" / f"storyclip-2025010{day}T030000Z.{kind}").touch()

    ran = command("backup", "--keep", "2", "--json")

    said = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert Path(said["file"]).stat().st_size == said["bytes"]
    assert [Path(name).name for name in said["deleted"]] == [f"storyclip-20250101T030000Z.{kind}"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup", "{}/new.copy"), 0, "new.copy"),
        (("backup", "{}/new.copy", "--keep", "3"), 2, "--keep is for a folder"),
        (("backup", "--keep", "0"), 2, "--keep"),
        (("backup", "/proc/new.copy"), 1, "No backup was made"),
        (("restore", "{}/not-there"), 2, "does not exist"),
    ],
)
def test_a_command_ends_with_0_when_good_1_when_not_and_2_when_misused(
    command: Command, database_url: str, tmp_path: Path, words, code, said
):
    database.connect(database_url)

    ran = command(*(word.format(tmp_path) for word in words))

    assert (ran.exit_code, said in ran.output) == (code, True), ran.output


def test_without_a_folder_a_backup_asks_for_one(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("STORYCLIP_BACKUP_DIR")

    ran = command("backup")

    assert ran.exit_code == 2
    assert "STORYCLIP_BACKUP_DIR" in ran.output


def test_a_restore_says_what_it_replaces_and_asks(command: Command, saved: str, database_url: str):
    refused = command("restore", saved, input="n\n")
    database.connect(database_url)
    untouched = batch_ids()
    database.disconnect()
    accepted = command("restore", saved, input="y\n")
    database.connect(database_url)

    assert refused.exit_code == 1
    assert "2 batches, the newest of 2026-12-01" in refused.output
    assert untouched == ["b1", "b2"]
    assert accepted.exit_code == 0
    assert batch_ids() == ["b1"]


def test_a_restore_tells_a_program_what_keeps_the_replaced(command: Command, saved: str):
    ran = command("restore", saved, "--yes", "--json")

    said = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert said["restored"] == saved
    assert Path(said["replaced"]).exists()


def test_a_restore_is_refused_while_a_worker_lives(
    command: Command, saved: str, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    database.connect(database_url)
    workers.beat("w1")

    def lives(for_s: float) -> None:
        waited_s.append(for_s)
        workers.beat("w1")

    waited_s: list[float] = []
    monkeypatch.setattr(upkeep, "sleep", lives)
    ran = command("restore", saved, "--yes")

    assert ran.exit_code == 1
    assert "the service runs (worker w1)" in ran.output
    assert waited_s == [upkeep.LOOK_TWICE_S]
    assert batch_ids() == ["b1", "b2"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_restore_is_refused_while_a_stack_has_the_folder(
    command: Command, saved: str, tmp_path: Path
):
    held = lock.take(tmp_path)

    ran = command("restore", saved, "--yes")

    os.close(held)
    assert ran.exit_code == 1
    assert "Another StoryClip" in ran.output


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_migrate_says_what_it_has_done(
    command: Command,
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    (tmp_path / "storyclip.db").unlink()
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    first, second = (json.loads(command("migrate", "--json").stdout) for _ in range(2))

    assert first == {"applied": list(schema.known()), "schemaVersion": schema.known()[-1]}
    assert second == {"applied": [], "schemaVersion": schema.known()[-1]}
