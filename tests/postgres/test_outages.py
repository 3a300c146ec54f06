"""The whole service on a PostgreSQL that is away, restarted or held: by the ledger, lanes go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.postgres.server import Server, require, server_of_its_own
from tests.store.test_connecting import processes
from tests.whole.conftest import SANDBOX, SHORT, Client, Posted

pytestmark = [pytest.mark.xdist_group("outages"), pytest.mark.timeout(180)]

HOLDS_A_LANE = """
import sys
import psycopg
from storyclip.store import database
url, lane_id = sys.argv[1].split("#")
database.connect(url)
with database.writing():
    database.lock_row("lanes", int(lane_id))
    print("ready", flush=True)
    sys.stdin.readline()
"""
AWAY_S = 5.0
OTHERS_WITHIN_S = 2.0
OWN_WITHIN_S = 10.0
A_CLIP_S = 2.5  # of a lane that nothing holds up, on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that may be stopped and killed: nobody else's, with its usual settings."""
    require()
    with server_of_its_own() as one:
        with psycopg.connect(f"{one.url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE storyclip")
        yield one


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(
        folder,
        workers=2,
        database_url=f"{server.url}/storyclip",
        sandbox_flags=SANDBOX,
        environment=SHORT,
    ) as stack:
        yield Client(stack)


@pytest.fixture(autouse=True)
def _without_faults(client: Client) -> Iterator[None]:
    yield
    client.sandbox.clear_faults()
    assert [line for line in log_of(client) if "workers_silent" in line] == []  # all lived


@contextmanager
def asking(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(f"{server.url}/storyclip", autocommit=True) as connection:
        yield connection


def count(admin: psycopg.Connection, which: str) -> int:
    """How many clips are so."""
    found = admin.execute(f"SELECT count(*) FROM publish_batch_clips WHERE {which}").fetchone()
    assert found is not None
    return int(found[0])


def log_of(client: Client) -> list[str]:
    """What the workers have logged."""
    files = client.stack.log_dir.glob("worker*")
    return [line for file in files for line in file.read_text().splitlines()]


def under_way(client: Client, lanes: int, clips: int) -> list[Posted]:
    """Batches in mid-course, with files that Metricool takes a while to copy."""
    client.sandbox.fault(fault="normalize_slow", seconds=0.7)
    batches = [client.publish(clips) for _ in range(lanes)]
    eventually(lambda: all(batch.lines("created") for batch in batches))
    return batches


def stood_s(batches: list[Posted], since: float) -> list[float]:
    """How long after `since` each lane's next post was made, in seconds; of those that have one."""
    made = {batch.account: len(batch.lines("created")) for batch in batches}
    unmade = [batch for batch in batches if made[batch.account] < len(batch.sources)]
    after_s: dict[str, float] = {}

    def all_moved() -> bool:
        for batch in unmade:
            if batch.account not in after_s and len(batch.lines("created")) > made[batch.account]:
                after_s[batch.account] = time.monotonic() - since
        return len(after_s) == len(unmade)

    assert unmade
    eventually(all_moved, within_s=60)
    return sorted(after_s.values())


def all_out_once_in_order(batches: list[Posted]) -> None:
    for batch in batches:
        batch.until_ended(90)
    assert [batch.verdict() for batch in batches if not batch.verdict().is_clean] == []
    assert {state for batch in batches for state in batch.states()} == {"published"}


def test_after_five_seconds_without_a_database_every_lane_goes_on(client: Client, server: Server):
    batches = under_way(client, lanes=8, clips=4)
    lives = client.stack.pids("worker"), client.stack.pids("worker-2")

    server.stop()
    time.sleep(AWAY_S)  # an outage takes real time
    server.start()

    after_s = stood_s(batches, time.monotonic())
    print("lanes went on after", [f"{s:.1f} s" for s in after_s])
    assert max(after_s) < OWN_WITHIN_S
    assert (client.stack.pids("worker"), client.stack.pids("worker-2")) == lives  # no crash loop
    all_out_once_in_order(batches)


def test_what_was_being_prepared_meanwhile_is_no_longer_held_up(client: Client, server: Server):
    client.sandbox.fault(fault="normalize_slow", seconds=3.0, times=8)
    batches = [client.publish(2) for _ in range(8)]
    with asking(server) as admin:
        eventually(lambda: count(admin, "status = 'uploading' AND intended_at IS NULL") == 8)

    server.stop()
    time.sleep(AWAY_S)  # their files are copied by then, and that cannot be written
    server.start()

    after_s = stood_s(batches, time.monotonic())
    print("lanes went on after", [f"{s:.1f} s" for s in after_s])
    assert max(after_s) < OWN_WITHIN_S
    all_out_once_in_order(batches)


def test_a_backend_that_is_killed_costs_no_lane_more_than_a_moment(client: Client, server: Server):
    batches = under_way(client, lanes=4, clips=3)
    with asking(server) as admin:
        found = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'storyclip'"
            " AND pid <> pg_backend_pid() LIMIT 1"
        ).fetchone()
    assert found is not None

    os.kill(found[0], signal.SIGKILL)  # the server then ends all others too, and recovers

    after_s = stood_s(batches, time.monotonic())
    print("lanes went on after", [f"{s:.1f} s" for s in after_s])
    assert max(after_s) < OWN_WITHIN_S
    all_out_once_in_order(batches)


def test_a_process_stopped_with_a_lanes_lock_holds_up_no_other_lane(client: Client, server: Server):
    batches = under_way(client, lanes=4, clips=6)
    held, *others = batches
    with asking(server) as admin:
        row = "SELECT lane_id FROM publish_batches WHERE batch_id = %s"
        found = admin.execute(row, (held.batch_id,)).fetchone()
        assert found is not None
        place = f"{server.url}/storyclip#{found[0]}"
        with processes(HOLDS_A_LANE, place, count=1) as [stopped]:
            os.kill(stopped.pid, signal.SIGSTOP)
            since = time.monotonic()
            refused = list[tuple[int, str, float]]()

            def post() -> None:
                answer = client.publish(1, account=held.account).answer
                took_s = answer.elapsed.total_seconds()
                refused.append((answer.status_code, answer.headers["Content-Type"], took_s))

            posting = threading.Thread(target=post)
            posting.start()
            after_s = stood_s(others, since)
            own_after_s = stood_s([held], since)
            posting.join()
        found = admin.execute(
            "SELECT count(*) FROM publish_batches WHERE account_id = %s", (held.account,)
        ).fetchone()

    print(f"others {max(after_s):.1f} s, its own {own_after_s[0]:.1f} s, POST {refused}")
    assert max(after_s) < OTHERS_WITHIN_S + A_CLIP_S
    assert own_after_s[0] < OWN_WITHIN_S
    [(status, kind, took_s)] = refused
    assert (status, kind) == (503, "application/problem+json")
    assert took_s < 5
    assert found == (1,)
    all_out_once_in_order(batches)
