"""A server of clips on this machine, with TLS and a certificate of its own making."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_STREAM

import pytest
from urllib3.util.ssl_ import create_urllib3_context

from storyclip.domain.clip_url import is_public
from storyclip.line.addresses import Found
from storyclip.probe.fetch import Fetcher
from tests.probe.mp4 import film
from tests.web.conftest import (  # noqa: F401  # the HTTP tests of this folder stand on them
    ana,
    anyone,
    app,
    clock,
    folder,
    metricool,
    redis,
    sqlite,
)

HOST = "clips.example.com"

Answer = Callable[[BaseHTTPRequestHandler], None]


def gives(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    """Answer with this; `length` is a lie about the body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def moves_to(url: str) -> Answer:
    """Answer with a redirect."""
    return gives(b"", 302, Location=url)


@dataclass
class Clips:
    """The server: what it answers at which path, what it was asked for, who resolved what."""

    port: int
    certificate: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    addresses: dict[str, Sequence[str]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def has(self, path: str, answer: Answer | bytes) -> str:
        """Have a path answered, and return its URL."""
        self.answers[path] = gives(answer) if isinstance(answer, bytes) else answer
        return self.url(path)

    def good(self) -> str:
        return self.has("/good.mp4", film())

    def resolve(self, host: str, port: int) -> Sequence[Found]:
        self.resolved.append(host)
        if host not in self.addresses:
            raise OSError("no such host")
        return [
            (AF_INET6 if ":" in address else AF_INET, SOCK_STREAM, 0, "", (address, port))
            for address in self.addresses[host]
        ]

    def tls(self) -> ssl.SSLContext:
        context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
        context.load_verify_locations(self.certificate)
        return context

    def fetcher(self) -> Fetcher:
        """The fetcher, to whom this one address of this machine is as good as a public one."""
        return Fetcher(self.resolve, lambda each: each == "127.0.0.1" or is_public(each), self.tls)

    def strict_fetcher(self) -> Fetcher:
        """The fetcher as it is outside of tests, but for names and certificates."""
        return Fetcher(resolve=self.resolve, tls=self.tls)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing it waits until every line is closed
    clips: Clips
    context: ssl.SSLContext

    def get_request(self):
        line, address = super().get_request()
        self.clips.connections.append(address[0])
        return (
            self.context.wrap_socket(line, server_side=True, do_handshake_on_connect=False),
            address,
        )

    def handle_error(self, request, client_address):
        """Say nothing: clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 20

    def do_GET(self):
        self.server.clips.asked.append(self.headers["Host"] + self.path)
        self.server.clips.answers.get(self.path, gives(b"nothing here", 404))(self)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    made_in = tmp_path_factory.mktemp("tls")
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST}"
        f" -addext subjectAltName=DNS:{HOST} -keyout key.pem -out certificate.pem"
    )
    subprocess.run(command.split(), cwd=made_in, check=True, capture_output=True)
    return made_in / "certificate.pem", made_in / "key.pem"


@pytest.fixture
def clips(certificate) -> Iterator[Clips]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(*certificate)
    server.clips = clips = Clips(server.server_address[1], certificate[0])
    clips.addresses[HOST] = ["127.0.0.1"]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield clips
    clips.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()
