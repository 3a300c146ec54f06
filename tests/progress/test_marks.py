"""What is left outside the database: signs of life, and what a story was asked for last."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime

import fakeredis
import peewee
import pytest
import redis

from storyclip.domain.installation import Mark, Sending
from storyclip.flow.newest import Outside, Watchman
from storyclip.progress.marks import RedisMark
from storyclip.progress.news import DEAF_FOR_S, Quietly, connect
from storyclip.store import database
from storyclip.store.service.mark_file import MarkFile
from tests.world.outside import Outside as Elsewhere

NOW = datetime(2026, 12, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def never_deaf() -> Quietly:
    return Quietly(lambda: 0.0)


KINDS = (MarkFile, lambda: RedisMark(fakeredis.FakeRedis(), never_deaf()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", KINDS, ids=["file", "Redis"])
@pytest.mark.usefixtures("store")
def test_what_is_left_outside_is_read_again(kind: Callable[[], Outside]) -> None:
    outside = kind()
    assert (outside.read("here"), outside.read_sending("here")) == (None, None)

    outside.leave("here", Mark("i", 7, 2, NOW))
    outside.leave_sending("here", Sending(3, 1, NOW))

    assert outside.read("here") == Mark("i", 7, 2, NOW)
    assert outside.read_sending("here") == Sending(3, 1, NOW)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("store")
def test_what_could_not_be_left_outside_leaves_nothing_else() -> None:
    file = database.file()
    assert file is not None
    file.sending.mkdir()  # in its way, as a full disk is
    before = sorted(file.path.parent.iterdir())

    MarkFile().leave_sending("here", Sending(3, 1, NOW))

    assert sorted(file.path.parent.iterdir()) == before


@pytest.mark.usefixtures("store")
def test_an_intent_is_left_by_who_does_not_reach_the_database(monkeypatch: pytest.MonkeyPatch):
    def is_away(reuse_if_open: bool = False) -> bool:
        raise peewee.OperationalError("the database does not answer")

    outside = Elsewhere()
    watchman = Watchman([outside], lambda _: None, lambda: 0.0)
    watchman.look(NOW)
    monkeypatch.setattr(database.database.obj, "connect", is_away)

    watchman.leave_sending(Sending(3, 1, NOW))  # its story was promised, and is asked for now

    assert outside.sending == Sending(3, 1, NOW)


def test_a_redis_that_is_away_is_nobody_s_failure() -> None:
    outside = RedisMark(redis.Redis(host="127.0.0.1", port=1), never_deaf())

    outside.leave_sending("here", Sending(3, 1, NOW))

    assert outside.read_sending("here") is None


def test_a_redis_that_hangs_is_asked_once_at_a_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        client = connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", answer_within_s=0.05)
        with pytest.raises(redis.TimeoutError):
            client.ping()

        first, _ = silent.accept()
        first.close()
        with pytest.raises(BlockingIOError):  # nobody came a second time
            silent.accept()


def test_of_a_redis_that_hangs_all_who_send_wait_for_one_answer_a_second() -> None:
    class Hanging:
        asked = 0

        def set(self, key: str, said: str) -> None:
            del key, said
            self.asked += 1
            raise redis.TimeoutError("it hangs")

    now, hanging = [0.0], Hanging()
    outside = RedisMark(hanging, Quietly(lambda: now[0]))  # type: ignore[arg-type]

    for number in range(3):
        outside.leave_sending("here", Sending(number, 1, NOW))
    assert hanging.asked == 1

    now[0] += DEAF_FOR_S
    outside.leave_sending("here", Sending(3, 1, NOW))
    assert hanging.asked == 2
