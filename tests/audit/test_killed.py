"""Killed for real around an act: there is never one of the two without the other."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storyclip.domain.act import Action
from storyclip.store import acts, database
from storyclip.store.acts import Wanted
from storyclip.store.service import newest
from tests.databases import new_sqlite

Where = Callable[[pytest.MonkeyPatch], None]
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    url = new_sqlite(tmp_path / "storyclip.db")
    yield url
    database.disconnect()


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before_its_row(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(acts, "write", die)


def after_its_row(patch: pytest.MonkeyPatch) -> None:
    write = acts.write

    def written_and_dead(action: Action, subject: str, at: datetime) -> None:
        write(action, subject, at)
        die()

    patch.setattr(acts, "write", written_and_dead)


def after_its_commit(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def committed_and_dead() -> Iterator[None]:
        with database.writing():
            yield
        die()

    patch.setattr(f"{newest.__name__}.writing", committed_and_dead)


def pause_and_be_killed(url: str, where: Where) -> None:
    """Pause everything in another process, which is killed at that point."""
    pid = os.fork()
    if pid == 0:
        try:
            database.connect(url)
            where(pytest.MonkeyPatch())
            newest.pause(NOW)
        finally:
            os._exit(1)  # it was to be killed
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(
    ("where", "is_done"),
    [(before_its_row, False), (after_its_row, False), (after_its_commit, True)],
)
def test_an_act_and_its_row_are_both_there_or_neither(url: str, where: Where, is_done: bool):
    pause_and_be_killed(url, where)

    database.connect(url)
    assert (newest.find().paused_at is not None) is is_done
    assert bool(acts.newest(Wanted(action=Action.SERVICE_PAUSE), 1)) is is_done
