"""A file that nobody sees to says so, in both languages, and no longer than that is so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.media_care import SEEN_TO_WITHIN
from storyclip.domain.user_file import Trouble
from storyclip.store.files import files, media_life
from tests.web.conftest import NOON, Clock, Someone
from tests.web.test_files import BYTES, announce, bring

TOO_LONG_S = SEEN_TO_WITHIN.total_seconds() + 1


@pytest.fixture
def where(ana: Someone) -> str:
    """A file of which everything is there."""
    where = str(announce(ana, filename="a.mp4").headers["Location"])
    bring(ana, where, BYTES)
    return where


def waits(ana: Someone, where: str) -> Any:
    return ana.get(where).get_json()["waits"]


def test_a_file_that_no_media_process_sees_to_says_so_until_one_is_back(ana, where, clock: Clock):
    assert waits(ana, where) is None
    clock.move(TOO_LONG_S)

    said = waits(ana, where)

    assert said["code"] == "media_absent"
    assert "it goes on by itself" in said["words"]["en"]
    assert "sigue solo" in said["words"]["es"]
    media_life.give_sign("media-here-1-ab", clock())
    assert waits(ana, where) is None


def test_readyz_names_the_media_process_that_is_missed_and_routes_on(
    anyone, ana, where, clock: Clock
):
    clock.move(TOO_LONG_S)

    answer = anyone.get("/readyz")

    assert (answer.status_code, answer.get_json()["checks"]["media"]) == (200, "down")


def test_what_else_keeps_a_file_waiting_is_said_until_work_on_it_goes_on(ana, where, clock: Clock):
    file_id = where.rpartition("/")[2]
    files.take(file_id, "media", NOON, NOON)
    files.note(file_id, "media", clock() + timedelta(seconds=30), trouble=Trouble.NO_ROOM)

    assert waits(ana, where)["code"] == "no_room"

    files.note(file_id, "media", clock() + timedelta(seconds=30))
    assert waits(ana, where) is None
