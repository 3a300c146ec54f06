"""A failover to a copy that is a second old: what it lacks went out, and must not do so again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.postgres.server import Server, require, server_of_its_own
from tests.whole.conftest import SANDBOX, SHORT, Client

pytestmark = [pytest.mark.xdist_group("failover"), pytest.mark.timeout(180)]


@pytest.fixture
def server() -> Iterator[Server]:
    require()
    with server_of_its_own() as one:
        with psycopg.connect(f"{one.url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE storyclip")
        yield one


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Iterator[Client]:
    with Stack(
        tmp_path,
        workers=2,
        database_url=f"{server.url}/storyclip",
        sandbox_flags=SANDBOX,
        environment=SHORT,
    ) as stack:
        yield Client(stack)


def test_after_a_failover_to_an_older_copy_nothing_goes_out_twice(
    client: Client, server: Server
) -> None:
    batch = client.publish(8)
    other = client.publish(2)
    batch.until(lambda shown: shown["posts"]["published"] >= 2)
    other.until_ended()
    server.copy()
    known = len(batch.lines("created"))
    eventually(lambda: len(batch.lines("created")) >= known + 2)

    server.fail_over()

    eventually(lambda: client.get("recover").json()["held"], 60)
    [held] = client.get("recover").json()["held"]
    assert (held["accountId"], batch.status()["status"]) == (batch.account, "paused")
    assert "storyclip recover" in batch.status()["error"]
    names = [one["name"] for one in held["strangers"]]
    said = client.ask("POST", "recover", json={"accountId": batch.account, "ours": names})
    assert (said.status_code, said.json()["left"]) == (200, [])
    batch.until_ended(90)
    assert batch.verdict().is_clean
    assert batch.states() == ["published"] * 8
    assert other.verdict().is_clean
