"""Acts that were kept long enough go by themselves, and no others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from storyclip.domain.act import Action
from storyclip.store import acts
from storyclip.store.acts import Wanted
from storyclip.store.database import writing
from storyclip.tasks.retention import EVERY, Retention
from tests.eventually import eventually
from tests.store.making import T0

NOW = T0 + timedelta(days=30)


@pytest.fixture(autouse=True)
def _nobody_is_at_it(store: str) -> Iterator[None]:
    """Wait for who forgets: the database is closed next, and not under somebody's hands."""
    yield
    until_forgotten()


def until_forgotten() -> None:
    for thread in threading.enumerate():
        if thread.name == "retention":
            thread.join()


def kept() -> list[str]:
    return [act.subject for act in acts.newest(Wanted(action="batch"), 10)]


def written_long_ago() -> None:
    for days in (0, 29):
        with writing():
            acts.write(Action.BATCH_PAUSE, f"of day {days}", T0 + timedelta(days=days))


def test_what_is_older_than_so_many_days_goes(store: str):
    written_long_ago()

    Retention(7).look(NOW)

    eventually(lambda: kept() == ["of day 29"])


def test_without_a_number_all_is_kept_for_ever(store: str):
    written_long_ago()

    Retention(None).look(NOW + timedelta(days=10_000))

    assert kept() == ["of day 29", "of day 0"]


def test_it_looks_once_an_hour(store: str):
    retention = Retention(7)
    retention.look(NOW)
    until_forgotten()
    written_long_ago()

    retention.look(NOW + EVERY - timedelta(seconds=1))
    assert kept() == ["of day 29", "of day 0"]
    retention.look(NOW + EVERY)

    eventually(lambda: kept() == ["of day 29"])
