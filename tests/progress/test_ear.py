"""The ear hears what is published, believes nothing else, and outlives its Redis."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from storyclip.progress import ear as ears
from storyclip.progress.ear import Ear
from storyclip.progress.news import CHANNEL
from storyclip.stack import programs
from storyclip.stack.ports import free_port
from tests.eventually import eventually


@contextmanager
def server(port: int, folder: Path) -> Iterator[redis.Redis]:
    """A real server, killed at the end."""
    command = programs.redis(folder, *programs.at_port(port)).command
    with subprocess.Popen(command) as process, redis.Redis(port=port) as client:
        try:
            eventually(lambda: answers(client))
            yield client
        finally:
            process.kill()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(ears, "AGAIN_AFTER_S", 0.05)
    return free_port()


@pytest.fixture
def heard(port: int) -> Iterator[list[tuple[str, int]]]:
    """What the ear has told so far."""
    told: list[tuple[str, int]] = []
    stopped = threading.Event()

    def tell(batch_id: str, seq: int) -> None:
        told.append((batch_id, seq))

    ear = Ear(f"redis://127.0.0.1:{port}/0")
    thread = threading.Thread(target=ear.listen, args=(tell, stopped))
    thread.start()
    yield told
    stopped.set()
    thread.join(10)
    assert not thread.is_alive()


def say(client: redis.Redis, message: str) -> bool:
    return bool(client.publish(CHANNEL, message))


def test_the_ear_hears_again_when_a_killed_redis_is_back(heard, port, tmp_path):
    with server(port, tmp_path) as client:
        eventually(lambda: say(client, '{"batchId": "b1", "seq": 1}'))
        eventually(lambda: heard)
    with server(port, tmp_path) as client:
        eventually(lambda: say(client, '{"batchId": "b1", "seq": 2}'))

        eventually(lambda: heard == [("b1", 1), ("b1", 2)])


def test_what_is_no_news_is_not_told(heard, port, tmp_path):
    with server(port, tmp_path) as client:
        eventually(lambda: say(client, "[" * 100_000))
        for message in (
            "",
            "null",
            "[]",
            '{"batchId": 1, "seq": 1}',
            '{"batchId": "b", "seq": "1"}',
        ):
            say(client, message)
        say(client, '{"batchId": "b1", "seq": 1}')

        eventually(lambda: heard == [("b1", 1)])
