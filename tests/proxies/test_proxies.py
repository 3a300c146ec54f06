"""The service as the internet sees it: behind the proxies of `deploy/`, each with its own file."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from httpx_sse import connect_sse
from websockets.asyncio.client import connect

from storyclip.stack.ports import free_port
from storyclip.stack.stack import Stack
from storyclip.web.door.guesses import MOST_OF_ONE
from tests.eventually import eventually
from tests.proxies.programs import PROXIES, Ports
from tests.web.test_slow_lines import threads_of_web
from tests.whole.conftest import SANDBOX, SHORT, Client

pytestmark = [pytest.mark.xdist_group("proxies"), pytest.mark.timeout(120)]

API = "/api/metricool"
SIGN_IN = (
    b"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 17\r\nConnection: close\r\n\r\n"
)


@dataclass
class Front:
    """The service through one proxy, from outside."""

    number: int
    stack: Stack
    url: str
    plain: str
    trust: ssl.SSLContext

    def client(self, address: str = "127.0.0.5", **headers: str) -> httpx.Client:
        """Somebody at this address."""
        line = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(base_url=self.url, transport=line, headers=headers, timeout=20)

    def line(self, said: bytes) -> ssl.SSLSocket:
        """A TLS line that has said something."""
        parts = urlsplit(self.url)
        plain = socket.create_connection(
            ("127.0.0.1", parts.port or 443), 20, source_address=("127.0.0.6", 0)
        )
        line = self.trust.wrap_socket(plain, server_hostname="localhost")
        line.sendall(said)
        return line


@pytest.fixture(scope="module")
def ports() -> Ports:
    return Ports(free_port(), free_port(), free_port())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, ports: Ports) -> Iterator[Stack]:
    environment = {
        **SHORT,
        "STORYCLIP_PUBLIC_URL": f"https://localhost:{ports.tls}",
        "STORYCLIP_TRUSTED_PROXIES": "127.0.0.1/32",
    }
    folder = tmp_path_factory.mktemp("data")
    with Stack(
        folder, port=ports.service, sandbox_flags=SANDBOX, environment=environment
    ) as running:
        yield running


@pytest.fixture(scope="module", params=PROXIES)
def front(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    stack: Stack,
    ports: Ports,
) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with PROXIES[request.param](folder, ports) as trust:
        url = f"https://localhost:{ports.tls}"
        number = list(PROXIES).index(request.param)
        front = Front(number, stack, url, f"http://localhost:{ports.plain}", trust)
        eventually(lambda: _answers(front))
        yield front


def _answers(front: Front) -> bool:
    try:
        with front.client() as client:
            return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def keyed(front: Front) -> httpx.Client:
    return front.client(**{"X-Api-Key": front.stack.api_key})


def test_the_page_signs_in_over_tls_and_says_that_it_stays_so(front):
    with front.client(Origin=front.url) as browser:
        page = browser.get("/")
        signed_in = browser.post("/session", json={"apiKey": front.stack.api_key})
        seen = browser.get("/session")

    assert page.status_code == 200
    assert page.headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]
    assert signed_in.status_code == 200
    assert signed_in.headers["Set-Cookie"].startswith("__Host-storyclip=")
    assert seen.json()["userId"] == "local"


def test_a_page_of_elsewhere_is_still_one_of_elsewhere(front):
    with front.client(Origin="https://evil.example.com") as browser:
        refused = browser.post("/session", json={"apiKey": front.stack.api_key})

    assert refused.status_code == 403


def test_plain_http_leads_to_tls(front):
    answer = httpx.get(f"{front.plain}/docs", follow_redirects=False, timeout=20)

    assert answer.status_code in (301, 308)
    assert answer.headers["Location"].startswith("https://localhost")


def test_figures_are_not_for_outside(front):
    with front.client() as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/%6detrics").status_code == 404
        assert client.get("/livez").status_code == 200


def test_wrong_keys_are_counted_for_who_tried_them_whatever_they_say(front):
    guesser, other = (f"127.0.{front.number}.{n}" for n in (11, 12))
    with front.client(guesser) as client:
        statuses = [
            client.get(
                f"{API}/batches",
                headers={"X-Api-Key": f"no-{n}", "X-Forwarded-For": f"203.0.113.{n}, 127.0.0.1"},
            ).status_code
            for n in range(MOST_OF_ONE + 1)
        ]
    with front.client(other) as client:
        elsewhere = client.get(f"{API}/batches", headers={"X-Api-Key": "no"}).status_code

    assert statuses == [401] * MOST_OF_ONE + [429]
    assert elsewhere == 401


def test_events_come_as_they_happen(front):
    api = Client(front.stack)
    with (
        keyed(front) as client,
        connect_sse(client, "GET", f"{API}/stream") as source,
    ):
        messages = source.iter_sse()
        first = next(messages)
        batch = api.publish(1)
        types = [first.event]
        for message in messages:
            types.append(json.loads(message.data)["type"])
            if types[-1] == "completed":
                break
    batch.until_ended()

    assert types[0] == "snapshot"
    assert types[-1] == "completed"


def test_a_websocket_passes(front):
    url = front.url.replace("https", "wss", 1) + f"{API}/ws"
    headers = {"X-Api-Key": front.stack.api_key}

    # Not websockets.sync, whose two threads share one TLS line: Python before 3.13 lets them read
    # and write at once, and one handshake in a hundred never leaves
    async def first_word() -> Any:
        asked = connect(url, ssl=front.trust, additional_headers=headers, origin=front.url)
        async with asyncio.timeout(20), asked as line:
            return json.loads(await line.recv())

    assert asyncio.run(first_word())["type"] == "snapshot"


def test_bodies_that_come_in_drops_take_no_thread_of_ours(front):
    threads = threads_of_web(front.stack)
    with ExitStack() as lines:
        slow = [lines.enter_context(front.line(SIGN_IN + b"{")) for _ in range(40)]
        for _ in range(3):
            for line in slow:
                line.sendall(b" ")
            time.sleep(0.3)
        more = threads_of_web(front.stack) - threads
        with front.client() as client:
            is_alive = client.get("/livez").status_code == 200

    assert is_alive
    assert more < 10


def test_a_slow_body_that_comes_in_time_is_answered(front):
    with front.line(SIGN_IN) as line:
        for letter in b'{"apiKey":"none"}':
            line.sendall(bytes([letter]))
            time.sleep(0.05)
        heard = line.recv(100)

    assert heard.startswith(b"HTTP/1.1 403 ")  # no page of ours: all of it was read


def test_a_file_of_megabytes_is_passed_on(front):
    url = f"{API}/files/00000000-0000-4000-8000-000000000000"
    with keyed(front) as client:
        answer = client.patch(url, content=b"x" * 3_000_000)

    assert answer.status_code != 413
    assert answer.headers["Content-Type"] == "application/problem+json"  # ours, not the proxy's


def test_a_body_of_megabytes_is_refused_and_many_at_once_are_answered(front):
    def asked(client: httpx.Client) -> Any:
        headers = {"Content-Type": "application/json"}
        url = f"{API}/publish/stories"
        return client.post(url, content=b" " * 3_000_000, headers=headers).status_code

    with keyed(front) as client, ThreadPoolExecutor(8) as pool:
        big = asked(client)
        many = list(pool.map(lambda _: client.get(f"{API}/batches").status_code, range(200)))

    assert big == 413
    assert many == [200] * 200
