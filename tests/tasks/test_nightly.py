"""The copy of every night: made once, never waited for, and missed aloud."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storyclip.flow.clock import AUDIT_S, Clock
from storyclip.store import database
from storyclip.store.service import backup, figures
from storyclip.tasks.nightly import TRY_AGAIN, Nightly
from tests.eventually import eventually
from tests.store.test_backup import titles_in

EVENING = datetime(2026, 11, 26, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def url(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/storyclip.db"
    database.connect(url)
    yield url
    database.disconnect()


def names(folder: Path) -> list[str]:
    return [file.name for file in backup.backups(folder)]


def at_rest(nightly: Nightly) -> bool:
    return nightly._thread is None or not nightly._thread.is_alive()


def test_a_copy_is_made_at_once_and_then_every_night(url: str, tmp_path: Path):
    kept, night = tmp_path / "kept", EVENING.replace(hour=3) + timedelta(days=1)
    nightly = Nightly(url, kept, keep=2)

    for now in (EVENING, EVENING + HOUR, night, night + HOUR, night + timedelta(days=1)):
        nightly.look(now)
        eventually(lambda: at_rest(nightly))

    assert names(kept) == ["storyclip-20261128T030000Z.db", "storyclip-20261127T030000Z.db"]
    assert titles_in(backup.backups(kept)[0]) == []


def test_no_tick_waits_for_a_copy(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    nightly = Nightly(url, tmp_path / "kept", keep=2)
    clock = Clock(
        "a",
        lambda clip: None,
        lambda lane: None,
        time.monotonic,
        lambda now: None,
        look_nightly=nightly.look,
    )

    with database.writing():  # holds SQLite's one writer
        nightly.look(EVENING)
        eventually(lambda: names(tmp_path / "kept"))
    clock.tick(EVENING)

    eventually(lambda: at_rest(nightly))
    assert len(names(tmp_path / "kept")) == 1


def test_the_leading_clock_looks_once_a_minute_and_the_others_never(url: str):
    looks: list[tuple[str, datetime]] = []
    passed = [0.0]

    def clock(name: str) -> Clock:
        def look(now: datetime) -> None:
            looks.append((name, now))

        return Clock(
            name,
            lambda clip: None,
            lambda lane: None,
            lambda: passed[0],
            lambda now: None,
            look_nightly=look,
        )

    leading, other = clock("a"), clock("b")

    leading.tick(EVENING)
    other.tick(EVENING)
    leading.tick(EVENING)
    passed[0] = AUDIT_S
    leading.tick(EVENING + HOUR)

    assert looks == [("a", EVENING), ("a", EVENING + HOUR)]


def test_a_copy_that_fails_is_an_incident_and_tried_again_in_an_hour(url: str, tmp_path: Path):
    kept = tmp_path / "kept"
    kept.write_text("no folder")
    nightly = Nightly(url, kept, keep=2)

    nightly.look(EVENING)
    eventually(lambda: at_rest(nightly))
    kept.unlink()
    nightly.look(EVENING + TRY_AGAIN - timedelta(minutes=1))
    eventually(lambda: at_rest(nightly))
    too_early = names(kept)
    nightly.look(EVENING + TRY_AGAIN)
    eventually(lambda: at_rest(nightly))

    assert figures.figures().incidents == {"backup_failed": 1}
    assert too_early == []
    assert names(kept) == ["storyclip-20261126T210000Z.db"]


def test_without_a_folder_nothing_is_made(url: str, tmp_path: Path):
    before = sorted(tmp_path.iterdir())
    nightly = Nightly(url, None, keep=2)

    nightly.look(EVENING)

    assert at_rest(nightly)
    assert sorted(tmp_path.iterdir()) == before
