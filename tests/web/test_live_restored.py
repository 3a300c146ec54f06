"""Streams across a restore: who comes again with a place in the rows that are lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from storyclip.store import database
from storyclip.store.service import backup, newest, unwatched
from storyclip.store.service.mark_file import MarkFile
from storyclip.store.service.restore import place_at
from tests.store.making import made, published, the_batch
from tests.web.conftest import NOON, Clock, Someone
from tests.web.test_live import STREAM, begun
from tests.web.test_live_websocket import heard, opened

HOUR = timedelta(hours=1)
PATHS = (f"{STREAM}?batchId=b1", STREAM)


@pytest.fixture
def app(app_anywhere: Flask) -> Flask:
    return app_anywhere


@pytest.fixture
def restored(ana: Someone, database_url: str, clock: Clock, tmp_path: Path) -> Callable[[], None]:
    """Have a batch of three clips with two of them live, and what puts rows back that lack the
    second, with the web up before any worker.
    """
    first, second, _ = made(count=3)
    newest.live(NOON, None, is_boot=True)
    published(first)
    file = tmp_path / "kept.copy"
    backup.back_up(database_url, file)
    published(second)

    def restore() -> None:
        database.disconnect()
        clock.at += HOUR
        place_at(database_url).replace(file, clock())
        database.connect(database_url)
        unwatched.expect_a_look(clock(), MarkFile().read(""))  # as `app.py` does at its start

    return restore


def test_a_place_in_lost_rows_is_followed_by_all_that_is_new_and_by_nothing_else(
    restored: Callable[[], None], ana: Someone, address: str
):
    lost = [begun(ana.get(path), 1 + the_batch().last_seq)[-1][1] for path in PATHS]
    restored()
    common = the_batch().last_seq
    assert lost[0] == str(common + 3)
    assert ana.post("/api/metricool/pause?batchId=b1").status_code == 200

    with opened(f"{address}?batchId=b1&after={lost[0]}", ana) as line:
        over_a_socket = heard(line, 2)
    shown = [
        begun(ana.get(path, headers={"Last-Event-ID": str(word)}), 2)
        for path, word in zip(PATHS, lost, strict=True)
    ]

    assert "paused" in str(shown[0][0][2]["status"])
    assert [event["seq"] for _, (_, _, event) in shown] == [common + 1] * 2
    assert over_a_socket[1]["seq"] == common + 1
    new = f"{common + 1}e{newest.find().epoch}"
    assert (shown[0][1][1], over_a_socket[1]["cursor"]) == (new, new)
    assert newest.find().epoch > 0


def test_a_place_in_lost_rows_is_no_mistake_where_nothing_is_new_yet(
    restored: Callable[[], None], ana: Someone
):
    lost = [begun(ana.get(path), 1 + the_batch().last_seq)[-1][1] for path in PATHS]
    restored()

    answers = [
        ana.get(path, headers={"Last-Event-ID": str(word)})
        for path, word in zip(PATHS, lost, strict=True)
    ]

    assert [begun(answer, 1)[0][0] for answer in answers] == ["snapshot"] * 2
