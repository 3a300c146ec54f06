"""Whoever can write to Redis moves nothing; and no secret is found where none belongs."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from storyclip.progress.news import CHANNEL
from storyclip.stack import programs
from storyclip.stack.stack import Stack
from tests.canaries import hits, hits_in
from tests.eventually import eventually
from tests.webhooks.receiver import receiving
from tests.whole.conftest import SANDBOX, SHORT, Client

FORGED = 10_000
QUEUE = "dramatiq:storyclip"
pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    data = Path(tmp_path_factory.mktemp("stack"))
    more = {"STORYCLIP_LOG_LEVEL": "debug", "STORYCLIP_WEBHOOK_ALLOW_PRIVATE": "true"}
    with Stack(data, sandbox_flags=SANDBOX, environment={**SHORT, **more}) as stack:
        yield Client(stack)


def message(**changes: Any) -> bytes:
    return json.dumps(
        {
            "queue_name": "storyclip",
            "actor_name": "publish_clip",
            "args": [1],
            "kwargs": {},
            "options": {"redis_message_id": secrets.token_hex(8)},
            "message_id": secrets.token_hex(8),
            "message_timestamp": 1,
        }
        | changes
    ).encode()


def forged(number: int) -> bytes:
    kinds: list[Any] = [
        lambda: message(args=[random.randrange(1, 10**6)]),  # some of them clips that are over
        lambda: message(actor_name=random.choice(["prepare_clip", "audit_lane"])),
        lambda: message(args=["1; DROP TABLE publish_batches"]),
        lambda: message(args=[10**30]),
        lambda: message(args=[True]),
        lambda: message(args=[]),
        lambda: message(args=[1, 2], kwargs={"clip_id": 3}),
        lambda: message(actor_name="os.system"),
        lambda: message(queue_name="other"),
        lambda: message(options={"eta": 1, "redis_message_id": "x"}),
        lambda: message(options={"pipe_target": {"x": 1}, "redis_message_id": "x"}),
        lambda: message(options=[]),
        lambda: b"",
        lambda: b"\x80\x04\x95pickle",
        lambda: b"[]",
        lambda: b"null",
        lambda: b"[" * 5000,
        lambda: b"{" + b'"a":' * 3000,
        lambda: secrets.token_bytes(64),
    ]
    if number % 1000 == 0:
        return message(args=["x" * 1_000_000])
    return bytes(kinds[number % len(kinds)]())


def calls(client: Client) -> int:
    """Posts and media that Metricool was asked for."""
    return len([one for one in client.sandbox.requests() if one["method"] != "GET"])


def test_ten_thousand_forged_messages_send_nothing_and_stop_nobody(client: Client, capsys):
    done = client.publish(2)
    done.until_ended()
    worker, before = client.stack.pids("worker"), calls(client)

    with Redis.from_url(client.stack.redis_url) as redis, redis.pipeline(transaction=False) as pipe:
        for number in range(FORGED):
            name = secrets.token_hex(8)
            for queue in (QUEUE, QUEUE + ".DQ")[: 2 if number % 50 == 0 else 1]:
                pipe.hset(f"{queue}.msgs", name, forged(number))
                pipe.rpush(queue, name)
            if number % 500 == 499:
                pipe.execute()
        began = time.monotonic()
        eventually(lambda: not redis.llen(QUEUE) and not redis.llen(QUEUE + ".DQ"), 60)
        took_s = time.monotonic() - began
    after = calls(client)
    batch = client.publish(3)
    batch.until_ended()

    with capsys.disabled():
        print(f"\n{FORGED} forged messages, {after - before} calls, taken within {took_s:.1f} s")
    assert after == before
    assert client.stack.pids("worker") == worker
    assert batch.verdict().is_clean
    assert batch.states() == ["published"] * 3


def test_forged_news_end_no_stream(client: Client):
    batch = client.publish(2)
    query = {"batchId": batch.batch_id}
    with client.ask("GET", "stream", params=query, stream=True, timeout_s=60) as watched:
        with Redis.from_url(client.stack.redis_url) as redis:
            for said in [
                b"", b"\xff", b"[]", b"[" * 10_000, b'{"batchId": 5, "seq": 1}',
                b'{"batchId": "\\ud800", "seq": 1}', b'{"batchId": "a\\u0000", "seq": 1}',
                json.dumps({"batchId": "b" * 10**6, "seq": 1}), json.dumps(query | {"seq": 10**30}),
                json.dumps(query | {"seq": True}), json.dumps(query | {"seq": -1}),
            ]:  # fmt: skip
                redis.publish(CHANNEL, said)
            with redis.pipeline(transaction=False) as pipe:
                for number in range(40_000):
                    pipe.publish(CHANNEL, json.dumps({"batchId": f"x{number}", "seq": 1}))
                pipe.execute()
        seen = watched.content.decode()

    assert "event: end" in seen
    assert "stopping" not in seen


def break_the_store(client: Client) -> requests.Response:
    """Ask while a table is missing: what nobody foresaw."""
    client.sql("ALTER TABLE publish_batches RENAME TO elsewhere")
    try:
        return client.get("/api/metricool/batches")
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO publish_batches")


def test_no_secret_is_in_a_log_an_answer_the_database_or_redis(client: Client):
    stack = client.stack
    key, url = stack.api_key, f"{stack.url}/api/metricool"
    answers = []

    def said(answer: requests.Response) -> None:
        answers.append(answer)

    client.sandbox.fault(fault="token_revoked", times=2)
    said(client.get("/api/metricool/brands"))
    client.sandbox.clear_faults()
    with receiving() as receiver:
        told = client.publish(1, webhook_url=receiver.url)
        told.until_ended()
        eventually(lambda: len(receiver.heard) >= 2)
    said(told.answer)
    said(client.get("/api/metricool/status", batchId=told.batch_id))
    said(client.get("/api/metricool/stream", batchId=told.batch_id))
    said(client.get(f"/api/metricool/batches?cursor={key}"))
    said(client.get(f"/no/such/{key[:5]}"))
    for headers in ({"X-Api-Key": key[:-1] + "~"}, {"Authorization": f"Basic {key}"}):
        said(requests.get(f"{url}/batches", headers=headers, timeout=10))
    body = {"posts": key, "userToken": programs.SANDBOX_TOKEN}
    said(client.ask("POST", "publish/stories", json=body))
    with requests.Session() as browser:
        origin = {"Origin": stack.url}
        said(browser.post(f"{stack.url}/session", json={"apiKey": key}, headers=origin, timeout=10))
        said(browser.get(stack.url, timeout=10))
    said(break_the_store(client))
    with Redis.from_url(stack.redis_url) as redis:
        redis.bgrewriteaof()
        eventually(lambda: not redis.info("persistence")["aof_rewrite_in_progress"])

    assert {answer.status_code for answer in answers} >= {200, 202, 401, 404, 422, 503}
    assert hits_in(stack.data_dir.rglob("*")) == []
    for answer in answers:
        assert hits("answer", f"{answer.headers} {answer.text}".encode()) == []
    for one in receiver.heard:
        assert hits("message", f"{one.headers} {one.body}".encode()) == []


def test_a_secret_that_got_out_would_be_found(client: Client, tmp_path: Path):
    (tmp_path / "web.log").write_text(f"sent X-Mc-Auth {programs.SANDBOX_TOKEN}")
    made = "sc_0123456789ab_" + secrets.token_urlsafe(32)

    assert hits_in(tmp_path.rglob("*")) == ["sandbox-… in web.log"]
    assert hits("answer", f"stack {client.stack.api_key} {made}".encode()) == [
        "stack-… in answer".replace("stack-", client.stack.api_key[:8]),
        "sc_01234… in answer",
    ]
