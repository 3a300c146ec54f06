"""The whole stack with the real programs: it comes up, survives, and leaves nothing running."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import URLError

import psutil
import pytest
import requests
from redis import Redis

from config.settings import Settings, SettingsInvalid
from storyclip.stack import whereabouts
from storyclip.stack.lock import DataTaken
from storyclip.stack.stack import Stack, StackFailed
from tests.api import Api, sources
from tests.eventually import eventually
from tests.stack.conftest import lives

PARTS = ("redis", "sandbox", "web", "worker", "worker-2")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    flags = {"date_step": 1, "publish_delay": 0.1}
    with Stack(tmp_path_factory.mktemp("data"), workers=2, sandbox_flags=flags) as stack:
        yield stack
        pids = [pid for name in PARTS for pid in stack.pids(name)]
        assert all(stack.pids(name) for name in PARTS)
    assert not any(lives(pid) for pid in pids)  # nothing is left after the block
    assert not (stack.data_dir / whereabouts.NAME).exists()


def is_ready(stack: Stack) -> bool:
    try:
        return requests.get(f"{stack.url}/readyz", timeout=2).ok
    except (requests.ConnectionError, requests.Timeout):  # not there, or still booting
        return False


def beating(stack: Stack) -> list[int]:
    """The worker processes that have begun to work: their names hold their ids."""
    with closing(sqlite3.connect(stack.data_dir / "storyclip.db")) as rows:
        names = [name for (name,) in rows.execute("SELECT name FROM workers")]
    return [pid for pid in stack.pids("worker") if any(f"-{pid}-" in name for name in names)]


def has_been_asked(stack: Stack) -> bool:
    try:
        return stack.sandbox is not None and bool(stack.sandbox.requests())
    except URLError:  # killed by another test just now, and not back yet
        return False


def brands(stack: Stack) -> requests.Response:
    return Api(stack.url, stack.api_key).get("brands")


def test_what_is_ready_serves_with_its_own_key_through_its_own_sandbox(stack):
    answer = brands(stack)  # may be of a while ago, before another test killed the sandbox
    Api(stack.url, stack.api_key).accepted(sources("own-key", 1), "2000001")

    assert answer.status_code == 200
    eventually(lambda: has_been_asked(stack))


def test_what_runs_says_where_to_who_makes_a_link_to_it(stack):
    settings = Settings.from_environment({"DATABASE_URL": stack.database_url}, needs_upstream=False)

    assert whereabouts.address_for(settings) == stack.url


def test_redis_keeps_what_it_was_told_and_throws_nothing_out(stack):
    with Redis.from_url(stack.redis_url) as client:
        told = client.config_get("append*"), client.config_get("maxmemory-policy")

    assert told[0]["appendonly"] == "yes"
    assert told[0]["appendfsync"] == "everysec"
    assert told[1]["maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("name", ["redis", "sandbox", "web", "worker"])
def test_every_part_comes_back_from_a_kill(stack, name):
    before, restarts = stack.pids(name), stack.restarts(name)

    stack.kill(name, signal.SIGKILL)

    eventually(lambda: stack.restarts(name) == restarts + 1)
    eventually(lambda: is_ready(stack) and brands(stack).ok)
    assert not any(lives(pid) for pid in before)


def test_a_worker_whose_child_alone_is_killed_comes_back(stack):
    """Dramatiq's master ends with its child, and starts none."""
    eventually(lambda: beating(stack))
    restarts = stack.restarts("worker")

    psutil.Process(beating(stack)[0]).kill()

    eventually(lambda: stack.restarts("worker") == restarts + 1)


def test_a_stopped_redis_is_named_by_readyz_until_it_is_started(stack):
    stack.stop_program("redis")

    eventually(lambda: requests.get(f"{stack.url}/readyz", timeout=10).status_code == 503)
    stack.start_program("redis")
    eventually(lambda: is_ready(stack))


def test_a_second_stack_does_not_touch_the_data_of_the_first(stack):
    restarts = [stack.restarts(name) for name in PARTS]

    with pytest.raises(DataTaken), Stack(stack.data_dir):
        pass

    eventually(lambda: is_ready(stack))
    assert [stack.restarts(name) for name in PARTS] == restarts


def test_wrong_settings_are_told_all_at_once_and_nothing_is_started(tmp_path):
    wrong = {"STORYCLIP_LEAD_S": "soon", "STORYCLIP_LEED_S": "1"}

    with pytest.raises(SettingsInvalid) as invalid, Stack(tmp_path / "data", environment=wrong):
        pass

    assert len(invalid.value.problems) == 2
    assert not (tmp_path / "data").exists()


def test_a_database_that_cannot_be_opened_is_told_in_its_own_words(tmp_path: Path):
    (tmp_path / "storyclip.db").write_bytes(b"this is a letter, not a database. " * 100)

    with pytest.raises(StackFailed, match="not a database"), Stack(tmp_path):
        pass
