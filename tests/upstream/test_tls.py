from __future__ import annotations

import socket
import ssl
import subprocess
import time

import pytest
from urllib3.util.ssl_ import create_urllib3_context

from storyclip.domain.errors import UpstreamLookFailed, UpstreamUnanswered, UpstreamUnreachable
from storyclip.domain.network import Network
from storyclip.line import connection
from storyclip.upstream.part_line import PartLine
from tests.upstream.conftest import answer, drips, element, hangs, metricool_at, says


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=IP:127.0.0.1,DNS:bucket.s3.amazonaws.com"
        " -keyout key.pem -out certificate.pem"
    )
    subprocess.run(
        command.split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def wrap(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return lambda line: context.wrap_socket(line, server_side=True)


@pytest.fixture
def trusted(certificate, monkeypatch):
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(certificate[0])
    monkeypatch.setattr(connection, "tls_context", lambda: context)


def test_a_story_is_created_over_tls(serve, story, wrap, trusted):
    metricool = metricool_at(serve(says({"data": element()}), wrap=wrap), scheme="https")

    assert metricool.submit_story(story).id == "310000001"
    assert metricool.post("42", Network.INSTAGRAM, "310000001") is not None


def test_a_part_goes_to_amazon_by_its_name_over_tls(serve, wrap, trusted):
    server = serve(says(b"", headers='ETag: "abc"\r\n'), wrap=wrap)

    def found(host: str, port: int):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    line = PartLine("https://app.metricool.com/api", found, lambda _: True)
    url = "https://bucket.s3.amazonaws.com/key?sig=1"

    taken = line.put(url, {"Content-Length": "3"}, [b"o", b"ne"], time.monotonic() + 5)

    assert taken.status == 200
    assert server.requests[0].startswith(b"PUT /key?sig=1 HTTP/1.1\r\n")
    assert b"\r\nHost: bucket.s3.amazonaws.com\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\none")


def test_a_certificate_nobody_vouches_for_gets_to_hear_nothing(serve, story, wrap):
    server = serve(says({"data": element()}), wrap=wrap)

    with pytest.raises(UpstreamUnreachable, match="certificate verify failed"):
        metricool_at(server, scheme="https").submit_story(story)
    assert server.requests == []


def test_a_server_that_speaks_no_tls_gets_to_hear_nothing(serve, story):
    def speak_plainly(line: socket.socket) -> socket.socket:
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return line

    server = serve(says(b""), wrap=speak_plainly)

    with pytest.raises(UpstreamUnreachable):
        metricool_at(server, scheme="https").submit_story(story)


def test_a_handshake_that_drips_is_cut_and_nothing_was_sent(serve, story):
    drip = drips(b"\x16\x03\x03\x40\x00", b"\x02", every_s=0.1)

    def drip_on(line: socket.socket) -> socket.socket:
        drip(line)
        return line

    server = serve(says(b""), wrap=drip_on)
    began = time.monotonic()

    with pytest.raises(UpstreamUnreachable):
        metricool_at(server, 0.5, scheme="https").submit_story(story)

    assert 0.45 < time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    "behaviour",
    [
        hangs,
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drips(answer(b"{", length=10_000), b" "),
        drips(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"data": {"id": 5}}', b" "),
    ],
)
def test_no_drip_over_tls_holds_a_call_beyond_its_deadline(behaviour, serve, story, wrap, trusted):
    metricool = metricool_at(serve(behaviour, wrap=wrap), 0.5, scheme="https")
    began = time.monotonic()

    with pytest.raises(UpstreamUnanswered):
        metricool.submit_story(story)
    with pytest.raises(UpstreamLookFailed):
        metricool.post("42", Network.INSTAGRAM, "5")

    assert time.monotonic() - began < 1.8


def test_the_certificates_are_loaded_once():
    assert connection.tls_context() is connection.tls_context()
    assert connection.tls_context().verify_mode is ssl.CERT_REQUIRED
    assert connection.tls_context().check_hostname
