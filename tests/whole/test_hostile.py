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

from storyclip.progress.bell import CHANNEL
from storyclip.stack import programs
from storyclip.stack.stack import Stack
from tests.whole.conftest import SANDBOX, SHORT, Client

FORGED = 10_000
QUEUE = "dramatiq:storyclip"
TOKEN_CANARY = f"canary-token-{secrets.token_hex(16)}"
KEY_CANARY = f"sc_canary0_{secrets.token_urlsafe(32)}"

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    keys = f"{KEY_CANARY}:local:publish+read+admin"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "SANDBOX_TOKEN", TOKEN_CANARY)
        flags = {**SANDBOX, "token": TOKEN_CANARY}
        data = Path(tmp_path_factory.mktemp("stack"))
        environment = {**SHORT, "STORYCLIP_API_KEYS": keys, "STORYCLIP_LOG_LEVEL": "debug"}
        with Stack(data, sandbox_flags=flags, environment=environment, seeds_key=False) as stack:
            stack.api_key = KEY_CANARY
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


def calls(stack: Stack) -> int:
    """Posts and media that Metricool was asked for."""
    assert stack.sandbox is not None
    return len([one for one in stack.sandbox.requests() if one["method"] != "GET"])


def test_ten_thousand_forged_messages_send_nothing_and_stop_nobody(client: Client, capsys):
    done = client.publish(2)
    done.until_ended()
    worker, before = client.stack.pids("worker"), calls(client.stack)

    with Redis.from_url(client.stack.redis_url) as redis, redis.pipeline(transaction=False) as pipe:
        for number in range(FORGED):
            name = secrets.token_hex(8)
            for queue in (QUEUE, QUEUE + ".DQ")[: 2 if number % 50 == 0 else 1]:
                pipe.hset(f"{queue}.msgs", name, forged(number))
                pipe.rpush(queue, name)
            if number % 500 == 499:
                pipe.execute()
        began = time.monotonic()
        while redis.llen(QUEUE) or redis.llen(QUEUE + ".DQ"):
            assert time.monotonic() - began < 60, "the forged messages are not even taken"
            time.sleep(0.1)
        took_s = time.monotonic() - began
    after = calls(client.stack)
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
    url = f"{client.stack.url}/api/metricool/stream"
    query = {"batchId": batch.answer.json()["batchId"]}
    headers = {"X-Api-Key": client.stack.api_key}
    with requests.get(url, params=query, headers=headers, stream=True, timeout=60) as watched:
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


def hits(data: Path, answers: list[str], canaries: dict[str, str]) -> list[str]:
    """Where a canary is: files of the stack's folder, among them logs, database and Redis's."""
    found = []
    for file in sorted(data.rglob("*")):
        if file.is_file():
            said = file.read_bytes()
            found += [f"{name} in {file.name}" for name, word in canaries.items()
                      if word.encode() in said]  # fmt: skip
    for number, answer in enumerate(answers):
        found += [f"{name} in answer {number}" for name, word in canaries.items() if word in answer]
    return found


def test_no_secret_is_in_a_log_an_answer_the_database_or_redis(client: Client):
    stack = client.stack
    assert stack.sandbox is not None
    answers = []

    def said(answer: requests.Response) -> None:
        answers.append(f"{answer.status_code} {answer.headers} {answer.text}")

    stack.sandbox.fault(fault="token_revoked", times=2)
    said(client.get("/api/metricool/brands"))
    stack.sandbox.clear_faults()
    failing = client.publish(1)
    failing.until_ended()
    said(client.get("/api/metricool/brands"))
    said(failing.answer)
    said(client.get("/api/metricool/status", batchId=failing.answer.json()["batchId"]))
    said(client.get(f"/api/metricool/batches?cursor={KEY_CANARY}"[:2000]))
    said(client.get("/api/metricool/stream", batchId=failing.answer.json()["batchId"]))
    said(client.get(f"/no/such/{KEY_CANARY[:5]}"))
    for headers in ({"X-Api-Key": KEY_CANARY[:-1] + "~"}, {"Authorization": f"Basic {KEY_CANARY}"}):
        said(requests.get(f"{stack.url}/api/metricool/batches", headers=headers, timeout=10))
    bad = requests.post(
        f"{stack.url}/api/metricool/publish/stories",
        json={"posts": KEY_CANARY, "userToken": TOKEN_CANARY},
        headers={"X-Api-Key": KEY_CANARY},
        timeout=10,
    )
    said(bad)
    with Redis.from_url(stack.redis_url) as redis:
        redis.execute_command("BGREWRITEAOF")

    canaries = {"key": KEY_CANARY.split("_", 2)[2], "token": TOKEN_CANARY}
    assert {answer[:3] for answer in answers} >= {"200", "202", "401", "404", "422"}
    assert hits(stack.data_dir, answers, canaries) == []


def test_a_secret_that_got_out_would_be_found(client: Client, tmp_path):
    (tmp_path / "web.log").write_text(f"sent X-Mc-Auth {TOKEN_CANARY}")

    assert hits(tmp_path, [KEY_CANARY], {"key": KEY_CANARY, "token": TOKEN_CANARY}) == [
        "token in web.log",
        "key in answer 0",
    ]
