"""The Redis of a stack: reached by its own user alone, and by name noticed when it is of no use."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from storyclip.stack import supervisor as supervising
from storyclip.stack.embedded_redis import MOST_BYTES, EmbeddedRedis
from storyclip.stack.supervisor import Supervisor
from tests.eventually import eventually


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path / "redis")
    yield server
    server.clear()


@pytest.fixture
def running(
    embedded: EmbeddedRedis, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> EmbeddedRedis:
    """The same, kept running by a supervisor that has little patience."""
    monkeypatch.setattr(supervising, "ASK_S", 0.1)
    monkeypatch.setattr(supervising, "ILL_FOR_S", 1.0)
    embedded.prepare()
    supervisor.start(embedded.program())
    eventually(lambda: embedded.trouble(supervisor.pids("redis")) is None)
    return embedded


def socket_of(server: EmbeddedRedis) -> Path:
    return Path(urlsplit(server.url).path)


def test_it_listens_on_no_port(running, supervisor):
    with redis.Redis.from_url(running.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_its_socket_and_the_folder_around_are_its_users_alone(running):
    socket = socket_of(running)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (socket.parent, socket)]

    assert modes == [0o700, 0o700]


def test_nothing_is_told_without_the_password(running):
    with (
        redis.Redis(unix_socket_path=str(socket_of(running))) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("anything")


def test_no_command_line_has_the_password(embedded):
    assert str(urlsplit(embedded.url).password) not in " ".join(embedded.program().command)


@pytest.mark.parametrize("temporary", ["short", "x" * 100])
def test_a_path_that_is_too_long_for_a_socket_gets_a_short_private_folder(
    tmp_path, monkeypatch, temporary
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / temporary))
    (tmp_path / temporary).mkdir()
    server = EmbeddedRedis(tmp_path / ("x" * 100) / "redis")

    try:
        assert len(str(socket_of(server)).encode()) <= MOST_BYTES
        assert server.elsewhere is not None
        assert stat.S_IMODE(server.elsewhere.stat().st_mode) == 0o700
    finally:
        server.clear()
    assert not server.elsewhere.exists()


def test_one_that_was_stopped_is_killed_and_comes_back(running, supervisor, reports):
    (pid,) = supervisor.pids("redis")

    os.kill(pid, signal.SIGSTOP)

    eventually(lambda: supervisor.restarts("redis") == 1)
    eventually(lambda: running.trouble(supervisor.pids("redis")) is None)
    assert any("redis lives and is of no use" in report for report in reports)


def test_another_in_its_place_is_noticed(running, supervisor):
    assert "has taken its place" in str(running.trouble([1]))
